"""The job that gives a payment up when nobody goes on with it."""

from __future__ import annotations

from handbill.infra import jobs
from handbill.infra.database import Database, Tx
from handbill.infra.jobs import Job
from handbill.payments import service


async def give_up(db: Database, job: Job) -> None:
    def settle(tx: Tx) -> None:
        service.give_up(tx, job.payload["payment_id"])
        jobs.finish(tx, job)

    await db.write(settle, merchant=job.payload["merchant_id"])
