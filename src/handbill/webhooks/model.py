"""A delivery: one event on its way to one address, and the exact text that is sent every time."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from handbill.events import WEBHOOK, Event
from handbill.kernel.clock import Instant
from handbill.kernel.states import Table

_BODY_ORDER = (
    *("type", "link", "txid", "id", "status", "amount", "amount_dest", "amount_with_fee"),
    *("error_description", "currency", "event_id", "sequence", "product", "late", "surplus"),
    *("test", "metadata"),
)


class DeliveryStatus(StrEnum):
    PENDING = "pending"
    DELIVERED = "delivered"
    EXHAUSTED = "exhausted"


STATES: Table[DeliveryStatus] = {
    DeliveryStatus.PENDING: {DeliveryStatus.DELIVERED, DeliveryStatus.EXHAUSTED},
    DeliveryStatus.DELIVERED: set(),
    DeliveryStatus.EXHAUSTED: set(),
}


class Delivery(msgspec.Struct, frozen=True):
    """`attempts` counts those that were made; `next_at` is None once nothing more is due."""

    id: str
    event_id: str
    merchant_id: int
    test: bool
    object_id: str
    object_sequence: int
    url: str
    body: str
    status: DeliveryStatus
    attempts: int
    next_at: Instant | None
    delivered_at: Instant | None
    created_at: Instant

    @property
    def message_id(self) -> str:
        """The `webhook-id` header: the same in every attempt, so that a repeat can be told."""
        return f"msg_{self.event_id}"


class Attempt(msgspec.Struct, frozen=True):
    """What one attempt met: an HTTP status with the beginning of its body, or an error in words."""

    number: int
    started_at: Instant
    duration_ms: int
    status_code: int | None
    error: str | None
    response: str | None


def flat_body(event: Event) -> str | None:
    """The flat JSON body of an event that makes a webhook, in documented order; else None."""
    webhook = event.data.get(WEBHOOK)
    if webhook is None:
        return None
    facts = {**webhook["body"], "event_id": event.id, "sequence": event.object_sequence}
    ordered = {name: facts.pop(name) for name in _BODY_ORDER if name in facts}
    return msgspec.json.encode(ordered | facts).decode()
