"""What an address asks of a picture of a code: `?mm=40&dpi=300&color=7a1fa2&logo=1`.

Names that are not ours are left alone: the same query may hold a personal address, and what a
messenger added to it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

import msgspec

from handbill.kernel.errors import Invalid
from handbill.qr.code import Level
from handbill.qr.layout import Extent
from handbill.qr.style import BLACK, LOGO_LEVEL, PLAIN, CodeStyle, validated

_DIGITS_MAX = 6
_UNITS = {"size": "pixels", "mm": "millimetres", "dpi": "dots to an inch"}


class Options(msgspec.Struct, frozen=True):
    """`style` is still without the logo that `logo` asks for."""

    style: CodeStyle
    extent: Extent
    logo: bool


def read(query: Mapping[str, str]) -> Options:
    """Raises Invalid that names every option which cannot be read, or is none."""
    faults: dict[str, list[str]] = {}
    numbers = {field: _number(query.get(field), field, faults) for field in _UNITS}
    logo = _flag(query.get("logo"), faults)
    level = query.get("level", LOGO_LEVEL if logo else PLAIN.level)
    if logo and level != LOGO_LEVEL:
        faults["level"] = [f"must be {LOGO_LEVEL} where there is a logo"]
    color = query.get("color", BLACK)
    style = CodeStyle(cast(Level, level), color if color.startswith("#") else f"#{color}")
    try:
        style = validated(style)
    except Invalid as error:
        faults = {**error.faults, **faults}
    if faults:
        raise Invalid(faults)
    return Options(style, Extent(**numbers), logo)


def _number(text: str | None, field: str, faults: dict[str, list[str]]) -> int | None:
    if text is None:
        return None
    if text.isascii() and text.isdigit() and len(text) <= _DIGITS_MAX:
        return int(text)
    faults[field] = [f"must be a whole number of {_UNITS[field]}"]
    return None


def _flag(text: str | None, faults: dict[str, list[str]]) -> bool:
    if text not in (None, "0", "1"):
        faults["logo"] = ["must be 1 or 0"]
    return text == "1"
