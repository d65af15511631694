"""Codes on paper: in real millimetres, and read from the very page before anybody gets it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import msgspec
import pypdfium2
import pytest
import zxingcpp
from PIL import Image

from handbill.bootstrap.house import PRESS_MODULES
from handbill.infra.workshop import Workshop
from handbill.kernel.errors import Invalid
from handbill.qr import prints
from handbill.qr.papers import TEMPLATES, Template
from handbill.qr.prints import Card, Printed, Sheet

POINTS_PER_MM = 72 / 25.4
pytestmark = pytest.mark.anyio

TEXT = "https://PAY.EXAMPLE.COM/L/8M2K7QPX4D"


@pytest.fixture
async def press() -> AsyncIterator[Workshop]:
    workshop = Workshop(*PRESS_MODULES)
    yield workshop
    await workshop.close()


def sheet(template: str, **changed: Any) -> Sheet:
    plain = Sheet(template, "en", False, "Brot & Zeit", "Scan with the camera to pay")
    return msgspec.structs.replace(plain, **changed)


def cards(count: int) -> list[Card]:
    return [
        Card(f"{TEXT[:-3]}{number:03}", "pay.example.com/L/8M2K7QPX4D", "Coffee", "€4.50", "Bar")
        for number in range(count)
    ]


def rasterised(printed: Printed, page: int, dpi: int) -> Image.Image:
    picture: Image.Image = pypdfium2.PdfDocument(printed.pdf)[page].render(scale=dpi / 72).to_pil()
    return picture.convert("L")


def read(picture: Image.Image) -> list[str]:
    return sorted(found.text for found in zxingcpp.read_barcodes(picture))


@pytest.mark.parametrize("template", TEMPLATES.values(), ids=lambda one: one.name)
async def test_every_template_is_in_real_millimetres_and_its_code_reads(
    press: Workshop, template: Template
) -> None:
    printed = await prints.pdf(press, sheet(template.name), cards(1))

    (page,) = pypdfium2.PdfDocument(printed.pdf)
    width, height = (points / POINTS_PER_MM for points in page.get_size())
    assert width == pytest.approx(template.paper[0], abs=0.01)
    assert template.is_strip or height == pytest.approx(template.paper[1], abs=0.01)
    faces = 1 if template.is_strip else len(template.slots[0])
    assert read(rasterised(printed, 0, 150)) == [cards(1)[0].text] * faces


async def test_what_is_printed_is_the_same_to_the_byte(press: Workshop) -> None:
    one, other = [await prints.pdf(press, sheet("table"), cards(2)) for _ in range(2)]

    assert one.pdf == other.pdf


@pytest.mark.parametrize(
    ("field", "template", "count"),
    [("template", "banner", 1), ("cards", "table", 0), ("cards", "table", 501)],
)
async def test_what_cannot_be_printed_is_named(
    press: Workshop, field: str, template: str, count: int
) -> None:
    with pytest.raises(Invalid) as refused:
        await prints.pdf(press, sheet(template), cards(count))

    assert list(refused.value.faults) == [field]
