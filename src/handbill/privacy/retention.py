"""What is older than the settings allow is taken away, every day, a few rows at a time.

One job for the whole installation, under a key of its own, so that it exists once however many
servers were started how often. It carries how far it came.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import structlog

from handbill import inbox
from handbill.infra import jobs
from handbill.infra.database import Database, Tx
from handbill.infra.jobs import Job
from handbill.infra.sweeps import BEGINNING, Span, Swept
from handbill.kernel import ids
from handbill.kernel.clock import DAY, SECOND
from handbill.links import asks
from handbill.payments import payers
from handbill.webhooks import bodies, received

SWEEP = "privacy.sweep"
ROWS_MAX = 100
"""Of each table in one transaction: a few milliseconds, for which other writes wait."""
PAUSE = SECOND // 10
"""Between two transactions while there is more to do."""

Forget = Callable[[Tx, Span], Swept]

OF_PAYERS: Mapping[str, Forget] = {
    "payers": payers.forget_old,
    "cookies": payers.forget_old_traces,
    "asks": asks.forget_old,
}
OF_BODIES: Mapping[str, Forget] = {
    "notifications": inbox.forget_old,
    "deliveries": bodies.forget_old,
    "answers": bodies.forget_old_answers,
    "received": received.forget_old,
}

log = structlog.get_logger()


def schedule(tx: Tx) -> None:
    """At every start; where the job waits already, it is left as it is."""
    jobs.add(tx, SWEEP, {}, due_at=tx.now, key=SWEEP)


class Retention:
    """The handler of the job. A setting that is made shorter goes on where the longer one was."""

    def __init__(self, payer_days: int, body_days: int) -> None:
        self._steps = {
            **{name: (payer_days, forget) for name, forget in OF_PAYERS.items()},
            **{name: (body_days, forget) for name, forget in OF_BODIES.items()},
        }

    async def sweep(self, db: Database, job: Job) -> None:
        gone = await db.write(lambda tx: self._sweep(tx, job))
        if gone:
            log.info("forgotten", **gone)

    def _sweep(self, tx: Tx, job: Job) -> dict[str, int]:
        """A few rows of each table. Gives how many of each had something to lose."""
        reached: dict[str, str] = dict(job.payload)
        gone, more = {}, False
        for name, (days, forget) in self._steps.items():
            before = ids.first_id(tx.now - days * DAY)
            swept = forget(tx, Span(reached.get(name, BEGINNING), before, ROWS_MAX))
            if swept.last is not None:
                reached[name], more = swept.last, True
            if swept.changed:
                gone[name] = swept.changed
        jobs.finish(tx, job)
        due_at = tx.now + (PAUSE if more else DAY)
        jobs.add(tx, SWEEP, reached, due_at=due_at, key=SWEEP)
        return gone
