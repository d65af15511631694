"""Lists in pages: newest first by (created_at, id), so that a walk misses and repeats nothing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Generic, Protocol, TypeVar

import msgspec

from handbill.kernel.clock import Instant


class Position(msgspec.Struct, frozen=True, array_like=True):
    """The last row of a page; the next page begins after it."""

    created_at: Instant
    id: str


class Placed(Protocol):
    @property
    def id(self) -> str: ...
    @property
    def created_at(self) -> Instant: ...


T = TypeVar("T")
P = TypeVar("P", bound=Placed)


class Page(msgspec.Struct, Generic[T], frozen=True):
    """`next` is None on the last page."""

    items: Sequence[T]
    next: Position | None = None


def cut(rows: Sequence[P], limit: int) -> Page[P]:
    """A page from one row more than it may hold, which tells whether there is a next one."""
    if len(rows) <= limit:
        return Page(rows)
    last = rows[limit - 1]
    return Page(rows[:limit], Position(last.created_at, last.id))


def like(text: str) -> str:
    """A pattern that finds `text` anywhere, for LIKE with ESCAPE '!'."""
    for special in "!%_":
        text = text.replace(special, "!" + special)
    return f"%{text.lower()}%"
