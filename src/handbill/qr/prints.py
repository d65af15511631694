"""Codes on paper: what is to be printed goes in as data, a PDF in real millimetres comes out, and
every code on it has been read from the page before it does.

Knows nothing of links, languages or payments. The work is done in the workshop that sets type, in
jobs that are short however many cards there are; what waits there is bounded.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import msgspec

from handbill.infra.workshop import JobFailed, JobStopped, Workshop
from handbill.kernel.errors import CannotBeScanned, Unavailable
from handbill.qr import code as codes
from handbill.qr.checking import Reading, checked
from handbill.qr.code import QUIET_ZONE
from handbill.qr.papers import TEMPLATES, Template
from handbill.qr.sheets import CARDS_MAX, Card, Draft, Sheet, Slotted, Texts, composed, judged
from handbill.qr.style import CodeStyle

__all__ = [
    "CARDS_MAX",
    "TEMPLATES",
    "Card",
    "Printed",
    "Reading",
    "Sheet",
    "Template",
    "pdf",
    "png",
]

TYPESETTING = "handbill.infra.typesetting"
BINDING = "handbill.infra.binding"
DRAFTS = "handbill.qr.drafts"
PROOFS = "handbill.qr.proofs"
"""The modules that the workshop must allow, beside those of `checking`."""
DRAFTS_PER_JOB = 100
CARDS_PER_PART = 40
"""The typesetter takes a mebibyte and more for each, and a worker that holds much is let go."""
PAGES_PER_PROOF, CARDS_PER_PROOF = 20, 60
_SOURCES = Path(__file__).parent / "templates"

_Made = tuple[Card, Draft]
_Pages = list[list[Slotted]]


class Printed(msgspec.Struct, frozen=True):
    pdf: bytes
    pages: int
    code_mm: float
    """The side of the smallest code, as a ruler measures it: without the quiet zone."""
    reading: Reading
    """Of the code that is hardest to read."""
    left_out: tuple[str, ...]
    """Texts that are not on the paper, or not whole: this machine has no letters for them."""


async def pdf(press: Workshop, sheet: Sheet, cards: Sequence[Card]) -> Printed:
    """Raises Invalid that names the field; CannotBeScanned, where a code could not be read at its
    size or is not read from its page; Unavailable where it cannot be made right now."""
    template = judged(sheet, cards)
    try:
        sheet = await _with_whole_pictures(press, sheet)
        made = await _drafted(press, sheet.code_style, cards)
        reading = await _reading(press, template, sheet.code_style, made)
        pages = template.pages(made, sheet.start_at)
        file, left_out = await _set(press, template, sheet, pages)
        await _proofread(press, file, template, sheet, pages)
    except (JobFailed, JobStopped) as error:
        raise Unavailable("The print cannot be made right now.") from error
    code_mm = min(_measured(template, draft) for _, draft in made)
    return Printed(file, len(pages), code_mm, reading, tuple(left_out))


async def png(press: Workshop, sheet: Sheet, card: Card, ppi: int) -> bytes:
    """A picture of the first page, unchecked: for the screen."""
    template = judged(sheet, [card])
    try:
        sheet = await _with_whole_pictures(press, sheet)
        made = await _drafted(press, sheet.code_style, [card])
        texts = Texts()
        data = composed(template, sheet, template.pages(made, sheet.start_at), texts)
        arguments = (_source(template), _json(data), _json(texts.all), ppi)
        answer = await press.run(f"{TYPESETTING}:first_page", *arguments)
    except (JobFailed, JobStopped) as error:
        raise Unavailable("The preview cannot be drawn right now.") from error
    return msgspec.convert(answer, bytes)


async def _with_whole_pictures(press: Workshop, sheet: Sheet) -> Sheet:
    """Without a picture that cannot be drawn: it costs nobody a print."""
    for field in ("logo", "picture"):
        picture = getattr(sheet, field)
        if picture is not None and not await press.run(f"{DRAFTS}:is_whole", picture):
            sheet = msgspec.structs.replace(sheet, **{field: None})
    return sheet


async def _set(
    press: Workshop, template: Template, sheet: Sheet, pages: _Pages
) -> tuple[bytes, list[str]]:
    """The file, and the texts that are not whole in it."""
    source, parts = _source(template), []
    left_out: dict[str, None] = {}
    for some in _parts(pages, CARDS_PER_PART // template.per_page):
        texts = Texts()
        data = composed(template, sheet, some, texts)
        answer = await press.run(f"{TYPESETTING}:pages", source, _json(data), _json(texts.all))
        part, as_set = msgspec.convert(answer, tuple[bytes, str])
        parts.append(part)
        said = zip(texts.all, msgspec.json.decode(as_set, type=list[str | None]), strict=True)
        left_out |= dict.fromkeys(was for was, now in said if was != now)
    if len(parts) == 1:
        return parts[0], list(left_out)
    return msgspec.convert(await press.run(f"{BINDING}:bound", *parts), bytes), list(left_out)


async def _drafted(press: Workshop, style: CodeStyle, cards: Sequence[Card]) -> list[_Made]:
    made: list[_Made] = []
    for first in range(0, len(cards), DRAFTS_PER_JOB):
        some = cards[first : first + DRAFTS_PER_JOB]
        answer = await press.run(
            f"{DRAFTS}:drafts",
            _json([card.text for card in some]),
            style.drawn_level,
            int(style.logo is not None),
        )
        drafts = msgspec.json.decode(msgspec.convert(answer, str), type=list[Draft])
        made += zip(some, drafts, strict=True)
    return made


async def _reading(
    press: Workshop, template: Template, style: CodeStyle, cards: Sequence[_Made]
) -> Reading:
    """Codes of as many modules look alike: one of them is tried for all."""
    examples = {draft.modules: card.text for card, draft in cards}
    readings = [
        await checked(press, codes.make(text, style.drawn_level), style, template.side(modules))
        for modules, text in sorted(examples.items())
    ]
    return min(readings, key=lambda reading: reading.distance_mm)


async def _proofread(
    press: Workshop, file: bytes, template: Template, sheet: Sheet, pages: _Pages
) -> None:
    """Raises CannotBeScanned that names the card."""
    first = 0
    for some in _parts(pages, min(PAGES_PER_PROOF, CARDS_PER_PROOF // template.per_page)):
        wanted = [
            [
                (card.text, draft.modules, template.squares(slot, draft.modules, sheet.rtl))
                for slot, (card, draft) in page
            ]
            for page in some
        ]
        answer = await press.run(f"{PROOFS}:read", file, _json(wanted), first)
        faults = msgspec.json.decode(msgspec.convert(answer, str), type=list[tuple[int, int, str]])
        for page, number, reason in faults:
            _, (card, _) = some[page][number]
            raise CannotBeScanned(
                {"cards": [f"{card.place or card.address}: {reason}"]},
                f"The code of {card.place or card.address} is not read from its page.",
            )
        first += len(some)


def _parts(pages: _Pages, length: int) -> list[_Pages]:
    step = max(1, length)
    return [pages[first : first + step] for first in range(0, len(pages), step)]


def _source(template: Template) -> str:
    parts = ["family", template.source, *([] if template.is_strip else ["paper"])]
    return "\n".join((_SOURCES / f"{part}.typ").read_text() for part in parts)


def _measured(template: Template, draft: Draft) -> float:
    return template.side(draft.modules) * (draft.modules - 2 * QUIET_ZONE) / draft.modules


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()
