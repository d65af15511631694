"""Codes on paper: what is to be printed goes in as data, a PDF in real millimetres comes out, and
every code on it has been read from the page before it does.

Knows nothing of links, languages or payments: words come ready, in the language of the sheet. The
work is done in the workshop that sets type; what waits there is bounded.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from handbill.infra.workshop import JobFailed, JobStopped, Workshop
from handbill.kernel.errors import Invalid, Unavailable
from handbill.qr.code import Code, make
from handbill.qr.outlines import outlines
from handbill.qr.papers import TEMPLATES, Template

TYPESETTING = "handbill.infra.typesetting"
PROOFS = "handbill.qr.proofs"
"""The modules that the workshop must allow."""
CARDS_MAX = 500
PAGES_PER_JOB = 20
_SOURCES = Path(__file__).parent / "templates"


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
    picture: bytes | None = None
    start_at: int = 1
    """The first free label of a sheet that has been begun."""


class Printed(msgspec.Struct, frozen=True):
    pdf: bytes
    pages: int
    code_mm: float
    """The side of the smallest code, as a ruler measures it: without the quiet zone."""
    left_out: tuple[str, ...]
    """Texts that are not on the paper, or not whole: this machine has no letters for them."""


async def pdf(press: Workshop, sheet: Sheet, cards: Sequence[Card]) -> Printed:
    """Raises Invalid that names the field; Unavailable where it cannot be set right now."""
    template = _template(sheet, cards)
    codes = [make(card.text) for card in cards]
    texts: list[str] = []
    data = _data(template, sheet, list(zip(cards, codes, strict=True)), texts)
    try:
        made = await press.run(f"{TYPESETTING}:pages", _source(template), _json(data), _json(texts))
        file, left = msgspec.convert(made, tuple[bytes, str])
        await _proofread(press, file, template, sheet, cards)
    except (JobFailed, JobStopped) as error:
        raise Unavailable("The print cannot be made right now.") from error
    set_texts = msgspec.json.decode(left, type=list[str | None])
    return Printed(
        pdf=file,
        pages=len(data["pages"]),
        code_mm=min(_measured(template, code) for code in codes),
        left_out=tuple(was for was, now in zip(texts, set_texts, strict=True) if was != now),
    )


async def png(press: Workshop, sheet: Sheet, card: Card, ppi: int) -> bytes:
    """A picture of the first page."""
    template = _template(sheet, [card])
    texts: list[str] = []
    data = _data(template, sheet, [(card, make(card.text))], texts)
    try:
        made = await press.run(
            f"{TYPESETTING}:first_page", _source(template), _json(data), _json(texts), ppi
        )
    except (JobFailed, JobStopped) as error:
        raise Unavailable("The preview cannot be drawn right now.") from error
    return msgspec.convert(made, bytes)


async def _proofread(
    press: Workshop, file: bytes, template: Template, sheet: Sheet, cards: Sequence[Card]
) -> None:
    """In jobs of a few pages each, so that none is long. Raises Invalid that names a card whose
    code does not read."""
    pages = template.pages(cards, sheet.start_at)
    for first in range(0, len(pages), PAGES_PER_JOB):
        wanted = [
            [(card.text, template.placed(slot, sheet.rtl)) for slot, card in page]
            for page in pages[first : first + PAGES_PER_JOB]
        ]
        found = await press.run(f"{PROOFS}:read", file, _json(wanted), first)
        faults = msgspec.json.decode(msgspec.convert(found, str), type=list[tuple[int, int, str]])
        for page, number, reason in faults:
            _, card = pages[first + page][number]
            raise Invalid({"cards": [f"the code of {card.address} cannot be read: {reason}"]})


def _template(sheet: Sheet, cards: Sequence[Card]) -> Template:
    template = TEMPLATES.get(sheet.template)
    if template is None:
        raise Invalid({"template": [f"must be one of {', '.join(sorted(TEMPLATES))}"]})
    if not 1 <= len(cards) <= CARDS_MAX:
        raise Invalid({"cards": [f"must be from 1 to {CARDS_MAX}"]})
    if not 1 <= sheet.start_at <= template.per_page:
        raise Invalid({"start_at": [f"must be from 1 to {template.per_page}"]})
    return template


def _source(template: Template) -> str:
    parts = ("family", template.source, "paper")
    return "\n".join((_SOURCES / f"{part}.typ").read_text() for part in parts)


def _data(
    template: Template, sheet: Sheet, cards: Sequence[tuple[Card, Code]], texts: list[str]
) -> dict[str, Any]:
    """A text stands in it as its place among `texts`, and nothing as None."""

    def own(text: str) -> int | None:
        if not text.strip():
            return None
        if text not in texts:
            texts.append(text)
        return texts.index(text)

    def drawn(slot: int, card: Card, code: Code) -> dict[str, Any]:
        return {
            "at": template.slots[slot],
            "text": card.text,
            "address": card.address,
            "title": own(card.title),
            "price": own(card.price),
            "place": own(card.place),
            "modules": code.side,
            "shapes": list(outlines(code)),
        }

    pages = [
        [drawn(slot, card, code) for slot, (card, code) in page]
        for page in template.pages(cards, sheet.start_at)
    ]
    return {
        "title": sheet.seller,
        "lang": sheet.lang.partition("-")[0],
        "rtl": sheet.rtl,
        "paper": template.paper,
        "card": template.card,
        "code": template.placed(0, sheet.rtl),
        "seller": own(sheet.seller),
        "scan_words": own(sheet.scan_words),
        "test": own(sheet.test_words),
        "color": sheet.color,
        "on_color": "white",
        "mark": sheet.color,
        "logo": None if sheet.logo is None else _framed(sheet.logo),
        "code_color": "#000000",
        "pages": pages,
    }


def _framed(picture: bytes) -> str:
    """An SVG around it, which keeps its proportions in whatever box it is put into, and is blank
    where it cannot be decoded."""
    kind = "jpeg" if picture.startswith(b"\xff\xd8") else "png"
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 100 100"><image width="100" '
        f'height="100" href="data:image/{kind};base64,{b64encode(picture).decode()}"/></svg>'
    )


def _measured(template: Template, code: Code) -> float:
    return template.code_mm * len(code.rows) / code.side


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()
