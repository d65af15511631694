"""The simulation tells codes that work on paper from codes that do not, each bad in one way."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from PIL import Image

from handbill.qr.code import Code, make
from handbill.qr.scan_check import UNREADABLE, check
from tests.unit.qr.drawing import (
    drawn,
    inverted,
    pale,
    with_a_logo_of,
    without_quiet_zone,
    written,
)

ADDRESS = "https://PAY.A-SHOP-SOMEWHERE.ORG/L/ABCDEFGHJK"
CODE, STRONG = make(ADDRESS), make(ADDRESS, "H")


def widths(picture: Image.Image, side_mm: float = 40, look: str = "") -> tuple[int, ...]:
    """Of an ordinary and a good printer. A look of its own: nothing is known from another test."""
    own = look or f"{hash(picture.tobytes())}"
    return check(written(picture), ADDRESS, own, round(side_mm * 1_000), 150, 300)


def test_a_code_of_40_mm_is_read_from_several_times_its_width_by_either_printer() -> None:
    reaches = widths(drawn(CODE))

    assert min(reaches) >= 7
    assert max(reaches) <= 10


def test_a_simpler_code_is_read_from_as_far_as_a_denser_one_or_further() -> None:
    simple, dense = widths(drawn(CODE)), widths(drawn(STRONG))

    assert min(simple) >= min(dense)


@pytest.mark.parametrize("spoil", [inverted, lambda code: with_a_logo_of(code, 0.6)])
def test_a_picture_that_nobody_reads_even_from_near_says_nothing(
    spoil: Callable[[Code], Image.Image],
) -> None:
    assert widths(spoil(CODE)) == ()


def test_the_text_of_every_picture_is_compared_however_well_its_look_is_known() -> None:
    other = make(ADDRESS[:-1] + "Z")
    assert widths(drawn(CODE), look="known") != ()

    assert widths(drawn(other), look="known") == ()


@pytest.mark.parametrize(
    ("picture", "side_mm"),
    [
        (without_quiet_zone(CODE), 40),
        (pale(CODE, 210), 40),
        (with_a_logo_of(CODE, 0.4), 40),
        (drawn(CODE), 4),
    ],
    ids=["no quiet zone", "pale", "logo too large", "tiny"],
)
def test_a_code_that_is_read_on_the_screen_but_not_from_paper_is_unreadable(
    picture: Image.Image, side_mm: float
) -> None:
    reaches = widths(picture, side_mm)

    assert reaches == () or UNREADABLE in reaches


def test_the_same_code_is_judged_the_same_every_time() -> None:
    assert widths(drawn(CODE), look="first") == widths(drawn(CODE), look="second")
