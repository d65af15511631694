"""Sizes on screen and paper: whole dots, true millimetres, and bounds that say what would fit."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handbill.kernel.errors import Invalid
from handbill.qr.code import make
from handbill.qr.layout import (
    DOTS_MIN,
    DPI_MAX,
    DPI_MIN,
    MM_MAX,
    MM_MIN,
    PRINTED_PIXELS_MAX,
    Extent,
    drawn_mm,
    laid_out,
)

CODE = make("https://PAY.A-SHOP-SOMEWHERE.ORG/L/ABCDEFGHJK")


@given(st.integers(MM_MIN, MM_MAX), st.integers(DPI_MIN, DPI_MAX))
def test_a_picture_for_print_is_exact_or_refused_with_what_would_fit(mm: int, dpi: int) -> None:
    side = round(mm * dpi / 25.4)
    if not CODE.side * DOTS_MIN <= side <= PRINTED_PIXELS_MAX:
        assert refused(Extent(mm=mm, dpi=dpi)).keys() <= {"mm", "dpi"}
        return
    layout = laid_out(CODE, Extent(mm=mm, dpi=dpi))
    assert layout.side == side
    assert layout.side / dpi * 25.4 == pytest.approx(mm, abs=25.4 / dpi)
    assert layout.scale >= DOTS_MIN
    assert mm * 0.79 <= drawn_mm(CODE, mm, dpi) <= mm + 25.4 / dpi


def test_what_a_refusal_names_is_then_taken() -> None:
    too_small = refused(Extent(mm=20, dpi=150))
    assert too_small == {
        "mm": ["must be at least 26 for this code at 150 dpi"],
        "dpi": ["must be at least 188 for this code at 20 mm"],
    }
    assert laid_out(CODE, Extent(mm=26, dpi=150)).scale == DOTS_MIN
    assert laid_out(CODE, Extent(mm=20, dpi=188)).scale == DOTS_MIN

    too_large = refused(Extent(mm=400, dpi=600))
    assert too_large == {"dpi": ["must be at most 260 at this size, or take SVG or PDF"]}
    assert laid_out(CODE, Extent(mm=400, dpi=260)).side <= PRINTED_PIXELS_MAX


def test_dots_that_no_printer_of_ours_has_are_not_named() -> None:
    dense = make("https://" + "x" * 900)

    with pytest.raises(Invalid) as error:
        laid_out(dense, Extent(mm=10, dpi=1_200))

    assert error.value.faults == {"mm": [f"must be at least 11 for this code at {DPI_MAX} dpi"]}


def test_a_poster_too_large_for_any_dots_is_left_to_vectors() -> None:
    words = "must be at most 104 at this size, or take SVG or PDF"
    assert refused(Extent(mm=1_000)) == {"dpi": [words]}


def test_300_dots_to_an_inch_are_meant_where_none_are_said() -> None:
    assert laid_out(CODE, Extent(mm=40)) == laid_out(CODE, Extent(mm=40, dpi=300))


@pytest.mark.parametrize(
    ("extent", "faults"),
    [
        (Extent(size=63), {"size": ["must be from 64 to 2048"]}),
        (Extent(mm=9), {"mm": ["must be from 10 to 1000"]}),
        (Extent(mm=40, dpi=1_201), {"dpi": ["must be from 100 to 1200"]}),
        (Extent(size=300, mm=40), {"size": ["cannot stand beside mm"]}),
        (Extent(dpi=300), {"dpi": ["goes with mm only"]}),
    ],
)
def test_what_no_code_can_have_is_refused_by_name(
    extent: Extent, faults: dict[str, list[str]]
) -> None:
    assert refused(extent) == faults


def refused(extent: Extent) -> dict[str, list[str]]:
    with pytest.raises(Invalid) as error:
        laid_out(CODE, extent)
    return error.value.faults
