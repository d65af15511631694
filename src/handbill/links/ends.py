"""The job that closes a link when its time is over."""

from __future__ import annotations

from handbill.infra import jobs
from handbill.infra.database import Database, Tx
from handbill.infra.jobs import Job
from handbill.links import service

CLOSE_EXPIRED = service.CLOSE_EXPIRED


async def close_expired(db: Database, job: Job) -> None:
    def settle(tx: Tx) -> None:
        service.close_expired(tx, job.payload["link_id"])
        jobs.finish(tx, job)

    await db.write(settle, merchant=job.payload["merchant_id"])
