"""Text to the modules of a QR code.

An address is cut into two segments: its scheme in bytes, the rest in the denser alphanumeric
alphabet where it fits. `kernel.addresses` writes the host in capitals for that reason.
"""

from __future__ import annotations

import re
from typing import Any, Literal

import msgspec
import segno
from segno import consts

Level = Literal["L", "M", "Q", "H"]
"""How much of a code may be lost: about 7, 15, 25, 30 per cent (ISO/IEC 18004, 6.5.1)."""

QUIET_ZONE = 4
"""Modules of white on every side (ISO/IEC 18004, 6.3.8)."""

_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*://")
_ALPHANUMERIC = re.compile(r"[0-9A-Z $%*+./:-]*")


class Code(msgspec.Struct, frozen=True):
    """`rows` holds one byte a module, 1 is dark, without the quiet zone."""

    text: str
    version: int
    level: Level
    rows: tuple[bytes, ...]

    @property
    def side(self) -> int:
        """Modules on a side, quiet zone included."""
        return len(self.rows) + 2 * QUIET_ZONE

    def framed(self) -> list[bytes]:
        """The rows with the quiet zone around them: `side` rows of `side` bytes."""
        edge, blank = bytes(QUIET_ZONE), bytes(self.side)
        inside = [edge + row + edge for row in self.rows]
        return [blank] * QUIET_ZONE + inside + [blank] * QUIET_ZONE


def make(text: str, level: Level = "M") -> Code:
    """The smallest code that holds `text` at exactly `level`.

    The level is not raised where a better one would fit: the picture of an address would change
    its look with the length of the host. Raises ValueError for text that no code holds.
    """
    segments: Any = _segments(text)  # segno takes pairs; its types do not say so
    made = segno.make(segments, error=level, boost_error=False, micro=False)
    # `micro=False` rules out the named versions of Micro QR.
    return Code(text, int(made.version), level, tuple(bytes(row) for row in made.matrix))


def _segments(text: str) -> list[tuple[str, int] | tuple[str, int, str]]:
    if _ALPHANUMERIC.fullmatch(text):
        return [(text, consts.MODE_ALPHANUMERIC)]
    scheme = _SCHEME.match(text)
    rest = text[scheme.end() :] if scheme else ""
    if scheme and rest and _ALPHANUMERIC.fullmatch(rest):
        return [(scheme[0], consts.MODE_BYTE), (rest, consts.MODE_ALPHANUMERIC)]
    # In one encoding for all letters: what banks read says of itself that it is in UTF-8.
    return [(text, consts.MODE_BYTE, "utf-8")]
