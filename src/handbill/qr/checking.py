"""What a server knows of the scan check: which distance a code on paper is made for, or why none.

The work is `qr.scan_check`, in a worker process. It is a simulation, and whoever tells people of a
reading says so.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil

import msgspec

from handbill.infra.workshop import JobFailed, JobStopped, Workshop
from handbill.kernel.colors import channels, text
from handbill.kernel.errors import CannotBeScanned, Unavailable
from handbill.qr import drawing
from handbill.qr.code import Code
from handbill.qr.layout import DOTS_MIN, MM_PER_INCH, Extent
from handbill.qr.style import BLACK, CodeStyle

SCAN_CHECK = "handbill.qr.scan_check"
"""The module that the workshop must allow."""
PRINTERS = (150, 300)
"""Dots to an inch: of an office, from the worst to the usual."""
DISTANCE_MIN_MM = 150
"""Nearer than that many phones cannot focus."""


class Reading(msgspec.Struct, frozen=True):
    """`distance_mm`: as far as the code is made to be read, of paper from a printer of at least
    `dpi`. `module_mm`: the side of one module."""

    distance_mm: int
    module_mm: float
    dpi: int


async def checked(press: Workshop, code: Code, style: CodeStyle, side_mm: float) -> Reading:
    """Of a code on paper, `side_mm` wide with its quiet zone. Its text is read and compared; how it
    looks is tried once for all that look the same.

    Raises CannotBeScanned, which says what to change; Invalid on `logo`; Unavailable.
    """
    module_mm = side_mm / code.side
    _judge_size(code, side_mm)
    picture = await drawing.png(press, code, style, Extent())
    arguments = (f"{code.version}{_in_grey(style).look}", round(side_mm * 1_000), *PRINTERS)
    try:
        answer = await press.run(f"{SCAN_CHECK}:check", picture, code.text, *arguments)
    except (JobFailed, JobStopped) as error:
        raise Unavailable("The code cannot be checked right now.") from error
    reaches = msgspec.convert(answer, tuple[int, ...])
    if not reaches:
        raise CannotBeScanned(_remedies(style), "The code does not say what it should.")
    dpi, widths = _best(reaches, module_mm)
    distance_mm = int(widths * side_mm) // 10 * 10
    if distance_mm < DISTANCE_MIN_MM:
        raise CannotBeScanned(_remedies(style, widths), _TOO_NEAR)
    return Reading(distance_mm, module_mm, dpi)


def _in_grey(style: CodeStyle) -> CodeStyle:
    """The simulation sees no colours, and what it finds is kept: there are far fewer greys."""
    red, green, blue = channels(style.color)
    grey = 0.299 * red + 0.587 * green + 0.114 * blue  # of ITU-R 601-2, as Pillow has it
    return msgspec.structs.replace(style, color=text(grey, grey, grey))


def _judge_size(code: Code, side_mm: float) -> None:
    """A printer cannot draw what is finer than its dots, whatever a simulation says."""
    least = code.side * DOTS_MIN * MM_PER_INCH / PRINTERS[-1]
    if side_mm < least:
        raise CannotBeScanned(
            {"mm": [f"must be at least {ceil(least)} for this code, or shorten its address"]},
            f"Modules of {side_mm / code.side:.2f} mm are finer than printers draw well.",
        )


def _best(reaches: Sequence[int], module_mm: float) -> tuple[int, int]:
    """A printer whose dots are too large for the modules is not counted on."""
    fine = [module_mm * dpi / MM_PER_INCH >= DOTS_MIN for dpi in PRINTERS]
    least = min(reach for reach, counts in zip(reaches, fine, strict=True) if counts)
    return PRINTERS[fine.index(True)], least


def _remedies(style: CodeStyle, widths: int = 0) -> dict[str, list[str]]:
    """Everything that would help, the strongest first. `widths`: how far it can be read now."""
    size = "make the code larger"
    if widths:
        size = f"must be at least {ceil(DISTANCE_MIN_MM / widths)} for this code"
    found = {"mm": [f"{size}, or shorten its address"]}
    if style.logo is not None:
        found["logo"] = ["leave the logo out"]
    elif style.level != "L":
        found["level"] = ["take a lower level: its modules are larger"]
    if style.color != BLACK:
        found["color"] = ["take a darker colour"]
    return found


_TOO_NEAR = (
    f"In the simulation a phone reads this code only from nearer than {DISTANCE_MIN_MM} mm,"
    " where many phones cannot focus."
)
