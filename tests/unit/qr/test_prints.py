"""Codes on paper: in real millimetres, and read from the very page before anybody gets it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from time import monotonic

import pypdfium2
import pytest

from handbill.bootstrap.presses import MODULES
from handbill.infra.workshop import Workshop
from handbill.kernel.errors import CannotBeScanned, Invalid
from handbill.qr import prints
from handbill.qr.logos import prepare
from handbill.qr.papers import TEMPLATES, Template
from handbill.qr.prints import Printed
from handbill.qr.style import CodeStyle
from tests.unit.qr.printing import (
    COFFEE,
    TEXT,
    card,
    cards,
    hard,
    logo,
    rasterised,
    read,
    said,
    sheet,
)

pytestmark = pytest.mark.anyio

POINTS_PER_MM = 72 / 25.4
NOBODY_HAS_IT = "\U00010920"  # a letter of Lydian
HARD = hard()


@pytest.fixture
async def press() -> AsyncIterator[Workshop]:
    workshop = Workshop(*MODULES)
    yield workshop
    await workshop.close()


async def test_every_template_is_in_real_millimetres_and_its_code_reads(press: Workshop) -> None:
    for template in TEMPLATES.values():
        printed = await prints.pdf(press, sheet(template.name), [COFFEE])

        (page,) = pypdfium2.PdfDocument(printed.pdf)
        width, height = (points / POINTS_PER_MM for points in page.get_size())
        assert width == pytest.approx(template.paper[0], abs=0.01)
        assert template.is_strip or height == pytest.approx(template.paper[1], abs=0.01)
        assert read(rasterised(printed.pdf, 0, 150)) == [TEXT] * faces(template)


@pytest.mark.parametrize("template", ["table", "avery-l7160"])
async def test_hard_words_and_pictures_cost_no_card(press: Workshop, template: str) -> None:
    for on_sheet, on_card in HARD.values():
        printed = await prints.pdf(press, sheet(template, **on_sheet), [card(**on_card)])

        assert read(rasterised(printed.pdf, 0, 150)) == [TEXT]


@pytest.mark.slow
@pytest.mark.parametrize("name", HARD)
@pytest.mark.parametrize("template", TEMPLATES.values(), ids=lambda one: one.name)
async def test_everything_on_every_paper_reads_at_every_resolution(
    press: Workshop, template: Template, name: str
) -> None:
    on_sheet, on_card = HARD[name]
    made = [card(text=one.text, **on_card) for one in cards(template.per_page + 1)]

    printed = await prints.pdf(press, sheet(template.name, **on_sheet), made)

    assert printed.pages == 2
    for dpi in (150, 300):
        found = [text for page in range(2) for text in read(rasterised(printed.pdf, page, dpi))]
        assert sorted(found) == sorted([one.text for one in made] * faces(template))


async def test_a_card_says_whose_it_is_what_for_and_where(press: Workshop) -> None:
    printed = await prints.pdf(press, sheet("table"), [COFFEE])

    words = said(printed.pdf)
    for expected in (
        "Brot & Zeit",
        "A loaf every Friday",
        "€4.50",
        "Table 7",
        "Scan with the camera",
    ):
        assert expected in words
    assert COFFEE.address in words
    assert (printed.pages, printed.left_out) == (1, ())
    assert printed.code_mm == pytest.approx(48.6, abs=0.1)
    assert printed.reading.distance_mm >= 400


async def test_it_is_tagged_and_says_its_title_and_language(press: Workshop) -> None:
    printed = await prints.pdf(press, sheet("flyer", lang="pt-BR"), [COFFEE])

    document = pypdfium2.PdfDocument(printed.pdf)
    assert document.is_tagged()
    assert document.get_metadata_dict()["Title"] == "Brot & Zeit"
    assert b"/Lang(pt)" in printed.pdf
    assert b"pdfuaid:part" in printed.pdf


async def test_a_text_without_letters_here_is_left_out_and_said(press: Workshop) -> None:
    lost = f"Coffee {NOBODY_HAS_IT}"

    printed = await prints.pdf(press, sheet("table"), [card(title=lost), COFFEE])

    assert printed.left_out == (lost,)
    assert "Coffee" not in said(printed.pdf)
    assert COFFEE.title in said(printed.pdf, 1)


async def test_a_test_is_marked_even_where_its_words_have_no_letters(press: Workshop) -> None:
    printed = await prints.pdf(press, sheet("shelf", test_words=NOBODY_HAS_IT), [COFFEE])

    assert "TEST" in said(printed.pdf)


async def test_a_code_takes_its_style(press: Workshop) -> None:
    style = CodeStyle(color="#7a1fa2", logo=prepare(logo(200)))

    printed = await prints.pdf(press, sheet("poster", code_style=style), [COFFEE])

    colors = pypdfium2.PdfDocument(printed.pdf)[0].render(scale=1).to_pil().convert("RGB")
    assert (0x7A, 0x1F, 0xA2) in {color for _, color in colors.getcolors(1 << 20)}
    assert read(rasterised(printed.pdf, 0, 150)) == [TEXT]


async def test_what_is_printed_is_the_same_to_the_byte(press: Workshop) -> None:
    one, other = [await prints.pdf(press, sheet("table"), cards(2)) for _ in range(2)]

    assert one.pdf == other.pdf


async def test_a_long_print_is_one_file_with_every_card_in_its_order(press: Workshop) -> None:
    made = cards(prints.CARDS_PER_PART + 2)

    printed = await prints.pdf(press, sheet("table"), made)

    assert printed.pages == len(made)
    for page in (0, prints.CARDS_PER_PART - 1, prints.CARDS_PER_PART, printed.pages - 1):
        assert read(rasterised(printed.pdf, page, 150)) == [made[page].text]
    assert pypdfium2.PdfDocument(printed.pdf).is_tagged()


async def test_a_begun_sheet_of_labels_is_filled(press: Workshop) -> None:
    printed = await prints.pdf(press, sheet("avery-l7165", start_at=8), cards(2))

    assert printed.pages == 2
    assert [read(rasterised(printed.pdf, page, 150)) for page in range(2)] == [
        [one.text] for one in cards(2)
    ]


@pytest.mark.parametrize(
    ("field", "template", "count", "start_at"),
    [
        ("template", "banner", 1, 1),
        ("cards", "table", 0, 1),
        ("cards", "table", 501, 1),
        ("start_at", "avery-l7165", 1, 9),
        ("start_at", "table", 1, 0),
    ],
)
async def test_what_cannot_be_printed_is_named(
    press: Workshop, field: str, template: str, count: int, start_at: int
) -> None:
    with pytest.raises(Invalid) as refused:
        await prints.pdf(press, sheet(template, start_at=start_at), cards(count))

    assert list(refused.value.faults) == [field]


async def test_a_code_too_fine_for_its_paper_is_refused(press: Workshop) -> None:
    with pytest.raises(CannotBeScanned) as refused:
        await prints.pdf(
            press, sheet("avery-3475"), [card(text="https://x.example/?" + "a" * 1000)]
        )

    assert "mm" in refused.value.faults


async def test_a_preview_is_the_first_page(press: Workshop) -> None:
    picture = await prints.png(press, sheet("table"), COFFEE, 96)

    assert picture.startswith(b"\x89PNG")


@pytest.fixture
async def kept() -> AsyncIterator[Workshop]:
    """One worker for all jobs, whatever it holds: its peak is that of the whole print."""
    workshop = Workshop(*MODULES, hoard_bytes=1 << 40)
    yield workshop
    await workshop.close()


async def test_forty_table_cards_take_seconds_and_little_memory(kept: Workshop) -> None:
    """Under 5 s, where nobody else wants the processor; here there is room for a slow machine."""
    begun = monotonic()

    printed = await prints.pdf(kept, sheet("table"), cards(40))

    assert printed.pages == 40
    assert monotonic() - begun < 30
    assert peak_mib(kept) < 250


@pytest.mark.slow
async def test_the_largest_print_takes_no_more_memory_than_a_few_cards(kept: Workshop) -> None:
    printed: Printed = await prints.pdf(kept, sheet("table"), cards(500))

    assert printed.pages == 500
    assert peak_mib(kept) < 250


def faces(template: Template) -> int:
    return 1 if template.is_strip else len(template.slots[0])


def peak_mib(workshop: Workshop) -> int:
    """Of the worker that has just worked, as the system counts it."""
    (pid,) = workshop.pids
    (line,) = [
        line
        for line in Path(f"/proc/{pid}/status").read_text().splitlines()
        if line.startswith("VmHWM")
    ]
    return int(line.split()[1]) // 1024
