"""What follows from an answer: delivered, tried again at a time, or given up. A pure decision.

The schedule is the example of the Standard Webhooks specification: 10 attempts over 75 h 35 m.
"""

from __future__ import annotations

from datetime import UTC
from email.utils import parsedate_to_datetime
from random import Random

import msgspec

from handbill.infra.outbound import Answer, OutboundError
from handbill.kernel.clock import DAY, HOUR, MINUTE, SECOND, Instant

SCHEDULE = (
    0,
    5 * SECOND,
    5 * MINUTE,
    30 * MINUTE,
    2 * HOUR,
    5 * HOUR,
    10 * HOUR,
    14 * HOUR,
    20 * HOUR,
    24 * HOUR,
)
"""How long each attempt comes after the end of the one before it, in milliseconds."""

ATTEMPTS_MAX = len(SCHEDULE)
JITTER_PERCENT = 10
RETRY_AFTER_MAX = DAY

_GONE = 410
_THROTTLED = frozenset({429, 502, 503, 504})


class Delivered(msgspec.Struct, frozen=True):
    """The receiver has taken it."""


class Retry(msgspec.Struct, frozen=True):
    at: Instant


class Exhausted(msgspec.Struct, frozen=True):
    """No further attempt: the schedule is over."""


class Gone(msgspec.Struct, frozen=True):
    """No further attempt, of this or another event: the receiver said that it is gone."""


Verdict = Delivered | Retry | Exhausted | Gone


def judge(result: Answer | OutboundError, number: int, now: Instant, rng: Random) -> Verdict:
    """The verdict on attempt `number` (from 1) that ended at `now`.

    Only 2xx is delivered: a redirect may come from a captive portal or a parked domain. An answer
    that cannot be read is a failure too: better twice than never.
    """
    if isinstance(result, Answer):
        if 200 <= result.status <= 299:
            return Delivered()
        if result.status == _GONE:
            return Gone()
    if number >= ATTEMPTS_MAX:
        return Exhausted()
    delay = SCHEDULE[number]
    delay += rng.randint(-delay * JITTER_PERCENT // 100, delay * JITTER_PERCENT // 100)
    return Retry(now + max(delay, _asked_delay(result, now)))


def _asked_delay(result: Answer | OutboundError, now: Instant) -> int:
    """How long an overloaded receiver asks us to stay away, within a day; 0 where it does not."""
    if not isinstance(result, Answer) or result.status not in _THROTTLED:
        return 0
    text = result.headers.get("retry-after", "").strip()
    if text.isascii() and text.isdigit():
        return min(int(text[:10]) * SECOND, RETRY_AFTER_MAX)
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return 0
    at = int(moment.replace(tzinfo=moment.tzinfo or UTC).timestamp()) * SECOND
    return max(0, min(at - now, RETRY_AFTER_MAX))
