"""What a merchant types to name places: names, ranges, and every fault at once."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handbill.links import placement_names
from handbill.links.placement_names import AT_ONCE_MAX, NAME_MAX, Row

BEFORE = st.text(
    st.characters(categories=["L", "Zs", "P"], exclude_characters=".\u2026\uff0e"), max_size=20
)


def names(rows: list[Row]) -> list[str]:
    assert placement_names.faults(rows) == {}
    return [row.name for row in rows]


def faults(text: str) -> list[str]:
    found = placement_names.faults(placement_names.ranged(text))
    assert list(found) == ["range"]
    return found["range"]


@pytest.mark.parametrize(
    ("typed", "first", "last", "count"),
    [
        ("Table 1..40", "Table 1", "Table 40", 40),
        ("Столик 1..12", "Столик 1", "Столик 12", 12),
        ("Tisch 01..12", "Tisch 01", "Tisch 12", 12),
        ("Tisch 008..102", "Tisch 008", "Tisch 102", 95),
        ("A1..A9", "A1", "A9", 9),
        ("Table A1 .. Table A3", "Table A1", "Table A3", 3),
        ("Hall 2, table 1…3", "Hall 2, table 1", "Hall 2, table 3", 3),
        ("1...3", "1", "3", 3),
        ("0..9", "0", "9", 10),
        ("7..7", "7", "7", 1),
        ("Table 9..11 (garden)", "Table 9 (garden)", "Table 11 (garden)", 3),
        ("طاولة ٩..\u0661\u0661", "طاولة ٩", "طاولة \u0661\u0661", 3),
        ("テーブル０２\uff0e\uff0e\uff10\uff19番", "テーブル０２番", "テーブル０９番", 8),
        ("  Table 1..2\n", "Table 1", "Table 2", 2),
    ],
)
def test_a_range_is_written_out(typed: str, first: str, last: str, count: int) -> None:
    made = names(placement_names.ranged(typed))

    assert (made[0], made[-1], len(made)) == (first, last, count)


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("", "must be a range"),
        ("Table", "must be a range"),
        ("Table 1-40", "must be a range"),
        ("A1..B9", "must be a range"),
        ("Table ..40", "must be a range"),
        ("Table 1..", "must be a range"),
        ("1..2..3", "must be a range"),
        ("1" * 201 + "..2", "must be a range"),
        ("Table 40..1", "must count upwards"),
        ("1..٣", "digits of one script"),
        ("1..501", "at most 500 names at once"),
        ("1..9999999999", "at most 9 digits"),
        ("T" * 80 + "1..3", "at most 80 characters"),
    ],
)
def test_what_is_no_range_is_told_why(typed: str, words: str) -> None:
    [told] = faults(typed)

    assert words in told


@given(BEFORE, st.integers(0, 10**6), st.integers(1, AT_ONCE_MAX), st.integers(0, 8), BEFORE)
def test_a_range_gives_each_number_once_in_order(
    before: str, first: int, count: int, zeros: int, after: str
) -> None:
    written = f"{first:0{zeros}}"
    rows = placement_names.ranged(f"{before}{written}..{first + count - 1}{after}")

    made = [row.name for row in rows]
    assert len(set(made)) == len(made) == count
    digits = ["".join(c for c in name if c.isdigit()) for name in made]
    assert [int(one) for one in digits] == list(range(first, first + count))
    assert digits[0] == written
    assert min(len(one) for one in digits) == len(written)


@given(st.lists(st.text(max_size=90), max_size=8))
def test_what_is_made_of_a_list_can_be_kept_and_all_else_has_a_fault(texts: list[str]) -> None:
    rows = placement_names.listed(texts)
    found = placement_names.faults(rows)

    good = [row.name for row in rows if row.at not in found]
    assert len(set(good)) == len(good)
    for name in good:
        assert 1 <= len(name) <= NAME_MAX
        assert name == placement_names.cleaned(name) == unicodedata.normalize("NFC", name)
        assert not any(unicodedata.category(c) in ("Cc", "Cs") for c in name)
    assert placement_names.faults([Row("names.0", name) for name in good[:1]]) == {}


@given(st.text(max_size=60))
def test_whatever_is_typed_is_read_or_refused(text: str) -> None:
    for rows in (placement_names.ranged(text), placement_names.typed(text.split("\n"))):
        assert 1 <= len(rows) <= AT_ONCE_MAX
        placement_names.faults(rows)
    assert placement_names.typed([]) == []


def test_names_of_a_list_are_taken_as_they_are() -> None:
    assert names(placement_names.listed(["Table 1..40", " Bar ", "👩‍👩‍👧", "می‌خانه"])) == [
        *("Table 1..40", "Bar", "👩‍👩‍👧", "می‌خانه")
    ]


def test_a_line_that_looks_like_a_range_is_one_where_a_person_types() -> None:
    assert names(placement_names.typed(["Bar", "Table 1..2", "Window"])) == [
        *("Bar", "Table 1", "Table 2", "Window")
    ]


def test_every_fault_is_told_where_it_stands() -> None:
    rows = placement_names.listed(
        ["Bar", "", "a\tb", "Bar", "x" * 81, "\u200b \u2060", "Window", "\ud800", "Cafe\u0301"]
    )

    assert placement_names.faults(rows, {"Window", "Caf\u00e9"}) == {
        "names.1": ["must not be empty"],
        "names.2": ["must have printable characters only"],
        "names.3": ["“Bar” stands twice, first in names.0"],
        "names.4": ["must be at most 80 characters"],
        "names.5": ["must not be empty"],
        "names.6": ["“Window” is taken: the link has a placement of this name"],
        "names.7": ["must have printable characters only"],
        "names.8": ["“Caf\u00e9” is taken: the link has a placement of this name"],
    }


def test_ranges_that_overlap_are_told_by_name() -> None:
    rows = placement_names.typed(["Table 1..3", "Table 3..5"])

    assert placement_names.faults(rows) == {"names.1": ["“Table 3” stands twice, first in names.0"]}


def test_long_texts_are_refused_as_fast_as_short_ones() -> None:
    """Each of these takes minutes where spaces or accents are looked at again and again."""
    for text in ("a" + " " * 60_000 + "b", "a" + "\u0301\u0323" * 30_000, "1" * 60_000 + "..2"):
        for rows in (placement_names.listed([text]), placement_names.typed([text])):
            assert placement_names.faults(rows) == {"names.0": ["must be at most 80 characters"]}
    assert len(placement_names.typed(["1..500"] * 60_000)) == 1
    almost_a_range = "1" * 72 + ".." + " " * 80 + "1" * 44 + "x1"
    assert len(placement_names.typed([almost_a_range] * 500)) == 500


def test_too_many_are_one_fault() -> None:
    for rows in (
        placement_names.listed(["x"] * 501),
        placement_names.typed(["1..300", "x 1..300"]),
    ):
        assert list(placement_names.faults(rows)) == ["names"]
