"""What is shown of prints before they are made: each proof is made once, one after another, and
kept in bounded memory."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable
from typing import Generic, TypeVar

from handbill.kernel.errors import Unavailable

ENTRIES_MAX = 256
BYTES_MAX = 16 * 1024 * 1024
WAITING_MAX = 64

T = TypeVar("T")


class Proofs(Generic[T]):
    """Belongs to one event loop. They wait for their turn, so that however many are looked at, the
    press is free for a print after one of them. `size` gives the bytes that one takes."""

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
        self._waiting = 0

    async def get(self, name: Hashable, make: Callable[[], Awaitable[T]]) -> T:
        """`name` says all that makes one differ from another. Raises what `make` raises, and
        Unavailable where too many wait already."""
        if name in self._kept:
            self._kept.move_to_end(name)
            return self._kept[name]
        if self._waiting >= WAITING_MAX:
            raise Unavailable("Too many previews are waiting to be drawn.")
        self._waiting += 1
        try:
            async with self._turn:
                if name in self._kept:  # whoever was before has waited for the same
                    return self._kept[name]
                made = await make()
                self._keep(name, made)
                return made
        finally:
            self._waiting -= 1

    def _keep(self, name: Hashable, made: T) -> None:
        if self._size(made) > self._bytes_max:
            return
        self._kept[name] = made
        self._bytes += self._size(made)
        while len(self._kept) > self._entries_max or self._bytes > self._bytes_max:
            _, dropped = self._kept.popitem(last=False)
            self._bytes -= self._size(dropped)
