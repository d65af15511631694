"""What there is to print on: every template with its paper, its cards and the place of the code.

Data alone. All lengths are millimetres. A place is counted from the upper left corner, in reading
order of the paper; a template that runs from right to left is mirrored by `placed`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple, TypeVar

import msgspec

T = TypeVar("T")


class Area(NamedTuple):
    x: float
    y: float
    width: float
    height: float


class Template(msgspec.Struct, frozen=True):
    """`code` is the white square that is kept for the code and its quiet zone, on one card.

    `slots` are the upper left corners of the cards on one piece of paper."""

    name: str
    source: str
    paper: tuple[float, float]
    card: tuple[float, float]
    code: Area
    slots: tuple[tuple[float, float], ...] = ((0, 0),)
    has_title: bool = True
    has_price: bool = True
    has_picture: bool = False

    @property
    def per_page(self) -> int:
        return len(self.slots)

    @property
    def code_mm(self) -> float:
        """With the quiet zone."""
        return self.code.width

    def pages(self, cards: Sequence[T], start_at: int = 1) -> list[list[tuple[int, T]]]:
        """The cards of every page, each with its slot. `start_at` counts from 1."""
        found: list[list[tuple[int, T]]] = []
        for number, card in enumerate(cards, start_at - 1):
            page, slot = divmod(number, self.per_page)
            if page == len(found):
                found.append([])
            found[page].append((slot, card))
        return found

    def placed(self, slot: int, rtl: bool) -> Area:
        """Where the code of a card is on its paper."""
        across, down = self.slots[slot]
        x = self.card[0] - self.code.x - self.code.width if rtl else self.code.x
        return Area(across + x, down + self.code.y, self.code.width, self.code.height)


_ALL = (
    Template(
        name="table",
        source="table",
        paper=(105, 148),
        card=(105, 148),
        code=Area(21.5, 63, 62, 62),
    ),
)
TEMPLATES: Mapping[str, Template] = MappingProxyType({one.name: one for one in _ALL})
