"""Deliveries become a queue of their own: what was on its way stays on its way, up and down."""

from __future__ import annotations

from typing import Any

import pytest

from handbill.infra import jobs
from handbill.infra.database import Database, Tx, open_database
from handbill.infra.migrations import runner
from handbill.kernel.clock import ManualClock
from handbill.kernel.ids import new_id
from handbill.webhooks import store
from handbill.webhooks.model import DeliveryStatus

pytestmark = pytest.mark.anyio

BEFORE, AFTER = "0005", "0006"
EVENT, SENT, WAITING = (new_id(n) for n in (1, 2, 3))
URL = "https://shop.example/hook"


def furnish(tx: Tx) -> None:
    """As revision 0005 has it: a delivery that arrived, and one whose job waits."""
    tx.run(
        "INSERT INTO merchants (id, name, status, fee_rule_json, return_origins_json, created_at,"
        " updated_at) VALUES (1, 'Shop', 'active', '{}', '[]', 1, 1)"
    )
    tx.run(
        "INSERT INTO events (id, merchant_id, test, sequence, type, object_id, object_sequence,"
        " data_json, created_at) VALUES (:id, 1, TRUE, 1, 'payment.charged', 'p', 1, '{}', 1)",
        id=EVENT,
    )
    for name, status, next_at, url in (
        (SENT, "delivered", None, URL),
        (WAITING, "pending", 7, "u"),
    ):
        tx.run(
            "INSERT INTO deliveries (id, event_id, merchant_id, test, object_id, object_sequence,"
            " url, body, status, attempts, next_at, created_at)"
            " VALUES (:id, :event, 1, TRUE, 'p', 1, :url, '{}', :status, 1, :next_at, 1)",
            id=name,
            event=EVENT,
            url=url,
            status=status,
            next_at=next_at,
        )
        tx.run(
            "INSERT INTO delivery_attempts (id, delivery_id, number, started_at, duration_ms,"
            " status_code) VALUES (:id, :delivery, 1, 1, 5, 200)",
            id=new_id(9),
            delivery=name,
        )
    jobs.add(tx, "webhooks.deliver", {"delivery_id": WAITING, "host": "h"}, due_at=7)


async def opened(url: str, clock: ManualClock, fn: Any, *, write: bool = False) -> Any:
    db: Database = open_database(url, clock)
    try:
        return await (db.write(fn) if write else db.read(fn))
    finally:
        db.close()


async def test_what_waits_goes_on_waiting(empty_database_url: str, clock: ManualClock) -> None:
    url = empty_database_url
    runner.upgrade(url, BEFORE)
    await opened(url, clock, furnish, write=True)

    runner.upgrade(url, AFTER)

    due = await opened(url, clock, store.next_due)
    claimed = await opened(url, clock, lambda tx: store.claim(tx, 10), write=True)
    made = await opened(url, clock, lambda tx: store.attempts(tx, claimed))
    assert (due, await opened(url, clock, jobs.next_due)) == (7, None)
    assert [(one.id, one.status) for one in claimed] == [(WAITING, DeliveryStatus.PENDING)]
    assert [attempt.status_code for attempt in made[WAITING]] == [200]

    runner.downgrade(url, BEFORE)

    names = "SELECT COUNT(*) FROM deliveries WHERE status IN ('pending', 'delivered')"
    job = "SELECT payload_json FROM jobs WHERE kind = 'webhooks.deliver'"
    assert await opened(url, clock, lambda tx: tx.value(names)) == 2
    assert WAITING in await opened(url, clock, lambda tx: tx.value(job))
