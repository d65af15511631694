"""A delivery: one event on its way to one address, and the exact text that is sent every time.

An address is a merchant's (or a link's) `notify_url`, or a webhook endpoint.
"""

from __future__ import annotations

from enum import StrEnum

import msgspec

from handbill.kernel.clock import DAY, Instant
from handbill.kernel.states import Table
from handbill.merchants.model import Tenant

ENDPOINTS_MAX = 50
"""Of a merchant, in each mode."""
DESCRIPTION_MAX = 200
EVERY = "*"
"""Among an endpoint's events: all that its format can tell."""
FAILING_MAX = 5 * DAY
"""After so long with nothing but failures an endpoint is switched off."""


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
    """`endpoint_id` is None for a `notify_url`. `attempts` counts those that were made; `next_at`
    is None once nothing more is due. `fence` counts the claims: an older one is lost."""

    id: str
    event_id: str
    merchant_id: int
    test: bool
    endpoint_id: str | None
    object_id: str
    object_sequence: int
    url: str
    body: str
    replayed: bool
    status: DeliveryStatus
    attempts: int
    next_at: Instant | None
    fence: int
    delivered_at: Instant | None
    created_at: Instant

    @property
    def message_id(self) -> str:
        """The `webhook-id` header: the same in every attempt and replay, so that a repeat can be
        told."""
        return f"msg_{self.event_id}"


class Attempt(msgspec.Struct, frozen=True):
    """What one attempt sent in its headers, and what it met: an HTTP status with the beginning of
    the answer's body, or an error in words."""

    number: int
    started_at: Instant
    duration_ms: int
    headers: dict[str, str]
    status_code: int | None
    error: str | None
    response: str | None


class Format(StrEnum):
    """`flat`: the body that goes to a `notify_url`. `event`: type, timestamp, data."""

    FLAT = "flat"
    EVENT = "event"


class EndpointStatus(StrEnum):
    ENABLED = "enabled"
    DISABLED = "disabled"


class DisabledReason(StrEnum):
    """Why nothing is sent to an endpoint any more."""

    GONE = "gone"
    FAILING = "failing"
    BY_MERCHANT = "by_merchant"


ENDPOINT_STATES: Table[EndpointStatus] = {
    EndpointStatus.ENABLED: {EndpointStatus.DISABLED},
    EndpointStatus.DISABLED: {EndpointStatus.ENABLED},
}


class Endpoint(msgspec.Struct, frozen=True):
    """`events` are types, or `EVERY`. `failing_since`: the first failure since the last success.
    Events beyond the number `after_sequence` go to it: those since it was made or enabled."""

    id: str
    merchant_id: int
    test: bool
    url: str
    events: tuple[str, ...]
    format: Format
    description: str | None
    status: EndpointStatus
    status_reason: DisabledReason | None
    failing_since: Instant | None
    after_sequence: int
    created_at: Instant
    updated_at: Instant

    @property
    def tenant(self) -> Tenant:
        return Tenant(self.merchant_id, self.test)

    def wants(self, event_type: str) -> bool:
        return EVERY in self.events or event_type in self.events
