"""Lists in pages, as callers walk them: an opaque cursor that goes into the next request."""

from __future__ import annotations

import base64
import binascii
from typing import Annotated, Any

import msgspec

from handbill.infra.paging import Page, Position, Stretch
from handbill.kernel.ids import parse_id

PAGE_MAX = 100
_CREATED_MAX = 1 << 48
_FOREIGN = "is not a cursor of a list; take it from cursor.cursor_value of the page before"


def write_cursor(position: Position) -> str:
    """URL-safe text that `read_cursor` takes back. What is in it may change at any time."""
    text = f"{position.created_at:x}.{position.id}"
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def read_cursor(text: Any) -> Position:
    """Raises ValueError, in words for the caller, for whatever `write_cursor` did not make."""
    try:
        padded = text.encode("ascii") + b"=" * (-len(text) % 4)
        plain = base64.b64decode(padded, altchars=b"-_", validate=True).decode()
        created_at, _, object_id = plain.partition(".")
        position = Position(int(created_at, 16), parse_id(object_id) or "")
    except (AttributeError, UnicodeError, binascii.Error, ValueError):
        raise ValueError(_FOREIGN) from None
    # Compared with its own writing: a position has one cursor, and nothing hides in a spelling.
    if position.created_at >= _CREATED_MAX or write_cursor(position) != text or not position.id:
        raise ValueError(_FOREIGN)
    return position


class Following(msgspec.Struct, frozen=True):
    """How a list goes on: ordered by `field`, with `value` as the next `parameter`."""

    field: str
    parameter: str
    value: str | None
    """None: the list is at its end."""


def following(answer: Page[Any] | Stretch[Any]) -> Following:
    if isinstance(answer, Stretch):
        return Following("sequence", "after", None if answer.next is None else str(answer.next))
    return Following(
        "created", "cursor", None if answer.next is None else write_cursor(answer.next)
    )


CursorIn = Annotated[
    Position,
    msgspec.Meta(
        description="`cursor.cursor_value` of the page before.",
        extra={"read": read_cursor, "schema": {"type": "string"}},
    ),
]


class Paged(msgspec.Struct, kw_only=True, frozen=True):
    """The parameters that every list has."""

    cursor: CursorIn | None = None
    limit: Annotated[
        int, msgspec.Meta(ge=1, le=PAGE_MAX, description="How many objects a page may have.")
    ] = PAGE_MAX
