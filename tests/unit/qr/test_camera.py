"""The simulated printer and camera keep to what is said of them."""

from __future__ import annotations

import pytest
from PIL import Image, ImageStat

from handbill.qr import camera
from handbill.qr.camera import FOCAL_PIXELS, FRAMES, TABLE, VIEWS, View
from handbill.qr.code import make
from tests.unit.qr.drawing import drawn

CODE = drawn(make("https://PAY.A-SHOP-SOMEWHERE.ORG/L/ABCDEFGHJK"))
SQUARE = Image.new("L", (400, 400), 255)
CALM = View("calm", slant=0, turn=0, paper=250, ink=10, noise=0)


def bounds(view: View, widths: float) -> tuple[int, int]:
    """How wide and high a white square is seen."""
    box = camera.seen(SQUARE, widths, view, 0).point(lambda v: 255 * (v > 160)).getbbox()
    assert box is not None
    return box[2] - box[0], box[3] - box[1]


@pytest.mark.parametrize("widths", [3, 5, 10])
def test_what_stands_straight_is_seen_as_large_as_the_lens_makes_it(widths: int) -> None:
    across = FOCAL_PIXELS / widths

    assert bounds(CALM, widths) == pytest.approx((across, across), abs=2)


def test_a_frame_of_the_field_holds_as_many_pixels_as_is_said() -> None:
    """1920 of them across 70 degrees: 1.4 metres from a metre away."""
    assert pytest.approx(1.4, abs=0.01) == camera.FRAME_PIXELS / FOCAL_PIXELS


def test_what_is_slanted_looks_narrower_and_nearer_on_one_side() -> None:
    slanted = View("slanted", slant=30, turn=0, paper=250, ink=10, noise=0)
    width, height = bounds(slanted, 5)
    across = FOCAL_PIXELS / 5

    assert width == pytest.approx(across * 0.87, abs=4)
    assert height == pytest.approx(across / (1 - 0.05), abs=3)


@pytest.mark.parametrize("view", VIEWS, ids=lambda view: view.name)
def test_paper_ink_and_table_have_their_greys_and_their_noise(view: View) -> None:
    for grey, expected in ((255, view.paper), (0, view.ink)):
        seen = camera.seen(Image.new("L", (400, 400), grey), 5, view, 0)
        middle = seen.width // 2
        patch = ImageStat.Stat(seen.crop((middle - 60, middle - 60, middle + 60, middle + 60)))
        assert patch.mean[0] == pytest.approx(expected, abs=1.5)
        assert patch.stddev[0] == pytest.approx(view.noise, rel=0.15)
        edge = ImageStat.Stat(seen.crop((0, 0, 12, 12)))
        assert edge.mean[0] == pytest.approx(TABLE, abs=4)


def test_a_frame_is_the_same_every_time_and_different_from_the_others() -> None:
    first = [camera.seen(CODE, 7, VIEWS[1], frame).tobytes() for frame in range(FRAMES)]
    again = [camera.seen(CODE, 7, VIEWS[1], frame).tobytes() for frame in range(FRAMES)]

    assert first == again
    assert len(set(first)) == FRAMES


def test_a_printer_lays_down_dots_of_its_own_size() -> None:
    assert camera.dots(CODE, 25.4, 150) == 150
    assert camera.dots(CODE, 400, 300) == CODE.width  # finer dots would change nothing
    paper = camera.printed(CODE, 150)
    assert paper.size == (150, 150)
    assert len(set(paper.tobytes())) > 2  # ink runs
