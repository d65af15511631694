"""What this process has counted since its start, by name and labels. For figures alone: nothing is
decided by a tally, and it ends with the process."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping

Labels = tuple[str, ...]
Counted = tuple[str, Labels]


class Tallies:
    """For every thread. Callers keep the labels few and known: each is kept for ever."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: dict[str, dict[Labels, int]] = {}

    def count(self, name: str, *labels: str, by: int = 1) -> None:
        with self._lock:
            of_name = self._counts.setdefault(name, {})
            of_name[labels] = of_name.get(labels, 0) + by

    def count_all(self, counted: Iterable[Counted]) -> None:
        for name, labels in counted:
            self.count(name, *labels)

    def of(self, name: str) -> Mapping[Labels, int]:
        """A copy, by labels."""
        with self._lock:
            return dict(self._counts.get(name, {}))
