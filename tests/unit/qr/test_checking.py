"""Before a code is printed the server says from how far it can be read, or what is wrong."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from handbill.infra.workbench import Argument
from handbill.infra.workshop import Workshop
from handbill.kernel.errors import CannotBeScanned
from handbill.qr.checking import Reading, checked
from handbill.qr.code import make
from handbill.qr.drawing import LOGOS
from handbill.qr.logos import prepare
from handbill.qr.style import PLAIN, CodeStyle
from tests.unit.qr.drawing import uploaded

pytestmark = pytest.mark.anyio

ADDRESS = "https://PAY.A-SHOP-SOMEWHERE.ORG/L/ABCDEFGHJK"
LOGO = prepare(uploaded((200, 200)))


class Recording(Workshop):
    """Keeps by what look the checks go."""

    def __init__(self, *modules: str) -> None:
        super().__init__(*modules)
        self.looks: list[object] = []

    async def run(self, function: str, *arguments: Argument) -> object:
        self.looks.append(arguments[2])
        return await super().run(function, *arguments)


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="module")
async def press() -> AsyncIterator[Workshop]:
    made = Workshop("handbill.qr.scan_check", LOGOS)
    yield made
    await made.close()


async def test_a_table_card_is_made_for_several_times_its_width(press: Workshop) -> None:
    reading = await checked(press, make(ADDRESS), PLAIN, 40)

    assert reading == Reading(reading.distance_mm, 40 / 37, 150)
    assert 280 <= reading.distance_mm <= 400


async def test_a_code_with_a_logo_and_a_colour_is_read_too(press: Workshop) -> None:
    style = CodeStyle(color="#7a1fa2", logo=LOGO)

    reading = await checked(press, make(ADDRESS, style.drawn_level), style, 40)

    assert 200 <= reading.distance_mm <= 400


async def test_colours_of_one_grey_are_tried_once() -> None:
    press = Recording("handbill.qr.scan_check", LOGOS)
    for color in ("#7a1fa2", "#801ca2", "#000000"):
        await checked(press, make(ADDRESS), CodeStyle(color=color), 40)
    await press.close()

    violet, other_violet, black = press.looks
    assert violet == other_violet != black


async def test_a_small_code_wants_a_better_printer(press: Workshop) -> None:
    reading = await checked(press, make(ADDRESS), PLAIN, 20)

    assert reading.dpi == 300


async def test_a_code_with_modules_finer_than_dots_is_refused_with_what_would_fit(
    press: Workshop,
) -> None:
    with pytest.raises(CannotBeScanned) as refused:
        await checked(press, make(ADDRESS), PLAIN, 12)

    assert refused.value.faults == {
        "mm": ["must be at least 13 for this code, or shorten its address"]
    }
    assert "finer than printers draw well" in refused.value.detail


async def test_a_code_that_only_a_near_phone_reads_is_refused_with_the_size_that_is_taken(
    press: Workshop,
) -> None:
    with pytest.raises(CannotBeScanned) as refused:
        await checked(press, make(ADDRESS), PLAIN, 14)

    [words] = refused.value.faults["mm"]
    assert "cannot focus" in refused.value.detail
    least = int(words.removeprefix("must be at least ").split(" ")[0])
    assert (await checked(press, make(ADDRESS), PLAIN, least)).distance_mm >= 150


async def test_a_dense_pale_code_is_refused_with_all_that_would_help(
    press: Workshop,
) -> None:
    dense = make(ADDRESS + "?" + "x" * 600, "H")

    with pytest.raises(CannotBeScanned) as refused:
        await checked(press, dense, CodeStyle(level="H", color="#767676"), 60)

    assert refused.value.faults == {
        "mm": ["make the code larger, or shorten its address"],
        "level": ["take a lower level: its modules are larger"],
        "color": ["take a darker colour"],
    }
    assert "simulation" in refused.value.detail
