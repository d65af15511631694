"""The distances and the picture in `docs/explanation/printed-codes.md` are those of the check."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from handbill.infra.workshop import Workshop
from handbill.kernel.errors import CannotBeScanned
from handbill.qr.checking import SCAN_CHECK, checked
from handbill.qr.code import make
from handbill.qr.drawing import LOGOS
from handbill.qr.logos import prepare
from handbill.qr.style import CodeStyle
from tests.unit.qr import simulated
from tests.unit.qr.drawing import uploaded

pytestmark = pytest.mark.anyio

PAGE = Path("docs/explanation/printed-codes.md")
SHORT = "https://PAY.A-SHOP-SOMEWHERE.ORG/L/ABCDEFGHJK"
PERSONAL = (
    f"{SHORT}?amount=1500.00&currency=RUB&reference=2026-11-28%2F0042&expires=1795910400"
    "&sig=D2AGOGxQoOubKcEY8fmlnA"
)
CODES = {
    "short address, M": (SHORT, CodeStyle()),
    "short address, Q": (SHORT, CodeStyle("Q")),
    "short address, H": (SHORT, CodeStyle("H")),
    "with a logo": (SHORT, CodeStyle(logo=prepare(uploaded((200, 200))))),
    "violet `#7a1fa2`": (SHORT, CodeStyle(color="#7a1fa2")),
    "grey `#767676`, 4.5:1": (SHORT, CodeStyle(color="#767676")),
    "personal address": (PERSONAL, CodeStyle()),
}
SAMPLES = ("short address, M", "with a logo")


def rows() -> dict[str, list[str]]:
    lines = [line for line in PAGE.read_text().splitlines() if line.startswith("|")]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return {first: rest for first, *rest in cells if not first.startswith("-")}


async def judge(name: str) -> None:
    text, style = CODES[name]
    code, press = make(text, style.drawn_level), Workshop(SCAN_CHECK, LOGOS)
    said = dict(zip(rows()["code"], rows()[name], strict=True))
    assert said.pop("modules") == str(len(code.rows))
    try:
        for side, distance in said.items():
            assert await told(press, code, style, int(side.removesuffix(" mm"))) == distance
    finally:
        await press.close()


async def told(press: Workshop, code, style: CodeStyle, side_mm: int) -> str:
    try:
        return str((await checked(press, code, style, side_mm)).distance_mm)
    except CannotBeScanned:
        return "no"


def test_the_table_has_exactly_the_codes_that_are_judged_here() -> None:
    assert rows().keys() == {"code", *CODES}


@pytest.mark.parametrize("name", SAMPLES)
async def test_a_row_of_the_table_is_what_the_check_says(name: str) -> None:
    await judge(name)


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted({*CODES} - {*SAMPLES}))
async def test_every_other_row_too(name: str) -> None:
    await judge(name)


def test_the_picture_on_the_page_is_what_the_camera_sees() -> None:
    with Image.open(simulated.PICTURE) as shown:
        assert simulated.PICTURE.name in PAGE.read_text()
        assert shown.convert("L").tobytes() == simulated.draw().tobytes()
