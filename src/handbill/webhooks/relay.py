"""Turns recorded events into deliveries, each event once for each address.

The cursor of a merchant moves in the transaction that stores its deliveries, so a process that dies
here loses nothing and repeats nothing.
"""

from __future__ import annotations

import asyncio

import structlog

from handbill import events
from handbill.infra.database import Database, Tx
from handbill.kernel.clock import Instant
from handbill.merchants import service as merchants
from handbill.payments import facts
from handbill.webhooks import endpoint_store, store, targets

DELIVERIES_MAX = 500
"""Of one transaction: so many events as have room in it, when each goes everywhere."""
BEHIND_READ_MAX = 100
TOGETHER_MAX = 64
IDLE_SECONDS = 30.0
RETRY_SECONDS = 1.0

log = structlog.get_logger()


async def fan_out(db: Database) -> int:
    """Every event that waits, of every merchant. Gives how many deliveries were made.

    A merchant whose turn fails does not keep the others from theirs; its error is raised at last.
    """
    behind, made, failure = await db.read(_behind), 0, None
    for first in range(0, len(behind), TOGETHER_MAX):
        some = behind[first : first + TOGETHER_MAX]  # they share commits
        outcomes = await asyncio.gather(
            *(_fan_out_merchant(db, merchant_id) for merchant_id in some), return_exceptions=True
        )
        for outcome in outcomes:
            if isinstance(outcome, BaseException):
                failure = outcome
            else:
                made += outcome
    if failure is not None:
        raise failure
    return made


async def relay(db: Database) -> None:
    """Fans out whenever events are announced, and now and then without, until it is cancelled."""
    with db.subscription(events.TOPIC) as news:
        while True:
            pause_seconds = IDLE_SECONDS
            try:
                await fan_out(db)
            except Exception as error:  # of the database: waited out
                log.error("fan_out_failed", exc_info=error)
                pause_seconds = RETRY_SECONDS
            await news.wait(pause_seconds)


def oldest_waiting(tx: Tx) -> Instant | None:
    """When the oldest event was recorded that no cursor has passed yet, of some merchants."""
    reached = store.cursors(tx)
    waiting = [
        events.recorded_at(tx, merchant_id, reached.get(merchant_id, 0) + 1)
        for merchant_id in _behind(tx)[:BEHIND_READ_MAX]
    ]
    return min((at for at in waiting if at is not None), default=None)


async def _fan_out_merchant(db: Database, merchant_id: int) -> int:
    made, more = 0, True
    while more:
        count, more = await db.write(lambda tx: _fan_out(tx, merchant_id), merchant=merchant_id)
        made += count
    return made


def _behind(tx: Tx) -> list[int]:
    """Merchants whose events go beyond their cursor."""
    reached = store.cursors(tx)
    return [
        head.merchant_id
        for head in events.heads(tx)
        if head.sequence > reached.get(head.merchant_id, 0)
    ]


def _fan_out(tx: Tx, merchant_id: int) -> tuple[int, bool]:
    """The next events of one merchant, under its lock: how many deliveries, and is there more."""
    reached, head = store.cursor(tx, merchant_id), events.head(tx, merchant_id)
    if reached >= head:
        return 0, False
    endpoints = endpoint_store.enabled(tx, merchant_id)
    wanted = facts.WEBHOOK_TYPES | {events.ENDPOINT_TEST} | targets.followed(endpoints)
    events_max = max(1, DELIVERIES_MAX // (1 + len(endpoints)))
    waiting = events.after(tx, merchant_id, reached, events_max, wanted)
    more = len(waiting) == events_max
    own_url = merchants.get(tx, merchant_id).notify_url
    made = 0
    for event in waiting:
        since = [one for one in endpoints if one.after_sequence < event.sequence]
        for target in targets.everywhere(event, own_url, since):
            store.add(tx, event, target)
            made += 1
    store.move_cursor(tx, merchant_id, waiting[-1].sequence if more else head)
    return made, more
