"""Time. Inside Handbill an instant is an integer: milliseconds since 1970-01-01T00:00Z.

One type for both databases, no time zone to lose, and cheap to compare. Nobody asks the system
for the time but `SystemClock`; everybody else is handed a clock, or reads `tx.now`.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Protocol

Instant = int
"""Milliseconds since 1970-01-01T00:00Z."""

SECOND = 1_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR


class Clock(Protocol):
    def now(self) -> Instant: ...


class SystemClock:
    def now(self) -> Instant:
        return time.time_ns() // 1_000_000


class ManualClock:
    """For tests and trials: stands still until it is advanced."""

    def __init__(self, at: Instant = 1_772_359_200_000) -> None:  # 2026-03-01T10:00:00Z
        self._now = at

    def now(self) -> Instant:
        return self._now

    def advance(self, milliseconds: int) -> None:
        if milliseconds < 0:
            raise ValueError("a clock does not go back")
        self._now += milliseconds


def iso(at: Instant) -> str:
    """`2026-03-01T10:00:00+00:00`: always UTC, second precision, as the API shows times."""
    return datetime.fromtimestamp(at // 1_000, UTC).isoformat(timespec="seconds")


def parse_iso(text: str) -> Instant:
    """ISO 8601 with an offset (or `Z`). Raises ValueError where the offset is missing, and for a
    time that `iso` could not show."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError("the offset from UTC is missing")
    try:
        since = moment.astimezone(UTC) - datetime(1970, 1, 1, tzinfo=UTC)
    except OverflowError:
        raise ValueError("the year is out of range") from None
    return (since.days * 86_400 + since.seconds) * 1_000 + since.microseconds // 1_000
