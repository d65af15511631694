"""Colours are read and written without loss, and told apart as the standard has it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handbill.kernel.colors import channels, contrast, luminance, text

COLORS = st.integers(0, 0xFFFFFF).map(lambda number: f"#{number:06x}")


@given(COLORS)
def test_a_colour_comes_back_as_it_was(color: str) -> None:
    assert text(*channels(color)) == color


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [("#000000", "#ffffff", 21), ("#767676", "#ffffff", 4.54), ("#ff0000", "#ffffff", 4.0)],
)
def test_contrast_is_that_of_the_standard_whichever_comes_first(
    one: str, other: str, expected: float
) -> None:
    """The figures are those that WCAG's own examples and checkers give."""
    assert contrast(one, other) == pytest.approx(expected, abs=0.005)
    assert contrast(other, one) == contrast(one, other)


@given(COLORS)
def test_nothing_is_darker_than_black_or_lighter_than_white(color: str) -> None:
    assert luminance("#000000") <= luminance(color) <= luminance("#ffffff")
