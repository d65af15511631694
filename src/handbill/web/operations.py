"""Operations of the API: each is declared once, and its route, its place in the OpenAPI document
and its part of the reference page all come from the declaration."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

import msgspec

from handbill.kernel.errors import HandbillError, NotYet
from handbill.merchants.model import Scope as KeyScope
from handbill.web import repeats
from handbill.web.calls import Call


class Operation(msgspec.Struct, frozen=True, kw_only=True):
    """One verb on one path. At most one of `body`, `query` and `upload` is set; what was read is
    the second argument of the handler, which has no second one where none is set.

    `handler` gives the value of `data`, or a `Page` or `Stretch` where `answer` is the type of its
    items, or what `Call.write` and `Call.carry_out` give: whatever takes an idempotency key ends in
    one of those two.
    """

    name: str
    """In lower camel case, unique: the `operationId`."""
    method: str
    path: str
    tag: str
    summary: str
    handler: Callable[..., Awaitable[Any]]
    scope: KeyScope | None = None
    """None: any key will do."""
    description: str = ""
    body: type[Any] | None = None
    body_optional: bool = False
    """A request without a body is one with an empty object."""
    query: type[Any] | None = None
    upload: Upload | None = None
    answer: type[Any] | None = None
    """None: a `file`, or the operation always ends in one of `errors`."""
    file: FileAnswer | None = None
    """In place of JSON: then the handler gives a `Reply` with the bytes."""
    several: bool = False
    """Whether `data` is an array of `answer`, all of it in one page."""
    paged: bool = False
    ordered_by: str = "created"
    """Of a list: the field whose value leads from one page to the next."""
    beside: type[msgspec.Struct] | None = None
    """Of a list: its members stand beside `data`."""
    as_table: bool = False
    """Whether a caller that asks for CSV gets it: then the handler gives a `Reply`."""
    status: int = 200
    status_known: int | None = None
    """Where a repeat finds what it asked for: the handler shows it with this status."""
    errors: Sequence[type[HandbillError]] = ()
    example: Any = None
    """A body that works, for the document and the curl line."""
    is_repeatable: bool = False
    """Whether a repeat does nothing that the first did not, so that no key has to prevent it."""

    @property
    def takes_key(self) -> bool:
        """Whether `Idempotency-Key` means something here."""
        return self.method in repeats.METHODS and not self.is_repeatable


class FileAnswer(msgspec.Struct, frozen=True):
    """`headers`: what each of them says."""

    content_type: str
    headers: Mapping[str, str]


class Upload(msgspec.Struct, frozen=True):
    """A form with one file."""

    part: str
    size_max: int


def not_yet(name: str, method: str, path: str, tag: str, summary: str) -> Operation:
    """An operation that is promised but not there: refused, never silently accepted."""

    async def refuse(call: Call) -> None:
        raise NotYet({}, "This operation comes with a later version.")

    return Operation(
        name=name,
        method=method,
        path=path,
        tag=tag,
        summary=summary,
        description="Not in this version yet: answers 422 `not_yet`.",
        handler=refuse,
        errors=(NotYet,),
    )
