"""What was measured, and how it is shown: one line a figure, the middle of several rounds."""

from __future__ import annotations

import statistics
from collections.abc import Sequence

import msgspec

_HEADINGS = ("", "median", "rounds", "aim", "")


class Aim(msgspec.Struct, frozen=True):
    """A bound that a figure should keep."""

    bound: float
    at_least: bool = True

    def holds(self, value: float) -> bool:
        return value >= self.bound if self.at_least else value <= self.bound

    def __str__(self) -> str:
        return f"{'>=' if self.at_least else '<='} {_number(self.bound)}"


class Figure(msgspec.Struct, frozen=True):
    """`rounds` are the values of the rounds, in `unit`; their median is the figure."""

    what: str
    rounds: Sequence[float]
    unit: str = ""
    aim: Aim | None = None

    @property
    def value(self) -> float:
        return statistics.median(self.rounds)

    @property
    def holds(self) -> bool:
        return self.aim is None or self.aim.holds(self.value)


class Part(msgspec.Struct, frozen=True):
    """The figures of one part, and what a reader must know to judge them."""

    title: str
    figures: Sequence[Figure]
    notes: Sequence[str] = ()


def ratios(ours: Sequence[float], theirs: Sequence[float]) -> list[float]:
    """Of each round by itself: what disturbs the machine for a while disturbs both sides."""
    return [our / their for our, their in zip(ours, theirs, strict=True)]


def share(values: Sequence[float], percent: float) -> float:
    """The value that `percent` of the values do not exceed."""
    ordered = sorted(values)
    place = -(-len(ordered) * percent // 100)
    return ordered[max(0, min(len(ordered), int(place)) - 1)]


def table(part: Part) -> str:
    rows = [_row(figure) for figure in part.figures]
    widths = [max(map(len, column)) for column in zip(_HEADINGS, *rows, strict=True)]
    lines = ["", part.title, _line(_HEADINGS, widths)]
    lines += [_line(row, widths) for row in rows]
    lines += [f"  {note}" for note in part.notes]
    return "\n".join(lines)


def _row(figure: Figure) -> tuple[str, str, str, str, str]:
    low, high = min(figure.rounds), max(figure.rounds)
    many = len(figure.rounds) > 1
    return (
        figure.what,
        f"{_number(figure.value)} {figure.unit}".rstrip(),
        f"{_number(low)} to {_number(high)}" if many else "",
        str(figure.aim) if figure.aim else "",
        "" if figure.aim is None else "held" if figure.holds else "MISSED",
    )


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    first, *others = zip(cells, widths, strict=True)
    text = "  ".join(cell.rjust(width) for cell, width in others)
    return f"  {first[0].ljust(first[1])}  {text}".rstrip()


def _number(value: float) -> str:
    if value >= 100 or value == int(value):
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}"
