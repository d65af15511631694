"""Every style that is taken is read, in every format, by a decoder that is not ours."""

from __future__ import annotations

from typing import get_args

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from PIL import Image

from handbill.kernel.colors import contrast, text
from handbill.kernel.errors import Invalid
from handbill.qr.code import QUIET_ZONE, Code, Level, make
from handbill.qr.formats import png, svg
from handbill.qr.layout import Extent, laid_out
from handbill.qr.logo_place import cleared, place
from handbill.qr.logos import laid_on, prepare
from handbill.qr.pdf import pdf
from handbill.qr.style import CONTRAST_MIN, WHITE, CodeStyle, validated
from tests.unit.qr.drawing import uploaded
from tests.unit.qr.reading import (
    open_png,
    opened_pdf,
    rasterised_pdf,
    rasterised_svg,
    read_picture,
)

ADDRESS = "https://PAY.A-SHOP-SOMEWHERE.ORG/L/ABCDEFGHJK"
LOGOS = [prepare(uploaded(size, color)) for size, color in (((90, 40), "#000"), ((64, 64), "#0a8"))]
CHANNELS = st.floats(0, 1)
STYLES = st.builds(
    CodeStyle,
    level=st.sampled_from(get_args(Level)),
    color=st.builds(text, CHANNELS, CHANNELS, CHANNELS).filter(
        lambda color: contrast(color, WHITE) >= CONTRAST_MIN
    ),
    logo=st.none() | st.sampled_from(LOGOS),
)
PAPER = st.builds(Extent, mm=st.integers(20, 150), dpi=st.integers(150, 600))
SIZES = st.builds(Extent, size=st.integers(150, 800))

EXTENTS = st.sampled_from([Extent(), Extent(size=300), Extent(mm=25), Extent(mm=80)])
SIDES = st.integers(20, 120)
PRINTERS = st.sampled_from([150, 300])


def judge_png(style: CodeStyle, extent: Extent) -> None:
    code = make(ADDRESS, validated(style).drawn_level)
    try:
        picture = drawn(code, style, extent)
    except Invalid:  # too few dots for this code, or too many for a picture
        assume(False)
    judge(picture, code)
    assert ("dpi" in picture.info) == (extent.dpi is not None)


def judge_svg(style: CodeStyle, extent: Extent) -> None:
    code = make(ADDRESS, validated(style).drawn_level)
    judge(rasterised_svg(svg(code, style, extent), 300), code)


def judge_pdf(style: CodeStyle, mm: int, dots_per_inch: int) -> None:
    code = make(ADDRESS, validated(style).drawn_level)
    document = pdf(code, style, mm)
    judge(rasterised_pdf(document, dots_per_inch), code)
    assert opened_pdf(document)[0].get_width() == pytest.approx(mm / 25.4 * 72, abs=0.01)


def drawn(code: Code, style: CodeStyle, extent: Extent) -> Image.Image:
    """As `qr.drawing` does in two processes."""
    layout = laid_out(code, extent)
    if style.logo is None:
        return open_png(png(code, layout, style.color))
    plain = png(cleared(code), layout, style.color)
    return open_png(laid_on(plain, style.logo, place(code).side * layout.scale))


def judge(picture: Image.Image, code: Code) -> None:
    """Read as what it is, opaque, and with nothing but white around it."""
    assert picture.convert("RGBA").getchannel("A").getextrema() == (255, 255)
    read = read_picture(picture.convert("RGB"))
    assert (read.text, read.level) == (code.text, code.level)
    quiet = picture.width * QUIET_ZONE // code.side - 1
    seen = picture.convert("L").point(lambda grey: 255 * (grey < 250)).getbbox()
    assert seen is not None
    assert min(seen[0], seen[1], picture.width - seen[2], picture.height - seen[3]) >= quiet


@settings(max_examples=12)
@given(STYLES, PAPER | SIZES)
def test_a_png_of_any_style_and_size_is_read(style: CodeStyle, extent: Extent) -> None:
    judge_png(style, extent)


@settings(max_examples=8)
@given(STYLES, EXTENTS)
def test_an_svg_of_any_style_is_read(style: CodeStyle, extent: Extent) -> None:
    judge_svg(style, extent)


@settings(max_examples=8)
@given(STYLES, SIDES, PRINTERS)
def test_a_pdf_of_any_style_is_read_as_printers_rasterise_it(
    style: CodeStyle, mm: int, dots_per_inch: int
) -> None:
    judge_pdf(style, mm, dots_per_inch)


@pytest.mark.slow
@settings(max_examples=150)
@given(STYLES, PAPER | SIZES, EXTENTS, SIDES, PRINTERS)
def test_many_more_styles_are_read(
    style: CodeStyle, size: Extent, extent: Extent, mm: int, dots_per_inch: int
) -> None:
    judge_png(style, size)
    judge_svg(style, extent)
    judge_pdf(style, mm, dots_per_inch)


@pytest.mark.parametrize("style", [CodeStyle("H", "#7a1fa2"), CodeStyle(logo=LOGOS[0])])
def test_a_pdf_with_colour_or_a_logo_draws_what_the_png_draws(style: CodeStyle) -> None:
    code = make(ADDRESS, "H")
    side_mm = code.side * 4 / 72 * 25.4

    page = opened_pdf(pdf(code, style, side_mm))[0].render(scale=2).to_pil().convert("RGB")
    picture = drawn(code, style, Extent()).convert("RGB")

    if style.logo is not None:
        logo = place(code)
        start, end = ((QUIET_ZONE + at) * 8 for at in (logo.start, logo.end))
        assert page.getpixel((start + 4, (start + end) // 2)) == (0, 0, 0)  # the ring of the logo
        for image in (page, picture):
            image.paste("white", (start, start, end, end))
    assert page.tobytes() == picture.tobytes()


def test_a_logo_is_in_the_file_and_nothing_is_loaded_from_elsewhere() -> None:
    document = svg(make(ADDRESS, "H"), CodeStyle(logo=LOGOS[0])).decode()

    assert document.count("href=") == document.count('href="data:image/png;base64,') == 1


def test_a_style_that_no_logo_fits_is_refused_by_every_format() -> None:
    dense, style = make(ADDRESS + "?" + "x" * 90, "H"), CodeStyle(logo=LOGOS[0])

    for draw in (svg, pdf, lambda code, style: drawn(code, style, Extent())):
        with pytest.raises(Invalid) as refused:
            draw(dense, style)
        assert refused.value.faults.keys() == {"logo"}
