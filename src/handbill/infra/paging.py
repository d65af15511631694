"""Lists in pages: newest first by (created_at, id), so that a walk misses and repeats nothing.

What can be looked for is stored folded: the databases' own LOWER knows ASCII only (SQLite, and
PostgreSQL in the C locale).
"""

from __future__ import annotations

import unicodedata
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
    """`next` is None on the last page. What `beside` holds is said of the whole list."""

    items: Sequence[T]
    next: Position | None = None
    beside: msgspec.Struct | None = None


class Stretch(msgspec.Struct, Generic[T], frozen=True):
    """Some of what is numbered, in order. `next` is the number to go on after, None at the end."""

    items: Sequence[T]
    next: int | None = None


def cut(rows: Sequence[P], limit: int) -> Page[P]:
    """A page from one row more than it may hold, which tells whether there is a next one."""
    if len(rows) <= limit:
        return Page(rows)
    last = rows[limit - 1]
    return Page(rows[:limit], Position(last.created_at, last.id))


def folded(*texts: str | None) -> str | None:
    """What `like` finds its pattern in: the same for capitals and small letters of any script."""
    said = "\n".join(text for text in texts if text)
    return unicodedata.normalize("NFKC", said).casefold() or None


def like(text: str) -> str:
    """A pattern that finds `text` anywhere in what `folded` gave, for LIKE with ESCAPE '!'."""
    pattern = folded(text) or ""
    for special in "!%_":
        pattern = pattern.replace(special, "!" + special)
    return f"%{pattern}%"
