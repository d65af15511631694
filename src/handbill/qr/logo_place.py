"""Where a logo stands in a code, and the modules that give way to it.

In the middle, at most a fifth of the side, with a module of white around it. Never on a pattern by
which phones find and straighten a code: from version 7 on most codes have one in or near the
middle, and get no logo. Beside the middle it would look like a mistake, and over the pattern it
would take from a slanted phone what it finds its way by. The versions below hold the short
addresses of all but the longest hosts.
"""

from __future__ import annotations

import msgspec
from segno import consts

from handbill.kernel.errors import Invalid
from handbill.qr.code import Code

SHARE_MAX = 0.2
"""Of the side without its quiet zone."""
PAD = 1
"""Modules of white on each side of the logo."""
_ALIGNMENT_REACH = 2
"""An alignment pattern reaches that far from its centre (ISO/IEC 18004, 6.3.6)."""


class Place(msgspec.Struct, frozen=True):
    """A square in the middle, in modules from the corner of the code without its quiet zone."""

    start: int
    side: int

    @property
    def end(self) -> int:
        return self.start + self.side


def place(code: Code) -> Place:
    """Of the logo itself. Raises Invalid on `logo` where the code has no room for one."""
    modules = len(code.rows)
    side = int(modules * SHARE_MAX)
    side -= 1 - side % 2  # odd, as the side of every code is: then it is in the middle
    found = Place((modules - side) // 2, side)
    if any(_touches(found, x, y) for x, y in _alignments(code.version)):
        raise Invalid({"logo": [_NO_ROOM]})
    return found


def cleared(code: Code) -> Code:
    """The same code with white where the logo and its pad will be."""
    logo = place(code)
    first, last = logo.start - PAD, logo.end + PAD
    rows = [
        row[:first] + bytes(last - first) + row[last:] if first <= y < last else row
        for y, row in enumerate(code.rows)
    ]
    return msgspec.structs.replace(code, rows=tuple(rows))


def _touches(logo: Place, x: int, y: int) -> bool:
    reach = PAD + _ALIGNMENT_REACH
    return all(logo.start - reach <= at < logo.end + reach for at in (x, y))


def _alignments(version: int) -> list[tuple[int, int]]:
    """Their centres, with those whose place the finders have: a logo is far from them."""
    lines: tuple[int, ...] = consts.ALIGNMENT_POS[version - 2] if version > 1 else ()
    return [(x, y) for x in lines for y in lines]


_NO_ROOM = (
    "does not fit: the middle of a code this dense holds a pattern that phones need."
    " A shorter address makes a simpler code"
)
