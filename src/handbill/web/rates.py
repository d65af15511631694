"""How often a key may call: an average rate, and a burst that may come at once.

Counted in the memory of this process and never shared: the limit guards a server, it is not
billed. A bucket by hand and not the `limits` package, which has no bucket, cost 16 MiB and a
thread, and reads the system's clock.
"""

from __future__ import annotations

import msgspec

from handbill.kernel.clock import Clock


class Standing(msgspec.Struct, frozen=True):
    """Where a key stands after a call. Seconds are rounded up."""

    allowed: bool
    remaining: int
    full_seconds: int
    """Until the whole burst is free again."""
    retry_seconds: int
    """Until one call is free again; 0 when this one was allowed."""


class Rates:
    """One bucket per key, kept as the time at which it will be empty (generic cell rates)."""

    def __init__(self, clock: Clock, per_second: int = 200, burst: int = 1_000) -> None:
        self._clock = clock
        self.per_second, self.burst = per_second, burst
        self._each = 1_000_000 // max(1, per_second)
        self._window = burst * self._each
        self._empty_at: dict[str, int] = {}
        self.policy = f'"default";q={burst};w={_seconds(self._window)}'
        """The value of the header `RateLimit-Policy`."""

    def take(self, key: str) -> Standing:
        """Counts one call. A refused call costs nothing."""
        now = self._clock.now() * 1_000
        # Not later than a full bucket: a clock that is set back must not lock a key out.
        empty_at = min(max(self._empty_at.get(key, now), now), now + self._window)
        after = empty_at + self._each - now
        if after > self._window:
            self._empty_at[key] = empty_at
            wait = after - self._window
            return Standing(False, 0, _seconds(empty_at - now), _seconds(wait))
        self._empty_at[key] = now + after
        return Standing(True, (self._window - after) // self._each, _seconds(after), 0)


def _seconds(microseconds: int) -> int:
    return -(-microseconds // 1_000_000)
