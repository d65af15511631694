"""How many deliveries run at once, so that a receiver that hangs holds up nobody but itself.

Few wait here, and briefly: who finds no room is told when to come back, and holds no worker
meanwhile. Times are seconds of a monotonic clock that the caller reads.
"""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass, field

HOST_MAX = 8
QUICK_MAX = 64
FAIR_MAX = 2
"""Places that a host gets also where all are taken: others hang, and nobody knows it yet."""
ALL_MAX = 384
SLOW_HOST_MAX = 2
SLOW_MAX = 32
SLOW_SECONDS = 2.0
QUEUE_MAX = 512
QUEUE_SECONDS = 0.5
"""How long the last of a queue may expect to wait; so long that nobody else notices."""
PATIENCE_SECONDS = 2.0
"""How long it waits in truth, where the host is slower than it was."""
UNKNOWN_QUEUE_MAX = 256
"""Of all hosts together that have not answered yet, each of which may turn out to hang."""
AWAY_SECONDS_MIN = 0.0005
AWAY_SECONDS_UNKNOWN = 1.0
AWAY_SECONDS_SLOW = 1.0
AWAY_SECONDS_MAX = 300.0
KNOWN_MAX = 1_000


@dataclass(slots=True)
class _Lane:
    """One host. `free_at` is when those who were sent away will have had their turn."""

    started: list[float] = field(default_factory=list)
    queue: deque[asyncio.Future[float | None]] = field(default_factory=deque)
    took: float = 0.03  # until the first answer
    answered: bool = False
    slow: bool = False
    free_at: float = 0.0

    def is_slow(self, now: float) -> bool:
        """By its last answer, or because something hangs there right now."""
        return self.slow or (bool(self.started) and now - self.started[0] > SLOW_SECONDS)


class Lanes:
    """Hosts that answer quickly share `QUICK_MAX` places, slow ones the fewer `SLOW_MAX`. `ALL_MAX`
    bounds the connections."""

    def __init__(self) -> None:
        self._lanes: dict[str, _Lane] = {}
        self._busy: dict[str, _Lane] = {}
        self._queued_unknown = 0

    def __len__(self) -> int:
        """How many hosts are remembered."""
        return len(self._lanes)

    def enter(self, host: str, now: float) -> bool:
        """Whether there is room. Who enters must `leave`, with the same `now`."""
        lane = self._lanes.setdefault(host, _Lane())
        if not self._has_room(lane, now):
            return False
        if not lane.started:
            lane.free_at = now
        self._start(host, lane, now)
        return True

    async def wait(self, host: str, now: float) -> float | None:
        """Takes the next place that is left at a quick host: when it was, or None if none was left
        in time, or too many wait already."""
        lane = self._lanes[host]
        if not self._may_queue(lane, now):
            return None
        unknown = not lane.answered
        self._queued_unknown += unknown
        loop = asyncio.get_running_loop()
        place: asyncio.Future[float | None] = loop.create_future()
        lane.queue.append(place)
        patience = loop.call_later(PATIENCE_SECONDS, _give_up, lane.queue, place)
        try:
            return await place
        finally:
            patience.cancel()
            self._queued_unknown -= unknown

    def away_seconds(self, host: str, now: float) -> float:
        """When to come back: everyone who is sent away gets a turn, not all the same one, and those
        of a host that hangs seldom: looking at them costs the others time."""
        lane = self._lanes[host]
        if lane.is_slow(now):
            hanging = now - lane.started[0] if lane.started else 0.0
            pace, least = max(lane.took, hanging) / SLOW_HOST_MAX, AWAY_SECONDS_SLOW
        else:
            pace = lane.took / HOST_MAX
            least = 0.0 if lane.answered else AWAY_SECONDS_UNKNOWN
        lane.free_at = max(lane.free_at, now) + max(pace, AWAY_SECONDS_MIN)
        return min(least + lane.free_at - now, AWAY_SECONDS_MAX)

    def leave(self, host: str, entered: float, now: float) -> None:
        lane = self._lanes[host]
        lane.started.remove(entered)
        if not lane.started:
            del self._busy[host]
        lane.took += (now - entered - lane.took) * 0.3
        lane.slow = now - entered > SLOW_SECONDS
        lane.answered = True
        if lane.queue and not lane.is_slow(now):
            self._start(host, lane, now)
            lane.queue.popleft().set_result(now)
        if len(self._lanes) > KNOWN_MAX:
            self._lanes = {
                name: lane for name, lane in self._lanes.items() if lane.started or lane.queue
            }

    def _start(self, host: str, lane: _Lane, now: float) -> None:
        lane.started.append(now)
        self._busy[host] = lane

    def _may_queue(self, lane: _Lane, now: float) -> bool:
        if lane.is_slow(now) or not lane.started or len(lane.queue) >= QUEUE_MAX:
            return False
        if not lane.answered and self._queued_unknown >= UNKNOWN_QUEUE_MAX:
            return False
        return len(lane.queue) * lane.took / HOST_MAX <= QUEUE_SECONDS

    def _has_room(self, lane: _Lane, now: float) -> bool:
        slow = lane.is_slow(now)
        running = {True: 0, False: 0}
        for other in self._busy.values():
            running[other.is_slow(now)] += len(other.started)
        if slow:
            return len(lane.started) < SLOW_HOST_MAX and running[slow] < SLOW_MAX
        if len(lane.started) < FAIR_MAX:
            return running[True] + running[False] < ALL_MAX
        return len(lane.started) < HOST_MAX and running[slow] < QUICK_MAX


def _give_up(
    queue: deque[asyncio.Future[float | None]], place: asyncio.Future[float | None]
) -> None:
    if not place.done():
        queue.remove(place)
        place.set_result(None)
