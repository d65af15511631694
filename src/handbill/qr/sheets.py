"""What a print says, and how it goes to the templates: as data, never as markup."""

from __future__ import annotations

import re
import unicodedata
from base64 import b64encode
from collections.abc import Sequence
from typing import Any

import msgspec

from handbill.kernel.colors import contrast
from handbill.kernel.errors import Invalid
from handbill.qr.framing import framed
from handbill.qr.papers import TEMPLATES, Template
from handbill.qr.style import PLAIN, WHITE, CodeStyle, validated

CARDS_MAX = 500
TEXT_MAX = 300
"""Characters; the rest of a longer text would not be read by anybody."""
_SPACES = re.compile(r"[^\S\u00a0\u202f]+")
"""Those that keep an amount together stay."""
READABLE = 4.5
"""The contrast of text (WCAG 2.2, 1.4.3). A paler colour is for surfaces, never for words."""
PALE = 1.3
"""Below it a surface gets an outline."""


class Card(msgspec.Struct, frozen=True):
    """One code on paper. All words are ready, in the right language."""

    text: str
    """What the code holds."""
    address: str
    """The same for people to type, such as `pay.example.com/L/8M2K7QPX4D`."""
    title: str = ""
    price: str = ""
    place: str = ""
    """The name of the placement."""


class Sheet(msgspec.Struct, frozen=True):
    """What all cards of a print share."""

    template: str
    lang: str
    rtl: bool
    seller: str
    scan_words: str
    test_words: str = ""
    """Not empty: the test mark, large, on every card."""
    color: str = "#000000"
    logo: bytes | None = None
    """PNG or JPEG, as the picture. What is neither is left out."""
    picture: bytes | None = None
    code_style: CodeStyle = PLAIN
    start_at: int = 1
    """The first free label of a sheet that has been begun."""


class Draft(msgspec.Struct, frozen=True, array_like=True):
    """A code that `qr.drafts` has made. `modules` on the whole side, quiet zone included."""

    modules: int
    shapes: msgspec.Raw
    logo: tuple[int, int] | None


Slotted = tuple[int, tuple[Card, Draft]]
"""A card and the slot of the paper that it has."""


class Texts:
    """The texts of others, each once. The typesetter is given their places."""

    def __init__(self) -> None:
        self._places: dict[str, int] = {}

    @property
    def all(self) -> list[str]:
        return list(self._places)

    def own(self, text: str) -> int | None:
        """None for a text that says nothing."""
        shown = "".join(
            c for c in _SPACES.sub(" ", text) if unicodedata.category(c) != "Cc"
        ).strip()
        if len(shown) > TEXT_MAX:
            shown = shown[: TEXT_MAX - 1] + "…"
        return self._places.setdefault(shown, len(self._places)) if shown else None


def judged(sheet: Sheet, cards: Sequence[Card]) -> Template:
    """Raises Invalid, which names every field that is at fault; of the code's style they begin
    with `code.`."""
    template = TEMPLATES.get(sheet.template)
    if template is None:
        raise Invalid({"template": [f"must be one of {', '.join(sorted(TEMPLATES))}"]})
    faults = {}
    if not 1 <= len(cards) <= CARDS_MAX:
        faults["cards"] = [f"must be from 1 to {CARDS_MAX}"]
    if not 1 <= sheet.start_at <= template.per_page:
        faults["start_at"] = [f"must be from 1 to {template.per_page} on this paper"]
    if faults:
        raise Invalid(faults)
    validated(sheet.code_style)
    return template


def composed(
    template: Template, sheet: Sheet, pages: Sequence[Sequence[Slotted]], texts: Texts
) -> dict[str, Any]:
    """The sheet of the typesetter: `templates/family.typ` reads it. A text stands in it as its
    place among `texts`."""
    style = sheet.code_style
    readable = contrast(sheet.color, WHITE) >= READABLE
    picture = sheet.picture if template.has_picture else None
    return {
        "title": sheet.seller.strip() or pages[0][0][1][0].address,
        "lang": sheet.lang.partition("-")[0],
        "rtl": sheet.rtl,
        "paper": template.paper,
        "card": template.card,
        "code": template.code,
        "edge": template.edge,
        "cuts": template.cuts,
        "folds": template.folds,
        "seller": texts.own(sheet.seller),
        "scan_words": texts.own(sheet.scan_words),
        "test": texts.own(sheet.test_words),
        "color": sheet.color,
        "on_color": "white" if readable else "black",
        "mark": sheet.color if readable else None,
        "pale": contrast(sheet.color, WHITE) < PALE,
        "logo": framed(sheet.logo) if sheet.logo is not None else None,
        "picture": framed(picture) if picture is not None else None,
        "code_color": style.color.lower(),
        "code_logo": b64encode(style.logo).decode() if style.logo is not None else None,
        "pages": [
            [_drawn(template, slot, card, draft, texts) for slot, (card, draft) in page]
            for page in pages
        ],
    }


def _drawn(template: Template, slot: int, card: Card, draft: Draft, texts: Texts) -> dict[str, Any]:
    return {
        "at": template.slots[slot],
        "address": card.address,
        "title": texts.own(card.title),
        "price": texts.own(card.price),
        "place": texts.own(card.place),
        "modules": draft.modules,
        "shapes": draft.shapes,
        "logo": draft.logo,
    }
