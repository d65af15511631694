"""Pages of a list, and what is found by a search."""

from __future__ import annotations

import sqlite3

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from handbill.infra.paging import Page, Position, cut, folded, like


class Row(msgspec.Struct, frozen=True):
    id: str
    created_at: int


ROWS = [Row(str(number), number) for number in range(5)]


@pytest.mark.parametrize("limit", [5, 6])
def test_all_rows_that_fit_are_the_last_page(limit: int) -> None:
    assert cut(ROWS, limit) == Page(ROWS, None)


def test_one_row_too_many_tells_that_there_is_a_next_page() -> None:
    assert cut(ROWS, 4) == Page(ROWS[:4], Position(3, "3"))


def test_what_is_empty_is_not_searched() -> None:
    assert folded() is None
    assert folded(None, "") is None
    assert folded(None, "A", "Ё") == "a\nё"


def _finds(text: str, sought: str) -> bool:
    """What the database makes of it."""
    db = sqlite3.connect(":memory:")
    try:
        found = db.execute("SELECT ? LIKE ? ESCAPE '!'", (folded(text), like(sought))).fetchone()
    finally:
        db.close()
    return bool(found[0])


@pytest.mark.parametrize(
    ("text", "sought"),
    [
        ("Кофе", "КОФ"),
        ("STRASSE", "straße"),
        ("Café", "cafe\u0301"),
        ("100%", "0%"),
        ("a!_b", "!_"),
    ],
)
def test_a_text_is_found_in_any_case_and_spelling(text: str, sought: str) -> None:
    assert _finds(text, sought)


@pytest.mark.parametrize(("text", "sought"), [("100", "%"), ("ab", "a_"), ("ab", "!a")])
def test_nothing_in_what_is_sought_is_a_wildcard(text: str, sought: str) -> None:
    assert not _finds(text, sought)


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1))
def test_every_text_finds_itself(text: str) -> None:
    assert _finds(f"before {text} after", text)
