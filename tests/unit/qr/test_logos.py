"""Uploads become logos that every format of a code can hold."""

from __future__ import annotations

import random

import pytest
from PIL import Image

from handbill.qr.code import make
from handbill.qr.formats import png
from handbill.qr.layout import Extent, laid_out
from handbill.qr.logo_place import cleared, place
from handbill.qr.logos import laid_on, prepare
from handbill.qr.style import LOGO_SIDE_MAX, CodeStyle, validated
from tests.unit.qr.drawing import uploaded, written
from tests.unit.qr.reading import open_png, read_picture

ADDRESS = "https://PAY.A-SHOP-SOMEWHERE.ORG/L/ABCDEFGHJK"
NOISE = Image.frombytes("RGB", (640, 480), random.Random(7).randbytes(640 * 480 * 3))


@pytest.mark.parametrize(
    "upload",
    [
        uploaded((640, 200)),
        uploaded((1, 640)),
        written(Image.new("1", (30, 30))),
        written(Image.new("LA", (300, 40), (0, 128))),
        written(NOISE),
        written(NOISE.quantize(200)),
    ],
    ids=["wide", "a line", "two colours", "grey and half transparent", "noise", "a palette"],
)
def test_any_upload_becomes_a_logo_that_a_style_takes(upload: bytes) -> None:
    logo = prepare(upload)

    assert validated(CodeStyle(logo=logo)).logo == logo
    picture = open_png(logo)
    assert picture.width == picture.height <= LOGO_SIDE_MAX
    assert "transparency" not in picture.info


def test_what_is_transparent_becomes_white_and_colours_stay() -> None:
    logo = open_png(prepare(uploaded((200, 100)))).convert("RGB")

    assert logo.size == (200, 200)
    assert logo.getpixel((0, 0)) == (255, 255, 255)
    assert logo.getpixel((100, 55)) == (0xD2, 0x23, 0x2A)


def test_a_logo_is_laid_on_the_middle_and_everything_else_stays() -> None:
    code = make(ADDRESS, "H")
    layout, side = laid_out(code, Extent(mm=40, dpi=300)), place(code).side
    plain = png(cleared(code), layout, "#7a1fa2")

    picture = open_png(laid_on(plain, prepare(uploaded((64, 64))), side * layout.scale))

    before, after = open_png(plain).convert("RGB"), picture.convert("RGB")
    assert round(picture.info["dpi"][0]) == 300
    assert read_picture(after).text == ADDRESS
    corner = (after.width - side * layout.scale) // 2
    box = (corner, corner, corner + side * layout.scale, corner + side * layout.scale)
    assert after.crop(box) != before.crop(box)
    for drawn in (before, after):
        drawn.paste("white", box)
    assert after.tobytes() == before.tobytes()
