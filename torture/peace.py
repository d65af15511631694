"""The time after the storm: the servers finish what they have begun, and nobody disturbs them."""

from __future__ import annotations

import asyncio
import time

import msgspec

from handbill.infra.database import Tx, open_database
from handbill.kernel.clock import SystemClock
from torture.installation import Installation

HURRY_EVERY_SECONDS = 20
LOOK_SECONDS = 0.25

UNFINISHED = (
    # Attempts that the acquirer has decided, or does not know.
    "SELECT 'attempt ' || a.id AS name FROM attempts a WHERE a.live AND NOT EXISTS (SELECT 1"
    " FROM sandbox_payments p WHERE p.attempt_id = CAST(a.id AS TEXT)"
    " AND p.status IN ('awaiting_payer', 'challenge', 'scanned'))",
    # What the acquirer is about to do, and has said.
    "SELECT kind || ' ' || id AS name FROM jobs WHERE kind IN ('sandbox.follow',"
    " 'sandbox.follow_up', 'sandbox.settle_refund', 'inbox.process', 'payments.release')",
    # Money that the acquirer has taken, and that is not known here yet.
    "SELECT 'charge ' || p.id AS name FROM sandbox_payments p LEFT JOIN attempts a"
    " ON a.reference = CAST(p.id AS TEXT) AND a.status = 'charged'"
    " WHERE p.captured_minor > 0 AND a.id IS NULL",
    # Refunds whose end is not known.
    "SELECT 'refund ' || id AS name FROM refunds WHERE status IN ('requested', 'pending')",
    # Webhooks on their way, and events that have none yet.
    "SELECT 'delivery ' || id AS name FROM deliveries WHERE status = 'pending'",
    "SELECT 'event ' || e.id AS name FROM events e LEFT JOIN webhook_cursors w"
    " ON w.merchant_id = e.merchant_id WHERE e.sequence > COALESCE(w.sequence, 0)",
)


class _Name(msgspec.Struct):
    name: str


async def wait_for_peace(house: Installation, patience: float) -> list[str]:
    """Until nothing is left that waits for nobody; gives what is left after `patience`
    seconds.
    What only a payer can go on with is left to them."""
    until, hurry_at = time.monotonic() + patience, 0.0
    db = open_database(house.url, SystemClock())
    try:
        while unfinished := await db.read(_unfinished):
            now = time.monotonic()
            if now > until:
                return unfinished
            if now > hurry_at:
                await house.let_time_pass()
                hurry_at = now + HURRY_EVERY_SECONDS
            await asyncio.sleep(LOOK_SECONDS)
        return []
    finally:
        db.close()


def _unfinished(tx: Tx) -> list[str]:
    return [row.name for sql in UNFINISHED for row in tx.all(_Name, sql)]
