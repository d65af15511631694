"""How many deliveries run at once, so that a receiver that hangs holds up nobody but itself.

Nothing waits here: who finds no room is told when to come back, and holds no worker meanwhile.
Times are seconds of a monotonic clock that the caller reads.
"""

from __future__ import annotations

from dataclasses import dataclass, field

HOST_MAX = 8
QUICK_MAX = 64
SLOW_HOST_MAX = 2
SLOW_MAX = 32
SLOW_SECONDS = 2.0
WAIT_SECONDS_MIN = 0.002
WAIT_SECONDS_MAX = 300.0
KNOWN_MAX = 1_000


@dataclass(slots=True)
class _Lane:
    """One host. `free_at` is when those who were sent away will have had their turn."""

    started: list[float] = field(default_factory=list)
    took: float = 0.03  # until the first answer
    slow: bool = False
    free_at: float = 0.0

    def is_slow(self, now: float) -> bool:
        """By its last answer, or because something hangs there right now."""
        return self.slow or (bool(self.started) and now - self.started[0] > SLOW_SECONDS)


class Lanes:
    """Hosts that answer quickly share `QUICK_MAX` places, slow ones the fewer `SLOW_MAX`."""

    def __init__(self) -> None:
        self._lanes: dict[str, _Lane] = {}

    def enter(self, host: str, now: float) -> float:
        """0: there is room, and the caller must `leave` with the same `now`. Otherwise how many
        seconds to stay away."""
        lane = self._lanes.setdefault(host, _Lane())
        slow = lane.is_slow(now)
        host_max, all_max = (SLOW_HOST_MAX, SLOW_MAX) if slow else (HOST_MAX, QUICK_MAX)
        running = sum(len(o.started) for o in self._lanes.values() if o.is_slow(now) == slow)
        if len(lane.started) < host_max and running < all_max:
            if not lane.started:
                lane.free_at = now
            lane.started.append(now)
            return 0.0
        # A place in the queue: everyone sent away comes back when the host can take them, not all
        # at once.
        lane.free_at = max(lane.free_at, now) + max(lane.took / host_max, WAIT_SECONDS_MIN)
        return min(lane.free_at - now, WAIT_SECONDS_MAX)

    def leave(self, host: str, entered: float, now: float) -> None:
        lane = self._lanes[host]
        lane.started.remove(entered)
        lane.took += (now - entered - lane.took) * 0.3
        lane.slow = now - entered > SLOW_SECONDS
        if len(self._lanes) > KNOWN_MAX:
            self._lanes = {name: lane for name, lane in self._lanes.items() if lane.started}
