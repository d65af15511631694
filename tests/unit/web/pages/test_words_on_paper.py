"""What to do with a code is said whole on every paper, whatever the language makes of it."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator

import pypdfium2
import pytest

from handbill.bootstrap.presses import MODULES
from handbill.infra.workshop import Workshop
from handbill.qr import prints
from handbill.qr.papers import TEMPLATES
from handbill.qr.prints import Card, Sheet
from handbill.web.pages.language import speak
from handbill.web.pages.prints.wording import SCAN

pytestmark = pytest.mark.anyio

NARROWEST = "avery-l7161"
SET_EVERYWHERE = ("en", "ru", "de", "fr", "es", "pt-BR", "tr", "kk", "uk")
"""The typesetter brings their letters along; those of the others are the machine's."""
CARD = Card(
    "https://PAY.EXAMPLE.COM/L/8M2K7QPX4D", "pay.example.com/L/8M2K7QPX4D", "Coffee", "€4.50", "Bar"
)


@pytest.fixture
async def press() -> AsyncIterator[Workshop]:
    workshop = Workshop(*MODULES)
    yield workshop
    await workshop.close()


async def missing(press: Workshop, template: str, lang: str) -> list[str]:
    """What to do, where the page does not say it whole."""
    cut = []
    for english in SCAN.values():
        words = speak(lang).gettext(english)
        sheet = Sheet(template, lang, False, "Brot & Zeit", words)
        printed = await prints.pdf(press, sheet, [CARD])
        page = pypdfium2.PdfDocument(printed.pdf)[0].get_textpage().get_text_range()
        if letters(words) not in letters(page):
            cut.append(words)
    return cut


def letters(text: str) -> str:
    """Lines may break anywhere."""
    return re.sub(r"\W", "", text)


async def test_the_narrowest_label_says_what_to_do(press: Workshop) -> None:
    for lang in SET_EVERYWHERE:
        assert await missing(press, NARROWEST, lang) == []


@pytest.mark.slow
@pytest.mark.parametrize("template", TEMPLATES)
async def test_every_paper_says_what_to_do(press: Workshop, template: str) -> None:
    for lang in SET_EVERYWHERE:
        assert await missing(press, template, lang) == []
