"""How often a key or a network may call: an average rate, and a burst that may come at once.

Counted in the memory of this process and never shared: the limit guards a server, it is not
billed. A bucket by hand and not the `limits` package, which has no bucket, cost 16 MiB and a
thread, and reads the system's clock.
"""

from __future__ import annotations

from collections.abc import Hashable

import msgspec

from handbill.kernel.clock import Clock

BUCKETS_MAX = 20_000
"""Strangers choose how many there are."""


class Standing(msgspec.Struct, frozen=True):
    """Where a key stands after a call. Seconds are rounded up."""

    allowed: bool
    remaining: int
    full_seconds: int
    """Until the whole burst is free again."""
    retry_seconds: int
    """Until one call is free again; 0 when this one was allowed."""


class Rates:
    """One bucket per key, kept as the time at which it will be empty (generic cell rates). `name`
    is that of the policy in the headers."""

    def __init__(
        self, clock: Clock, per_second: int = 200, burst: int = 1_000, name: str = "default"
    ) -> None:
        self._clock = clock
        self._name = name
        self.per_second, self.burst = per_second, burst
        self._each = 1_000_000 // max(1, per_second)
        self._window = burst * self._each
        self._empty_at: dict[Hashable, int] = {}
        self._policy = f'"{name}";q={burst};w={_seconds(self._window)}'

    def headers(self, standing: Standing) -> dict[str, str]:
        """`RateLimit` and `RateLimit-Policy` (draft-ietf-httpapi-ratelimit-headers)."""
        left = f'"{self._name}";r={standing.remaining};t={standing.full_seconds}'
        return {"ratelimit-policy": self._policy, "ratelimit": left}

    def take(self, key: Hashable) -> Standing:
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
        if len(self._empty_at) > BUCKETS_MAX:
            self._forget(now)
        return Standing(True, (self._window - after) // self._each, _seconds(after), 0)

    def __len__(self) -> int:
        """How many buckets are kept."""
        return len(self._empty_at)

    def _forget(self, now: int) -> None:
        """Empty buckets say nothing; of the others, the fullest half stays."""
        fullest = sorted(self._empty_at.items(), key=lambda item: -item[1])
        self._empty_at = {key: at for key, at in fullest[: BUCKETS_MAX // 2] if at > now}


def _seconds(microseconds: int) -> int:
    return -(-microseconds // 1_000_000)
