"""What there is to print on: every template with its paper, its cards and the place of the code.

Data alone. All lengths are millimetres, places are counted from the upper left corner. Cards are
described as they read from left to right; for languages that run the other way they are mirrored.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple, TypeVar

import msgspec

from handbill.qr.labels import A4, LABEL_SHEETS, LabelSheet

A5, A6 = (148.0, 210.0), (105.0, 148.0)
DOTS_PER_MM = 8
"""Of receipt printers: 203.2 dpi."""
EDGE_MM = 4.5
"""What few printers print on, at the edges of the paper."""

T = TypeVar("T")
Side = tuple[float, float]


class Area(NamedTuple):
    """A square from the lower left corner of the paper: strips are as long as their words."""

    left: float
    below: float
    side: float


class Face(NamedTuple):
    """Where a card is drawn on the paper, by its upper left corner."""

    x: float
    y: float
    turned: bool = False
    """Upside down: it is read from the other side, when the paper is folded."""


class Fold(NamedTuple):
    x: float
    y: float
    length: float


class Template(msgspec.Struct, frozen=True):
    """`slots` are the cards on one piece of paper, each drawn on one or several faces."""

    name: str
    source: str
    """The file that draws a card, in `templates/`."""
    paper: Side
    """Of a strip, its width alone."""
    card: Side
    code: tuple[float, float, float]
    """From the upper left corner of the card, and the side of the white square that is kept for
    the code and its quiet zone. On a strip the second counts from below to the square."""
    slots: tuple[tuple[Face, ...], ...] = ((Face(0, 0),),)
    cuts: tuple[tuple[float, ...], tuple[float, ...]] = ((), ())
    """Across and down."""
    folds: tuple[Fold, ...] = ()
    edge: float = 0
    """What is kept free at the sides of a card, where that is more than looks ask for."""
    is_strip: bool = False
    has_picture: bool = False
    labels: LabelSheet | None = None
    has_title: bool = True
    has_price: bool = True

    @property
    def per_page(self) -> int:
        return len(self.slots)

    @property
    def code_mm(self) -> float:
        """The most that a code measures with its quiet zone."""
        return self.code[2]

    def side(self, modules: int) -> float:
        """Of a code with its quiet zone; on a strip every module is a whole number of dots."""
        if not self.is_strip:
            return self.code_mm
        return int(self.code_mm * DOTS_PER_MM) // modules * modules / DOTS_PER_MM

    def squares(self, slot: int, modules: int, rtl: bool) -> list[Area]:
        """Where the code of a card is on its paper, quiet zone included."""
        x, y, _ = self.code
        side = self.side(modules)
        if self.is_strip:
            free = (self.card[0] - side) / 2
            return [Area(int(free * DOTS_PER_MM) / DOTS_PER_MM, y, side)]
        width, height = self.card
        x = width - x - side if rtl else x
        return [
            Area(
                face.x + (width - x - side if face.turned else x),
                self.paper[1] - face.y - (height - y if face.turned else y + side),
                side,
            )
            for face in self.slots[slot]
        ]

    def pages(self, cards: Sequence[T], start_at: int = 1) -> list[list[tuple[int, T]]]:
        """The cards of every page, each with its slot. `start_at` counts from 1."""
        found: list[list[tuple[int, T]]] = []
        for number, card in enumerate(cards, start_at - 1):
            page, slot = divmod(number, self.per_page)
            if page == len(found):
                found.append([])
            found[page].append((slot, card))
        return found


def _grid(
    card: Side, across: int, down: int, first: Side, pitch: Side
) -> tuple[tuple[tuple[Face, ...], ...], tuple[tuple[float, ...], tuple[float, ...]]]:
    """Faces line by line, and where to cut between them."""
    columns = [first[0] + number * pitch[0] for number in range(across)]
    rows = [first[1] + number * pitch[1] for number in range(down)]
    faces = tuple((Face(x, y),) for y in rows for x in columns)
    across_cuts = sorted({edge for x in columns for edge in (x, x + card[0])})
    down_cuts = sorted({edge for y in rows for edge in (y, y + card[1])})
    return faces, (tuple(across_cuts), tuple(down_cuts))


def _shared(one: Template, name: str, paper: Side, across: int, down: int) -> Template:
    """Cards of another template, several on a larger paper: in its middle, to be cut apart."""
    width, height = one.card
    first = ((paper[0] - across * width) / 2, (paper[1] - down * height) / 2)
    slots, cuts = _grid(one.card, across, down, first, one.card)
    return msgspec.structs.replace(one, name=name, paper=paper, slots=slots, cuts=cuts)


def _labels(sheet: LabelSheet) -> Template:
    width, height = sheet.label
    side = sheet.code_mm
    unit = height / 105
    at_edge = sheet.first[0] < EDGE_MM
    places = {
        "label": (width - side - 2.0, (height - side) / 2),
        "ticket": (width - 11 * unit - side, 9.5 * unit),
        "upright": ((width - side) / 2, height - side - 24 * width / 105),
    }
    x, y = places[sheet.source]
    return Template(
        name=sheet.name,
        source=sheet.source,
        paper=sheet.paper,
        card=sheet.label,
        code=(round(x, 3), round(y, 3), side),
        slots=tuple((Face(*corner),) for corner in sheet.corners),
        edge=EDGE_MM - sheet.first[0] if at_edge else 0,
        labels=sheet,
    )


_TABLE = Template("table", "upright", A6, A6, (21.5, 62.5, 62))
_FLYER = Template("flyer", "flyer", A5, A5, (13.5, 130, 66), has_picture=True)
_STICKER = (85.0, 85.0)
_STICKER_SLOTS, _ = _grid(_STICKER, 2, 3, (15, 15), (95, 91))
_SHELF = (70.0, 38.0)
_LYING = (297.0, 210.0)
_TENT = (148.5, 105.0)


def _strip(name: str, width: float, code_mm: float) -> Template:
    return Template(name, "strip", (width, 0), (width, 0), (0, 21, code_mm), is_strip=True)


_ALL = (
    _TABLE,
    _shared(_TABLE, "table-sheet", A4, 2, 2),
    Template(
        "tent",
        "ticket",
        _LYING,
        _TENT,
        (148.5 - 11 - 62, 9.5, 62),
        slots=tuple((Face(x, 105), Face(x, 0, turned=True)) for x in (0, 148.5)),
        cuts=((0, 148.5, 297), (0, 210)),
        folds=(Fold(0, 105, 148.5), Fold(148.5, 105, 148.5)),
    ),
    _FLYER,
    _shared(_FLYER, "flyer-sheet", _LYING, 2, 1),
    Template("poster", "upright", A4, A4, (43, 126, 124), has_picture=True),
    Template(
        "sticker-round", "sticker-round", A4, _STICKER, (21.5, 21.5, 42), slots=_STICKER_SLOTS
    ),
    Template(
        "sticker-square", "sticker-square", A4, _STICKER, (20.5, 23.5, 44), slots=_STICKER_SLOTS
    ),
    _shared(Template("shelf", "label", _SHELF, _SHELF, (36.5, 3, 32)), "shelf", _LYING, 4, 5),
    _strip("receipt-58", 48, 47),
    _strip("receipt-80", 72, 56),
    *map(_labels, LABEL_SHEETS),
)
TEMPLATES: Mapping[str, Template] = MappingProxyType({one.name: one for one in _ALL})
