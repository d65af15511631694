"""The texts that went out and came back: kept for a while, and built again when they are needed.

What a receiver answered is its own text, and may hold anything.
"""

from __future__ import annotations

from handbill import events
from handbill.infra.database import Tx
from handbill.infra.sweeps import Span, Swept, sweep
from handbill.webhooks import endpoint_store, targets
from handbill.webhooks.model import Delivery


def body_of(tx: Tx, delivery: Delivery) -> str:
    """What is sent: the text of the first attempt, or, once that is gone, the same facts anew."""
    if delivery.body:
        return delivery.body
    event = events.get(tx, delivery.merchant_id, delivery.event_id, test=delivery.test)
    if delivery.endpoint_id is None:
        target = targets.to_notify_url(event, delivery.url)
    else:
        target = targets.to_endpoint(event, endpoint_store.get(tx, delivery.endpoint_id))
    # An endpoint that has the flat format by now is told what it could be told before.
    return targets.event_body(event) if target is None else target.body


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
