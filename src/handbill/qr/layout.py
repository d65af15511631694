"""How large a code is drawn: pixels of a screen, or millimetres of paper. Everything is bounded.

A module is always a whole number of pixels, so that all are equal and their edges sharp; what is
left over becomes white around the code.
"""

from __future__ import annotations

from math import ceil

import msgspec

from handbill.kernel.errors import Invalid
from handbill.qr.code import Code

PIXELS_PER_MODULE = 8
SIZE_MIN, SIZE_MAX = 64, 2_048
"""Bounds of a picture's side, in pixels."""
SIDE_MM = 40
MM_MIN, MM_MAX = 10, 1_000
DPI = 300
DPI_MIN, DPI_MAX = 100, 1_200
PRINTED_PIXELS_MAX = 4_096
"""Of a side, in a picture for print: 347 mm at 300 dpi, and a metre at 104."""
DOTS_MIN = 4
"""Of a printer, in a module: https://www.qrcode.com/en/howto/cell.html"""

MM_PER_INCH = 25.4


class Layout(msgspec.Struct, frozen=True):
    """`side` of the whole picture and `scale` of a module, in pixels. `dpi` of a picture for
    print."""

    side: int
    scale: int
    dpi: int | None = None


class Extent(msgspec.Struct, frozen=True):
    """What is asked for: `size` in pixels, or `mm` with `dpi`, or neither."""

    size: int | None = None
    mm: int | None = None
    dpi: int | None = None


def check(extent: Extent) -> None:
    """Raises Invalid on what no code can have, whatever it holds."""
    bounds = {"size": (SIZE_MIN, SIZE_MAX), "mm": (MM_MIN, MM_MAX), "dpi": (DPI_MIN, DPI_MAX)}
    faults = {}
    for field, (least, most) in bounds.items():
        value = getattr(extent, field)
        if value is not None and not least <= value <= most:
            faults[field] = [f"must be from {least} to {most}"]
    if extent.size is not None and extent.mm is not None:
        faults["size"] = ["cannot stand beside mm"]
    if extent.dpi is not None and extent.mm is None:
        faults["dpi"] = ["goes with mm only"]
    if faults:
        raise Invalid(faults)


def laid_out(code: Code, extent: Extent) -> Layout:
    """Of a picture in pixels. Raises Invalid, with what would fit, where the code has too many
    modules for `extent`."""
    check(extent)
    if extent.mm is not None:
        return _printed(code, extent.mm, extent.dpi or DPI)
    if extent.size is None:
        return Layout(code.side * PIXELS_PER_MODULE, PIXELS_PER_MODULE)
    if extent.size < code.side:
        raise Invalid({"size": [f"must be at least {code.side} for this code"]})
    return Layout(extent.size, extent.size // code.side)


def drawn_mm(code: Code, mm: int, dpi: int | None) -> float:
    """Of the code with its quiet zone in a PNG of `mm`: less, where modules are whole dots."""
    dots = dpi or DPI
    return code.side * _printed(code, mm, dots).scale * MM_PER_INCH / dots


def _printed(code: Code, mm: int, dpi: int) -> Layout:
    side = round(mm * dpi / MM_PER_INCH)
    if side > PRINTED_PIXELS_MAX:
        most = int(PRINTED_PIXELS_MAX * MM_PER_INCH / mm)
        raise Invalid({"dpi": [f"must be at most {most} at this size, or take SVG or PDF"]})
    if side < code.side * DOTS_MIN:
        needed = code.side * DOTS_MIN * MM_PER_INCH
        faults = {"mm": [f"must be at least {ceil(needed / dpi)} for this code at {dpi} dpi"]}
        if (finer := ceil(needed / mm)) <= DPI_MAX:
            faults["dpi"] = [f"must be at least {finer} for this code at {mm} mm"]
        raise Invalid(faults)
    return Layout(side, side // code.side, dpi)
