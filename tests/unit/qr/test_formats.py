"""Pictures of codes: exact, sharp, black on white, readable by decoders that are not ours."""

from __future__ import annotations

import xml.etree.ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from handbill.kernel.errors import Invalid
from handbill.qr.code import make
from handbill.qr.formats import png, svg, terminal
from handbill.qr.layout import SIZE_MAX, SIZE_MIN, Extent, Layout, laid_out
from handbill.qr.pdf import pdf
from handbill.qr.style import PLAIN
from tests.unit.qr.reading import (
    Read,
    open_png,
    opened_pdf,
    rasterised_pdf,
    rasterised_svg,
    rasterised_terminal,
    read_picture,
)

ADDRESS = "https://PAY.A-SHOP-SOMEWHERE.ORG/L/ABCDEFGHJK"
CODE = make(ADDRESS)
EXPECTED = Read(ADDRESS, 3, "M")
TAG = "{http://www.w3.org/2000/svg}"


def test_a_png_has_8_pixels_a_module_and_a_white_quiet_zone_of_4() -> None:
    picture = open_png(png(CODE))

    assert picture.size == (CODE.side * 8, CODE.side * 8)
    assert picture.mode == "1"
    assert "transparency" not in picture.info
    assert _dark_box(picture) == (32, 32, picture.width - 32, picture.height - 32)


@given(st.integers(SIZE_MIN, SIZE_MAX))
def test_a_png_of_any_size_is_exact_centred_and_made_of_equal_modules(size: int) -> None:
    picture = open_png(png(CODE, of_size(size)))

    scale = size // CODE.side
    inside = len(CODE.rows) * scale
    left = (size - inside) // 2
    assert picture.size == (size, size)
    assert _dark_box(picture) == (left, left, left + inside, left + inside)
    modules = picture.crop(_dark_box(picture)).reduce(1).convert("L")
    once = modules.resize((len(CODE.rows),) * 2, Image.Resampling.NEAREST)
    assert once.resize(modules.size, Image.Resampling.NEAREST).tobytes() == modules.tobytes()
    assert once.tobytes() == b"".join(CODE.rows).translate(bytes([255, 0]) + bytes(254))


@pytest.mark.parametrize("size", [64, 73, 128, 333, 1_000, 2_048])
def test_a_png_is_read_at_every_size(size: int) -> None:
    assert read_picture(open_png(png(CODE, of_size(size)))) == EXPECTED


@pytest.mark.parametrize("size", [64, 296, 1_000])
def test_an_svg_is_read_and_has_its_size(size: int) -> None:
    picture = rasterised_svg(svg(CODE, PLAIN, Extent(size=size)))

    assert picture.size == (size, size)
    assert picture.convert("RGBA").getchannel("A").getextrema() == (255, 255)
    assert read_picture(picture.convert("RGB")) == EXPECTED


def test_an_svg_draws_the_same_modules_as_the_png() -> None:
    drawn = rasterised_svg(svg(CODE)).convert("L")

    assert drawn.tobytes() == open_png(png(CODE)).convert("L").tobytes()


def test_an_svg_is_small_titled_and_holds_shapes_only() -> None:
    document = svg(make("https://PAY.EXAMPLE/L/A&B<C>"))

    root = ET.fromstring(document)
    assert len(document) < 3_000
    assert root.get("viewBox") == "0 0 37 37"
    assert (root.get("width"), root.get("height"), root.get("role")) == ("296", "296", "img")
    assert [child.tag for child in root] == [f"{TAG}title", f"{TAG}rect", f"{TAG}path"]
    assert root[0].text == "https://PAY.EXAMPLE/L/A&B<C>"


@pytest.mark.parametrize("dots_per_inch", [150, 300])
def test_a_pdf_is_read_as_printers_rasterise_it(dots_per_inch: int) -> None:
    assert read_picture(rasterised_pdf(pdf(CODE), dots_per_inch)) == EXPECTED


@pytest.mark.parametrize("side_mm", [20.0, 40.0, 100.0])
def test_a_pdf_measures_what_was_asked_for_on_paper(side_mm: float) -> None:
    page = opened_pdf(pdf(CODE, PLAIN, side_mm))[0]

    assert [points / 72 * 25.4 for points in page.get_size()] == pytest.approx([side_mm] * 2, 1e-4)


def test_a_pdf_draws_the_same_modules_as_the_png_without_seams() -> None:
    """Four points a module at 144 dots an inch are eight dots each: nothing may be grey."""
    side_mm = CODE.side * 4 / 72 * 25.4
    drawn = rasterised_pdf(pdf(CODE, PLAIN, side_mm), 144)

    assert drawn.tobytes() == open_png(png(CODE)).convert("L").tobytes()


def test_a_pdf_carries_its_text_as_title_and_is_the_same_every_time() -> None:
    document = opened_pdf(pdf(CODE))

    assert document.get_metadata_dict()["Title"] == ADDRESS
    assert pdf(CODE) == pdf(CODE)


def test_a_code_in_a_terminal_is_read_and_sets_both_colours() -> None:
    shown = terminal(CODE)

    assert read_picture(rasterised_terminal(shown)) == EXPECTED
    assert len(shown.splitlines()) == (CODE.side + 1) // 2
    assert shown.endswith("\x1b[0m\n")


@pytest.mark.parametrize("size", [-1, 0, 63, 2_049, 10**9])
def test_a_size_out_of_bounds_is_refused_by_name(size: int) -> None:
    with pytest.raises(Invalid) as refused:
        png(CODE, of_size(size))

    assert refused.value.faults == {"size": ["must be from 64 to 2048"]}


def test_a_size_below_a_pixel_a_module_is_refused_with_what_fits() -> None:
    large = make("https://" + "x" * 300)

    with pytest.raises(Invalid) as refused:
        laid_out(large, Extent(size=64))

    assert refused.value.faults == {"size": [f"must be at least {large.side} for this code"]}


def of_size(pixels: int) -> Layout:
    return laid_out(CODE, Extent(size=pixels))


def _dark_box(picture: Image.Image) -> tuple[int, int, int, int]:
    box = picture.convert("L").point(lambda value: 255 - value).getbbox()
    assert box is not None
    return box
