"""A notice: a short message of ours to a merchant. A notice channel: where it goes, and which
events it tells of. Pure."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from handbill import events
from handbill.kernel.clock import DAY, HOUR, MINUTE, Instant
from handbill.kernel.languages import LanguageCode
from handbill.kernel.states import Table
from handbill.merchants.model import Tenant

CHANNELS_MAX = 20
"""Of a merchant, in each mode."""
PER_MINUTE = 20
"""Messages to a channel. What comes beyond them waits, and is told in one."""
SCHEDULE = (MINUTE, 5 * MINUTE, 30 * MINUTE, 2 * HOUR, 6 * HOUR, 12 * HOUR, DAY)
"""How long after each failure in a row the next try is made; the last goes on."""
FAILING_MAX = 3 * DAY
"""After so long with nothing but failures a channel is switched off."""
ERROR_MAX = 300

EVENTS = (
    "payment.charged",
    "payment.surplus",
    "payment.review",
    "refund.succeeded",
    "refund.failed",
    events.LINK_REQUESTED,
    events.ENDPOINT_DISABLED,
    events.DELIVERY_EXHAUSTED,
    events.CHANNEL_DISABLED,
)
"""What there are words for: what a person wants to hear at once."""
EVERY = "*"
"""Among a channel's events: all of these."""


class Kind(StrEnum):
    """`address` is one of the services in `recipients`."""

    EMAIL = "email"
    TELEGRAM = "telegram"
    ADDRESS = "address"


class ChannelStatus(StrEnum):
    ENABLED = "enabled"
    DISABLED = "disabled"


STATES: Table[ChannelStatus] = {
    ChannelStatus.ENABLED: {ChannelStatus.DISABLED},
    ChannelStatus.DISABLED: {ChannelStatus.ENABLED},
}


class DisabledReason(StrEnum):
    """Why nothing is sent to a channel any more."""

    FAILING = "failing"
    BY_MERCHANT = "by_merchant"


class Channel(msgspec.Struct, frozen=True):
    """`target` may be shown; `sealed` holds what may not. Events beyond the number
    `after_sequence` are still to be told. `failures` counts those since the last success,
    `minute_count` the messages of the minute that began at `minute_at`."""

    id: str
    merchant_id: int
    test: bool
    kind: Kind
    target: str
    sealed: str | None
    events: tuple[str, ...]
    lang: LanguageCode
    status: ChannelStatus
    status_reason: DisabledReason | None
    failing_since: Instant | None
    failures: int
    last_error: str | None
    last_sent_at: Instant | None
    minute_at: Instant
    minute_count: int
    after_sequence: int
    created_at: Instant
    updated_at: Instant

    @property
    def tenant(self) -> Tenant:
        return Tenant(self.merchant_id, self.test)

    @property
    def wanted(self) -> tuple[str, ...]:
        return EVENTS if EVERY in self.events else self.events


class Message(msgspec.Struct, frozen=True):
    """A notice in words. `subject` says it all; `lines` add to it."""

    subject: str
    lines: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        return "\n".join((self.subject, *self.lines))


def counted(channel: Channel, now: Instant) -> Channel:
    """One message nearer to the limit of the minute."""
    fresh = now >= channel.minute_at + MINUTE
    return msgspec.structs.replace(
        channel,
        minute_at=now if fresh else channel.minute_at,
        minute_count=1 if fresh else channel.minute_count + 1,
    )


def sent(channel: Channel, now: Instant) -> Channel:
    """After a success: as healthy as a new one."""
    return msgspec.structs.replace(
        channel, failing_since=None, failures=0, last_error=None, last_sent_at=now
    )


def failed(channel: Channel, now: Instant, error: str) -> Channel:
    since = channel.failing_since
    return msgspec.structs.replace(
        channel,
        failing_since=now if since is None else since,
        failures=channel.failures + 1,
        last_error=error[:ERROR_MAX],
    )


def free_at(channel: Channel, now: Instant) -> Instant:
    """When the channel may be sent to: `now`, or the end of a minute that is full."""
    full = channel.minute_count >= PER_MINUTE and now < channel.minute_at + MINUTE
    return channel.minute_at + MINUTE if full else now


def again_at(channel: Channel, now: Instant) -> Instant:
    """When a channel that has failed is tried again."""
    return now + SCHEDULE[min(channel.failures, len(SCHEDULE)) - 1]
