"""Codes are made once and kept, within bounds, off the event loop."""

from __future__ import annotations

import asyncio
import gc
import sys
import threading
from collections.abc import Iterator

import pytest

from handbill.infra.workshop import Workshop
from handbill.kernel.errors import Invalid, Unavailable
from handbill.qr.checking import SCAN_CHECK
from handbill.qr.code import make
from handbill.qr.drawing import LOGOS
from handbill.qr.formats import svg
from handbill.qr.kept import CONTENT_TYPES, DRAWN_MAX, PRESS_MAX, Codes, Format, Wanted
from handbill.qr.layout import Extent
from handbill.qr.logos import prepare
from handbill.qr.style import CodeStyle
from tests.unit.qr.drawing import uploaded
from tests.unit.qr.reading import open_png, rasterised_pdf, rasterised_svg, read_picture

pytestmark = pytest.mark.anyio

ADDRESS = "http://LOCALHOST:8000/L/ABCDEFGHJK"


def of_size(pixels: int) -> Wanted:
    return Wanted(extent=Extent(size=pixels))


@pytest.fixture
def codes() -> Iterator[Codes]:
    made = Codes(Workshop())
    yield made
    made.close()


async def test_every_format_is_read_as_the_same_text(codes: Codes) -> None:
    rasterise = {"png": open_png, "svg": rasterised_svg, "pdf": rasterised_pdf}
    formats: tuple[Format, ...] = ("png", "svg", "pdf")

    for format in formats:
        picture = rasterise[format]((await codes.picture(ADDRESS, format, of_size(400))).data)
        assert read_picture(picture.convert("RGB")).text == ADDRESS
    assert set(CONTENT_TYPES) == set(formats)


async def test_a_size_in_pixels_is_a_96th_of_an_inch_each_on_paper(codes: Codes) -> None:
    picture = rasterised_pdf((await codes.picture(ADDRESS, "pdf", of_size(960))).data, 30)

    assert picture.size == (300, 300)


async def test_a_code_that_was_made_is_not_made_again(codes: Codes) -> None:
    first = await codes.picture(ADDRESS, "png")

    assert await codes.picture(ADDRESS, "png") is first


async def test_callers_at_the_same_time_get_one_and_the_same(codes: Codes) -> None:
    pictures = await asyncio.gather(*(codes.picture(ADDRESS, "svg") for _ in range(50)))

    assert len({id(picture) for picture in pictures}) == 1


async def test_a_caller_that_goes_away_leaves_the_code_to_the_others(codes: Codes) -> None:
    leaving = asyncio.create_task(codes.picture(ADDRESS, "png"))
    staying = asyncio.create_task(codes.picture(ADDRESS, "png"))
    await asyncio.sleep(0)  # both have asked

    leaving.cancel()

    assert read_picture(open_png((await staying).data)).text == ADDRESS
    assert leaving.cancelled()


async def test_no_code_is_made_in_the_thread_of_the_event_loop(codes: Codes) -> None:
    await codes.picture(ADDRESS, "png")

    workers = [thread.name for thread in threading.enumerate() if thread.name.startswith("qr")]
    assert len(workers) == 1


async def test_the_code_that_was_not_asked_for_longest_goes_first() -> None:
    codes = Codes(Workshop(), entries_max=2)
    first = await codes.picture(ADDRESS + "1", "png")
    second = await codes.picture(ADDRESS + "2", "png")
    await codes.picture(ADDRESS + "1", "png")

    await codes.picture(ADDRESS + "3", "png")

    assert await codes.picture(ADDRESS + "1", "png") is first
    assert await codes.picture(ADDRESS + "2", "png") is not second
    codes.close()


async def test_what_is_kept_stays_within_its_bytes() -> None:
    size = len(svg(make(ADDRESS)))
    codes = Codes(Workshop(), bytes_max=size * 2)
    first = await codes.picture(ADDRESS, "svg")
    await codes.picture(ADDRESS, "svg", of_size(100))

    await codes.picture(ADDRESS, "svg", of_size(200))

    assert await codes.picture(ADDRESS, "svg") is not first
    codes.close()


async def test_a_code_larger_than_all_the_room_is_given_but_not_kept() -> None:
    codes = Codes(Workshop(), bytes_max=10)

    first = await codes.picture(ADDRESS, "png")

    assert await codes.picture(ADDRESS, "png") is not first
    codes.close()


@pytest.mark.parametrize("size", [0, 63, 2_049])
async def test_a_refused_size_is_refused_every_time(codes: Codes, size: int) -> None:
    for _ in range(2):
        with pytest.raises(Invalid):
            await codes.picture(ADDRESS, "png", of_size(size))


async def test_text_that_cannot_be_drawn_is_an_error_for_every_caller(codes: Codes) -> None:
    calls = (codes.picture("https://" + "x" * 5_000, "png") for _ in range(3))

    errors = await asyncio.gather(*calls, return_exceptions=True)

    assert [type(error).__mro__[1] for error in errors] == [ValueError] * 3


async def test_a_picture_for_paper_is_kept_with_its_reading() -> None:
    press = Workshop(SCAN_CHECK, LOGOS)
    codes, wanted = Codes(press), Wanted(extent=Extent(mm=40))
    first, second = await asyncio.gather(*(codes.picture(ADDRESS, "pdf", wanted) for _ in "12"))

    assert first is second
    assert await codes.picture(ADDRESS, "pdf", wanted) is first
    assert first.reading is not None
    assert (await codes.picture(ADDRESS, "pdf")).reading is None
    codes.close()
    await press.close()


async def test_the_reading_of_a_png_is_of_the_code_and_not_of_the_white_around_it() -> None:
    press = Workshop(SCAN_CHECK, LOGOS)
    codes, text = Codes(press), ADDRESS
    side, dots = make(text).side, 5
    mm = (side * dots + side - 1) * 25.4 / 300  # as much white as there can be
    picture = await codes.picture(text, "png", Wanted(extent=Extent(mm=int(mm), dpi=300)))

    assert picture.reading is not None
    assert picture.reading.module_mm == pytest.approx(dots * 25.4 / 300)
    codes.close()
    await press.close()


async def test_a_crowd_of_codes_for_paper_is_turned_away_but_nobody_who_wants_a_plain_one() -> None:
    press = Workshop(SCAN_CHECK, LOGOS)
    codes, wanted = Codes(press), Wanted(extent=Extent(mm=40))
    crowd = [
        asyncio.create_task(codes.picture(f"{ADDRESS}{number}", "svg", wanted))
        for number in range(PRESS_MAX)
    ]
    await asyncio.sleep(0)  # all have asked

    with pytest.raises(Unavailable):
        await codes.picture(ADDRESS, "svg", wanted)
    assert (await codes.picture(ADDRESS, "svg")).data

    assert all(picture.reading for picture in await asyncio.gather(*crowd))
    assert (await codes.picture(ADDRESS, "svg", wanted)).reading
    codes.close()
    await press.close()


async def test_a_crowd_of_colours_and_sizes_is_bounded_and_no_payer_waits_for_it(
    codes: Codes,
) -> None:
    large = Extent(size=2_048)
    styles = [CodeStyle(color=f"#{number:06x}") for number in range(1, DRAWN_MAX + 1)]
    crowd = [
        asyncio.create_task(codes.picture(ADDRESS, "png", Wanted(style, large))) for style in styles
    ]
    await asyncio.sleep(0)  # all have asked

    with pytest.raises(Unavailable):
        await codes.picture(ADDRESS, "png", of_size(300))
    plain = await codes.picture(ADDRESS, "png")

    assert read_picture(open_png(plain.data)).text == ADDRESS
    assert not crowd[-1].done()
    codes.close()
    await asyncio.gather(*crowd, return_exceptions=True)


async def test_a_logo_is_not_held_by_what_is_kept(codes: Codes) -> None:
    style = CodeStyle(logo=prepare(uploaded((300, 300))))
    held = sys.getrefcount(style.logo)

    await codes.picture(ADDRESS, "svg", Wanted(style))
    gc.collect()

    left = sys.getrefcount(style.logo)  # outside assert, which holds what it compares
    assert left == held


async def test_a_refusal_is_for_every_caller_and_is_not_kept(codes: Codes) -> None:
    wanted = Wanted(CodeStyle(color="#ffd400"), Extent(mm=40))
    for _ in range(2):
        with pytest.raises(Invalid):
            await codes.picture(ADDRESS, "png", wanted)
    with pytest.raises(Invalid):
        await codes.picture(ADDRESS, "svg", Wanted(extent=Extent(mm=40, dpi=300)))
