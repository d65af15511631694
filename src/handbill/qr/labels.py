"""Sheets of labels by the numbers of their makers, as data.

The sizes are those that the makers print on the packages. They were compared with two collections
of such sheets that know nothing of each other: gLabels 3.4 (its files avery-iso, avery-us,
herma-iso and zweckform-iso) and the presets of an Inkscape extension for labels (John Beard, 2018).
Where these differ, by up to 2.5 mm, the labels are taken to lie in the middle of their sheet. Here
are only sheets whose labels hold a code of 20 mm, measured without its quiet zone. All lengths are
millimetres.
"""

from __future__ import annotations

from typing import NamedTuple

A4, LETTER = (210.0, 297.0), (215.9, 279.4)


class LabelSheet(NamedTuple):
    maker: str
    number: str
    also: str
    """Another number of the maker with the same geometry."""
    label: tuple[float, float]
    across: int
    down: int
    first: tuple[float, float]
    """The upper left corner of the first label."""
    pitch: float
    """From one column to the next. Between lines there are no gaps."""
    source: str
    """The template that draws its labels."""
    code_mm: float
    """With the quiet zone."""
    paper: tuple[float, float] = A4

    @property
    def name(self) -> str:
        return f"{self.maker}-{self.number}".lower()

    @property
    def corners(self) -> list[tuple[float, float]]:
        """In the order in which labels are taken off: line by line, each from the left."""
        return [
            (
                round(self.first[0] + column * self.pitch, 3),
                round(self.first[1] + row * self.label[1], 3),
            )
            for row in range(self.down)
            for column in range(self.across)
        ]


def _letter(
    number: str, also: str, label: tuple[float, float], down: int, source: str, code_mm: float
) -> LabelSheet:
    first, pitch = (3.97, 12.7), 106.36
    return LabelSheet("Avery", number, also, label, 2, down, first, pitch, source, code_mm, LETTER)


LABEL_SHEETS = (
    LabelSheet("Avery", "L7160", "J8160", (63.5, 38.1), 3, 7, (7.25, 15.15), 66.0, "label", 32),
    LabelSheet("Avery", "L7161", "J8161", (63.5, 46.6), 3, 6, (7.25, 8.7), 66.0, "label", 34),
    LabelSheet("Avery", "L7162", "J8162", (99.1, 33.9), 2, 8, (4.65, 12.9), 101.6, "label", 31),
    LabelSheet("Avery", "L7163", "J8163", (99.1, 38.1), 2, 7, (4.65, 15.15), 101.6, "label", 34),
    LabelSheet("Avery", "L7165", "J8165", (99.1, 67.7), 2, 4, (4.65, 13.1), 101.6, "ticket", 40),
    LabelSheet("Avery", "L7169", "J8169", (99.1, 139.0), 2, 2, (4.65, 9.5), 101.6, "upright", 58),
    LabelSheet("Avery", "L7173", "J8173", (99.1, 57.0), 2, 5, (4.65, 6.0), 101.6, "label", 48),
    LabelSheet("Avery", "3475", "", (70.0, 36.0), 3, 8, (0.0, 4.5), 70.0, "label", 31),
    LabelSheet("HERMA", "4457", "", (105.0, 48.0), 2, 6, (0.0, 4.5), 105.0, "label", 42),
    _letter("5163", "8163", (101.6, 50.8), 5, "label", 44),
    _letter("5164", "8164", (101.6, 84.67), 3, "ticket", 43),
)
