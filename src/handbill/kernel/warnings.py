"""What the caller should know about a request that was carried out all the same."""

from __future__ import annotations

import msgspec


class Warned(msgspec.Struct, frozen=True):
    """`code` is stable; `names` are the fields, ids or methods that are meant."""

    code: str
    detail: str
    names: tuple[str, ...] = ()
