"""What is shown of prints before they are made: each proof is made once, one after another, and
kept in bounded memory."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Coroutine, Hashable
from typing import Any, Generic, TypeVar

from handbill.kernel.errors import Unavailable

ENTRIES_MAX = 256
BYTES_MAX = 16 * 1024 * 1024
WAITING_MAX = 32
"""Of one owner."""

T = TypeVar("T")


class _Queue:
    """What waits of one owner."""

    def __init__(self) -> None:
        self.turn = asyncio.Lock()
        self.waiting = 0


class Proofs(Generic[T]):
    """Belongs to one event loop. They wait for their turn, so that however many are looked at, the
    press is free for a print after one of them; owners take turns, so that nobody waits behind all
    that another one looks at. `size` gives the bytes that one takes."""

    def __init__(
        self,
        size: Callable[[T], int] = lambda _: 0,
        *,
        entries_max: int = ENTRIES_MAX,
        bytes_max: int = BYTES_MAX,
    ) -> None:
        self._size = size
        self._entries_max, self._bytes_max = entries_max, bytes_max
        self._kept: OrderedDict[Hashable, T] = OrderedDict()
        self._bytes = 0
        self._turn = asyncio.Lock()
        self._queues: dict[Hashable, _Queue] = {}
        self._being_made: set[asyncio.Task[T]] = set()

    async def get(
        self, owner: Hashable, name: Hashable, make: Callable[[], Coroutine[Any, Any, T]]
    ) -> T:
        """`name` says all that makes one differ from another. Raises what `make` raises, and
        Unavailable where too many of the owner's wait already."""
        if name in self._kept:
            self._kept.move_to_end(name)
            return self._kept[name]
        queue = self._queues.setdefault(owner, _Queue())
        if queue.waiting >= WAITING_MAX:
            raise Unavailable("Too many previews are waiting to be drawn.")
        queue.waiting += 1
        try:
            # One of each owner stands in line: the first comes first.
            async with queue.turn, self._turn:
                if name in self._kept:  # whoever was before has waited for the same
                    return self._kept[name]
                made = await make()
                self._keep(name, made)
                return made
        finally:
            queue.waiting -= 1
            if not queue.waiting:
                del self._queues[owner]

    async def soon(
        self,
        owner: Hashable,
        name: Hashable,
        make: Callable[[], Coroutine[Any, Any, T]],
        seconds: float,
    ) -> T | None:
        """As `get`, or None after so many seconds. It is made all the same, for who asks later."""
        task = asyncio.create_task(self.get(owner, name, make))
        self._being_made.add(task)
        task.add_done_callback(self._made)
        done, _ = await asyncio.wait({task}, timeout=seconds)
        return task.result() if done else None

    def _made(self, task: asyncio.Task[T]) -> None:
        self._being_made.discard(task)
        if not task.cancelled():
            task.exception()  # seen, also where nobody waits for it any more

    def _keep(self, name: Hashable, made: T) -> None:
        if self._size(made) > self._bytes_max:
            return
        self._kept[name] = made
        self._bytes += self._size(made)
        while len(self._kept) > self._entries_max or self._bytes > self._bytes_max:
            _, dropped = self._kept.popitem(last=False)
            self._bytes -= self._size(dropped)
