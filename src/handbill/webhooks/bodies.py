"""The texts that went out and came back: kept for a while, and built again when they are needed.

What a receiver answered is its own text, and may hold anything.
"""

from __future__ import annotations

from handbill import events
from handbill.infra.database import Tx
from handbill.infra.sweeps import Span, Swept, sweep
from handbill.webhooks.model import Delivery, flat_body


def body_of(tx: Tx, delivery: Delivery) -> str:
    """What is sent: the text of the first attempt, or, once that is gone, the same facts anew."""
    if delivery.body:
        return delivery.body
    event = events.get(tx, delivery.merchant_id, delivery.event_id, test=delivery.test)
    body = flat_body(event)
    assert body is not None, "only an event with a webhook has deliveries"
    return body


def forget_old(tx: Tx, span: Span) -> Swept:
    return sweep(tx, span, "deliveries", "UPDATE deliveries SET body = '' WHERE body <> ''")


def forget_old_answers(tx: Tx, span: Span) -> Swept:
    change = "UPDATE delivery_attempts SET response = NULL WHERE response IS NOT NULL"
    return sweep(tx, span, "delivery_attempts", change)


def forget_answers(tx: Tx, object_id: str) -> None:
    """What receivers answered to everything that they were told of one object."""
    tx.run(
        "UPDATE delivery_attempts SET response = NULL WHERE response IS NOT NULL"
        " AND delivery_id IN (SELECT id FROM deliveries WHERE object_id = :object_id)",
        object_id=object_id,
    )
