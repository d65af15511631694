"""Every template is drawn in the millimetres of its paper, and its code has room on it."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path

import pytest

from handbill.bootstrap import presses
from handbill.infra.workshop import Workshop
from handbill.qr.checking import checked
from handbill.qr.code import QUIET_ZONE, make
from handbill.qr.labels import LABEL_SHEETS
from handbill.qr.papers import DOTS_PER_MM, TEMPLATES, Template
from handbill.qr.style import PLAIN
from tests.unit.qr.printing import TEXT

MODULES = 29 + 2 * QUIET_ZONE
"""Of the code of a short address: version 3."""
CODE_MIN_MM = 20
REFERENCE = Path(__file__).parents[3] / "docs" / "reference" / "templates.md"

every_template = pytest.mark.parametrize("template", TEMPLATES.values(), ids=lambda one: one.name)
FLAT = [one for one in TEMPLATES.values() if not one.is_strip]


@every_template
def test_a_code_is_at_least_twenty_millimetres_wide(template: Template) -> None:
    assert measured(template) >= CODE_MIN_MM


@pytest.mark.parametrize("rtl", [False, True])
@pytest.mark.parametrize("template", FLAT, ids=lambda one: one.name)
def test_every_code_lies_on_its_own_card_and_every_card_on_the_paper(
    template: Template, rtl: bool
) -> None:
    width, height = template.card
    for slot, faces in enumerate(template.slots):
        for face, square in zip(faces, template.squares(slot, MODULES, rtl), strict=True):
            upper = template.paper[1] - square.below - square.side
            assert face.x <= square.left <= face.x + width - square.side
            assert face.y <= upper <= face.y + height - square.side
            assert 0 <= face.x <= template.paper[0] - width + 0.01
            assert 0 <= face.y <= template.paper[1] - height + 0.01


@pytest.mark.parametrize("template", FLAT, ids=lambda one: one.name)
def test_cards_never_overlap(template: Template) -> None:
    width, height = template.card
    corners = [(face.x, face.y) for faces in template.slots for face in faces]
    for (x, y), (other_x, other_y) in combinations(corners, 2):
        assert abs(x - other_x) >= width - 0.01 or abs(y - other_y) >= height - 0.01


@pytest.mark.parametrize("sheet", LABEL_SHEETS, ids=lambda one: one.name)
def test_the_labels_of_a_sheet_lie_in_its_middle(sheet) -> None:
    right = sheet.corners[-1][0] + sheet.label[0]
    below = sheet.corners[-1][1] + sheet.label[1]

    assert sheet.first[0] == pytest.approx(sheet.paper[0] - right, abs=0.1)
    assert sheet.first[1] == pytest.approx(sheet.paper[1] - below, abs=0.35)


@pytest.mark.parametrize("name", ["receipt-58", "receipt-80"])
@pytest.mark.parametrize("modules", [33, 37, 41, 45, 53])
def test_modules_on_a_strip_are_whole_dots(name: str, modules: int) -> None:
    (square,) = TEMPLATES[name].squares(0, modules, rtl=False)

    assert (square.side * DOTS_PER_MM) % modules == 0
    assert (square.left * DOTS_PER_MM) % 1 == 0
    assert square.left + square.side <= TEMPLATES[name].paper[0]


def test_a_begun_sheet_of_labels_goes_on_where_it_is_free() -> None:
    template = TEMPLATES["avery-l7165"]

    pages = template.pages(list("abc"), start_at=7)

    assert pages == [[(6, "a"), (7, "b")], [(0, "c")]]


@every_template
def test_the_reference_says_what_a_template_is(template: Template) -> None:
    assert row_of(template)[1:5] == facts(template)


@pytest.mark.slow
@pytest.mark.anyio
async def test_the_reference_says_from_how_far_a_template_is_read() -> None:
    press, code = Workshop(*presses.MODULES), make(TEXT)
    for template in TEMPLATES.values():
        reading = await checked(press, code, PLAIN, template.side(code.side))

        assert row_of(template)[5] == f"{reading.distance_mm} mm"
    await press.close()


def row_of(template: Template) -> list[str]:
    lines = REFERENCE.read_text().splitlines()
    (row,) = [line for line in lines if line.startswith(f"| `{template.name}` |")]
    return [cell.strip() for cell in row.strip("|").split("|")]


def facts(template: Template) -> list[str]:
    """Paper, card, side of the code of a short address, cards to a sheet of paper."""
    paper = f"{template.paper[0]:g} mm wide" if template.is_strip else size(template.paper)
    card = "as long as its words" if template.is_strip else size(template.card)
    return [paper, card, f"{measured(template):.0f} mm", str(template.per_page)]


def size(sides: tuple[float, float]) -> str:
    return f"{sides[0]:g} by {sides[1]:g} mm"


def measured(template: Template) -> float:
    """What a ruler says: without the quiet zone."""
    return template.side(MODULES) * (MODULES - 2 * QUIET_ZONE) / MODULES
