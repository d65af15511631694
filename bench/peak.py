"""The most memory that a server was seen to have, while something was asked of it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from bench import processes

LOOK_SECONDS = 0.01


class Peak:
    """The most memory that a server and its children were seen to have at once."""

    def __init__(self) -> None:
        self.mib = 0.0
        self._end = threading.Event()

    @contextmanager
    def watch(self, pid: int) -> Iterator[None]:
        thread = threading.Thread(target=self._look, args=(pid,))
        thread.start()
        try:
            yield
        finally:
            self._end.set()
            thread.join()

    def _look(self, pid: int) -> None:
        while not self._end.wait(LOOK_SECONDS):
            self.mib = max(self.mib, processes.memory_of_all_mib(pid))
