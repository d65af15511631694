"""The form of every answer that is no error: `data`, with `warnings` beside it, or a page of a
list. Made from what a handler shows; changes nothing, so that it may be made in a transaction."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import msgspec
from msgspec.structs import asdict

from handbill.infra.paging import Page, Stretch
from handbill.kernel.warnings import Warned
from handbill.web.cursors import Following, following
from handbill.web.replies import Reply, json_reply


class Shown(msgspec.Struct, frozen=True):
    """The data of an answer and what stands beside it. `status` None: that of the operation."""

    data: Any
    warnings: Sequence[Warned] = ()
    status: int | None = None


def render(
    shown: Any,
    status: int,
    warnings: Sequence[Warned],
    address_after: Callable[[Following], str],
) -> Reply:
    """`shown` is a `Shown`, a `Page` or `Stretch`, or the data alone. `warnings` come first;
    `address_after` gives the address where a list goes on."""
    if isinstance(shown, Page | Stretch):
        return _list(shown, status, address_after)
    whole = shown if isinstance(shown, Shown) else Shown(shown)
    envelope: dict[str, Any] = {"data": whole.data}
    if said := [*warnings, *whole.warnings]:
        envelope["warnings"] = said
    return json_reply(envelope, whole.status or status)


def _list(
    part: Page[Any] | Stretch[Any], status: int, address_after: Callable[[Following], str]
) -> Reply:
    goes_on = following(part)
    beside = part.beside if isinstance(part, Page) else None
    envelope = {
        **(asdict(beside) if beside is not None else {}),
        "data": part.items,
        "cursor": {"cursor_field": goes_on.field, "cursor_value": goes_on.value},
        "has_more": goes_on.value is not None,
    }
    reply = json_reply(envelope, status)
    if goes_on.value is not None:
        reply.headers["link"] = f'<{address_after(goes_on)}>; rel="next"'
    return reply
