"""What the acquirer does without being asked: steps of scenarios, deadlines, notifications."""

from __future__ import annotations

from acquirer_sandbox import followups, notifications, payments, refunds
from acquirer_sandbox.scenarios import SCENARIOS
from handbill.infra import jobs
from handbill.infra.database import Database, Tx
from handbill.infra.jobs import Handler, Job
from handbill.infra.outbound import Outbound


def handlers(outbound: Outbound) -> dict[str, Handler]:
    """For the worker's table kind -> function. `outbound` carries the notifications."""
    return {
        payments.FOLLOW: _follow,
        payments.EXPIRE: _expire,
        payments.FOLLOW_UP: _follow_up,
        refunds.SETTLE: _settle,
        notifications.NOTIFY: notifications.sender(outbound),
    }


async def _follow(db: Database, job: Job) -> None:
    def step(tx: Tx) -> None:
        payment = payments.take(tx, job.payload["payment"])
        payments.follow(tx, payment, SCENARIOS[job.payload["scenario"]], job.payload["step"])
        jobs.finish(tx, job)

    await db.write(step)


async def _follow_up(db: Database, job: Job) -> None:
    def step(tx: Tx) -> None:
        followups.happen(tx, job.payload["payment"])
        jobs.finish(tx, job)

    await db.write(step)


async def _settle(db: Database, job: Job) -> None:
    def step(tx: Tx) -> None:
        refunds.settle(tx, job.payload["payment"], job.payload["refund"])
        jobs.finish(tx, job)

    await db.write(step)


async def _expire(db: Database, job: Job) -> None:
    def step(tx: Tx) -> None:
        deadline = payments.expire(tx, job.payload["payment"])
        if deadline is None:
            jobs.finish(tx, job)
        else:
            jobs.again(tx, job, deadline)

    await db.write(step)
