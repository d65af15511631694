"""Turns recorded events into deliveries, each event once for each address.

The cursor of a merchant moves in the transaction that stores its deliveries and their jobs, so a
process that dies here loses nothing and repeats nothing.
"""

from __future__ import annotations

import asyncio

import structlog

from handbill import events
from handbill.infra import jobs
from handbill.infra.database import Database, Tx
from handbill.merchants import service as merchants
from handbill.webhooks import store
from handbill.webhooks.model import flat_body

KIND = "webhooks.deliver"
EVENTS_MAX = 500
IDLE_SECONDS = 30.0

log = structlog.get_logger()


async def fan_out(db: Database) -> int:
    """Every event that waits, of every merchant. Gives how many deliveries were made."""
    made = 0
    for merchant_id in await db.read(_behind):
        more = True
        while more:
            # Bound now: the function may run after the loop has moved on.
            count, more = await db.write(
                lambda tx, merchant_id=merchant_id: _fan_out(tx, merchant_id),  # type: ignore[misc]
                merchant=merchant_id,
            )
            made += count
    return made


class FanOut:
    """Keeps `fan_out` going: whenever events are announced, and now and then without."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._stopping = asyncio.Event()

    async def run(self) -> None:
        """Until `stop`. A failure of the database is waited out."""
        with self._db.subscription(events.TOPIC) as news:
            while not self._stopping.is_set():
                pause_seconds = IDLE_SECONDS
                try:
                    await fan_out(self._db)
                except Exception as error:
                    log.error("fan_out_failed", exc_info=error)
                    pause_seconds = 1.0
                waiting = asyncio.ensure_future(news.wait(pause_seconds))
                stopping = asyncio.ensure_future(self._stopping.wait())
                await asyncio.wait({waiting, stopping}, return_when=asyncio.FIRST_COMPLETED)
                waiting.cancel()
                stopping.cancel()

    def stop(self) -> None:
        self._stopping.set()


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
    waiting = events.after(tx, merchant_id, store.cursor(tx, merchant_id), EVENTS_MAX)
    if not waiting:
        return 0, False
    own_url = merchants.get(tx, merchant_id).notify_url
    made = 0
    for event in waiting:
        body = flat_body(event)
        if body is None:
            continue
        url = event.data["webhook"].get("url") or own_url
        if url is None:
            continue
        delivery_id = store.add(tx, event, url, body)
        jobs.add(
            tx,
            KIND,
            {"delivery_id": delivery_id},
            due_at=tx.now,
            key=f"{KIND}:{delivery_id}",
        )
        made += 1
    store.move_cursor(tx, merchant_id, waiting[-1].sequence)
    return made, len(waiting) == EVENTS_MAX
