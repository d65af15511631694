"""A merchant's colour: whatever it is, what is written in it and on it can be read."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handbill.kernel.colors import contrast
from handbill.web.pages.accents import SHEETS, accent, style_sheet
from handbill.web.pages.assets import DIRECTORY

READABLE = 4.5  # WCAG 2.2, 1.4.3


@given(color=st.integers(0, 0xFFFFFF).map("#{:06x}".format), sheet=st.sampled_from(SHEETS))
def test_every_colour_can_be_read_on_the_page_and_written_on(color: str, sheet: str) -> None:
    found = accent(color, sheet)

    for ground in (sheet, found.tint):
        assert contrast(found.accent, ground) >= READABLE
    for button in (found.accent, found.accent_strong):
        assert contrast(found.on_accent, button) >= READABLE


@pytest.mark.parametrize("color", ["#0b5b48", "#2222ff", "#7a1fa2"])
def test_a_colour_that_can_be_read_stays_as_it_is(color: str) -> None:
    assert accent(color, SHEETS[0]).accent == color


def test_yellow_is_darker_by_day_and_itself_by_night() -> None:
    day, night = (accent("#ffd43b", sheet).accent for sheet in SHEETS)

    assert (day, night) == ("#826600", "#ffd43b")


def test_the_contrast_of_black_and_white_is_the_greatest() -> None:
    assert contrast("#000000", "#ffffff") == contrast("#ffffff", "#000000") == 21


def test_the_sheets_are_those_of_the_pages() -> None:
    css = (DIRECTORY / "page.css").read_text()

    assert all(f"--sheet: {sheet};" in css for sheet in SHEETS)


def test_the_style_sheet_sets_tokens_and_nothing_else() -> None:
    day, _, night = style_sheet("#0b5b48").partition("@media (prefers-color-scheme:dark)")

    for part in (day, night):
        assert part.count("{") == part.count("}")
        names = [
            rule.partition(":")[0] for rule in part[part.index("--") :].rstrip("}\n").split(";")
        ]
        assert names == ["--accent", "--accent-strong", "--on-accent", "--tint"]
