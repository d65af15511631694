"""How a code looks: its level, the colour of its modules, a logo in its middle.

Modules are dark and stand on white, always: several phones do not read a code the other way round,
and none reads one that is too pale.
"""

from __future__ import annotations

import hashlib
import re
import struct
from math import floor
from typing import get_args

import msgspec

from handbill.kernel.colors import contrast
from handbill.kernel.errors import Invalid
from handbill.qr.code import Level

BLACK, WHITE = "#000000", "#ffffff"
CONTRAST_MIN = 4.5
"""Against white."""
LOGO_LEVEL: Level = "H"
LOGO_SIDE_MAX = 256
"""Pixels of a prepared logo; `qr.logos` makes them."""
LOGO_BYTES_MAX = 96 * 1024

_COLOR = re.compile(r"#[0-9a-f]{6}")
_LOGO_HEAD = struct.Struct(">8s4x4sIIBBBBB")


class CodeStyle(msgspec.Struct, frozen=True):
    """`color` is `#rrggbb`. `logo` is a PNG that `qr.logos` has prepared; a code with one has level
    H, whatever `level` says."""

    level: Level = "M"
    color: str = BLACK
    logo: bytes | None = None

    @property
    def drawn_level(self) -> Level:
        return self.level if self.logo is None else LOGO_LEVEL

    @property
    def look(self) -> str:
        """Short, and different for what looks different."""
        logo = hashlib.sha256(self.logo).hexdigest()[:32] if self.logo is not None else ""
        return f"{self.drawn_level}{self.color}{logo}"


PLAIN = CodeStyle()


def validated(style: CodeStyle) -> CodeStyle:
    """With its colour in small letters. Raises Invalid, which names every field that is at fault:
    `level`, `color`, `logo`."""
    color = style.color.lower()
    faults = {
        "level": [] if style.level in get_args(Level) else ["must be L, M, Q or H"],
        "color": _color_faults(color),
        "logo": [] if style.logo is None else _logo_faults(style.logo),
    }
    if found := {field: words for field, words in faults.items() if words}:
        raise Invalid(found)
    return msgspec.structs.replace(style, color=color)


def _color_faults(color: str) -> list[str]:
    if not _COLOR.fullmatch(color):
        return ["must be a colour as #rrggbb, without transparency"]
    has = contrast(color, WHITE)
    if has >= CONTRAST_MIN:
        return []
    # Rounded down: nothing is refused for having the 4.5 that it is told to have.
    return [
        f"is too light: on white it has a contrast of {floor(has * 10) / 10}:1, and phones need"
        f" {CONTRAST_MIN}:1. Modules are dark and the ground is white, never the other way round"
    ]


def _logo_faults(logo: bytes) -> list[str]:
    """8 bits a pixel of a palette, square, not interlaced: what a PDF can hold as it is."""
    if len(logo) < _LOGO_HEAD.size or len(logo) > LOGO_BYTES_MAX:
        return ["must be a prepared picture"]
    signature, kind, width, height, *form = _LOGO_HEAD.unpack_from(logo)
    fits = (signature, kind, form) == (b"\x89PNG\r\n\x1a\n", b"IHDR", [8, 3, 0, 0, 0])
    return [] if fits and width == height <= LOGO_SIDE_MAX else ["must be a prepared picture"]
