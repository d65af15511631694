"""Who waits for which topic. Knows no database: the writer and the watch call `wake`."""

from __future__ import annotations

import asyncio
import threading
from types import TracebackType

_Entry = tuple[str, asyncio.AbstractEventLoop, asyncio.Event]


class Changes:
    """The waiters of this process, whichever event loop they wait in."""

    def __init__(self) -> None:
        self._waiters: set[_Entry] = set()
        self._guard = threading.Lock()
        self.count = 0
        """Grows with every commit that is known of."""

    def add(self, entry: _Entry) -> None:
        with self._guard:
            self._waiters.add(entry)

    def remove(self, entry: _Entry) -> None:
        with self._guard:
            self._waiters.discard(entry)

    def wake(self, topics: set[str] | None) -> None:
        """From any thread. None: somebody changed something."""
        events: dict[asyncio.AbstractEventLoop, list[asyncio.Event]] = {}
        with self._guard:
            self.count += 1
            for topic, loop, event in self._waiters:
                if topics is None or topic in topics:
                    events.setdefault(loop, []).append(event)
        for loop, woken in events.items():
            try:
                loop.call_soon_threadsafe(_set_all, woken)
            except RuntimeError:  # its loop is closed
                continue


class Subscription:
    """Remembers whether its topic was announced since it was opened or last waited for."""

    def __init__(self, changes: Changes, topic: str) -> None:
        self._changes = changes
        self._event = asyncio.Event()
        self._entry = (topic, asyncio.get_running_loop(), self._event)

    def __enter__(self) -> Subscription:
        self._changes.add(self._entry)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._changes.remove(self._entry)

    async def wait(self, timeout_seconds: float) -> bool:
        """True when something was announced, False when the time is up. What is announced from
        the return on counts for the next wait."""
        try:
            async with asyncio.timeout(timeout_seconds):
                await self._event.wait()
        except TimeoutError:
            return False
        self._event.clear()
        return True


def _set_all(events: list[asyncio.Event]) -> None:
    for event in events:
        event.set()
