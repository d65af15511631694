"""Sees which channels have something to tell, and has it told by a job of each channel's own.

Nothing is written when an event is recorded: a channel keeps how far it has told, and what lies
beyond is found in the events. So a process that dies anywhere loses nothing, and where no channel
is, there is nothing to do.
"""

from __future__ import annotations

import asyncio

import structlog

from handbill import events
from handbill.infra import jobs
from handbill.infra.database import Database, Tx
from handbill.infra.sweeps import BEGINNING
from handbill.notices import store
from handbill.notices.store import Reached

TELL = "notices.tell"
"""The kind of job that tells what a channel has to tell."""
IDLE_SECONDS = 30.0
REST_SECONDS = 1.0
"""Between two looks: a notice may be a second late, and a busy shop is not looked at at each
commit."""

log = structlog.get_logger()


async def relay(db: Database) -> None:
    """Looks whenever events are announced, and now and then without, until it is cancelled."""
    with db.subscription(events.TOPIC) as news:
        while True:
            try:
                await look(db)
            except Exception as error:  # of the database: waited out
                log.error("notices_relay_failed", exc_info=error)
            await asyncio.sleep(REST_SECONDS)
            await news.wait(IDLE_SECONDS)


async def look(db: Database) -> int:
    """Gives how many channels have something new to look at."""
    behind = await db.read(_behind)
    if behind:
        await db.write(lambda tx: _add_jobs(tx, behind))
    return len(behind)


def _behind(tx: Tx) -> list[Reached]:
    found, heads = list[Reached](), dict[int, int]()
    some = store.reached(tx, BEGINNING)
    if some:
        heads = {head.merchant_id: head.sequence for head in events.heads(tx)}
    while some:
        found += [one for one in some if heads.get(one.merchant_id, 0) > one.after_sequence]
        some = store.reached(tx, some[-1].id)
    return found


def _add_jobs(tx: Tx, behind: list[Reached]) -> None:
    for one in behind:
        payload = {"channel_id": one.id, "merchant_id": one.merchant_id}
        jobs.add(tx, TELL, payload, due_at=tx.now, key=f"{TELL}:{one.id}")
