"""How many requests were answered, of which route, how and how fast. Kept by hand and not by a
library's counters: this happens on every request, and must cost no more than a microsecond."""

from __future__ import annotations

from bisect import bisect_left

BUCKETS_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
METHODS = frozenset({"GET", "HEAD", "POST", "PATCH", "PUT", "DELETE", "OPTIONS"})

Kind = tuple[str, str, int]
"""Method, route and status, 0 where no answer was given: requests that are counted together."""


class Durations:
    """How many were within each bucket and above the one before it; the last holds the rest."""

    __slots__ = ("counts", "sum_seconds")

    def __init__(self) -> None:
        self.counts = [0] * (len(BUCKETS_SECONDS) + 1)
        self.sum_seconds = 0.0


class Visits:
    """Of one process. For the event loop alone."""

    def __init__(self) -> None:
        self._durations: dict[Kind, Durations] = {}

    def note(self, kind: Kind, seconds: float) -> None:
        found = self._durations.get(kind)
        if found is None:
            found = self._durations[kind] = Durations()
        found.counts[bisect_left(BUCKETS_SECONDS, seconds)] += 1
        found.sum_seconds += seconds

    def summary(self) -> dict[tuple[str, str, str], Durations]:
        """By method, route and class of status, such as `2xx`. A copy: other threads may read."""
        summed: dict[tuple[str, str, str], Durations] = {}
        for (method, route, status), one in self._durations.items():
            status_class = f"{status // 100}xx" if status else "none"
            labels = (method if method in METHODS else "other", route, status_class)
            total = summed.setdefault(labels, Durations())
            total.counts = [a + b for a, b in zip(total.counts, one.counts, strict=True)]
            total.sum_seconds += one.sum_seconds
        return summed
