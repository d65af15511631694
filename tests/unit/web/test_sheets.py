"""Tables for spreadsheets: read back as they were written, and never run."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handbill.web.sheets import wants_sheet, write_sheet

FORMULAS = ("=1+1", "+7 999", "-2", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "\uff1d1+1")
BEGINNINGS = tuple("=+-@\t\r\n\uff1d\uff0b\uff0d\uff20")
cells = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20)


def read(sheet: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(sheet.decode(), newline=""), strict=True))


@given(st.lists(st.lists(cells, min_size=2, max_size=4), min_size=1, max_size=5))
def test_every_text_is_read_back_as_it_was_but_for_the_apostrophe(rows: list[list[str]]) -> None:
    found = read(write_sheet(rows))

    assert [[cell.removeprefix("'") for cell in row] for row in found] == [
        [cell.removeprefix("'") for cell in row] for row in rows
    ]


@given(st.lists(cells | st.sampled_from(FORMULAS), min_size=1, max_size=4))
def test_no_cell_begins_like_a_formula(row: list[str]) -> None:
    [found] = read(write_sheet([["first", *row]]))

    assert not any(cell.startswith(BEGINNINGS) for cell in found)


def test_lines_end_and_texts_are_quoted_as_rfc_4180_says() -> None:
    rows: list[list[object]] = [["a", 1], ['say "no", please', "two\nlines"]]

    assert write_sheet(rows) == b'a,1\r\n"say ""no"", please","two\nlines"\r\n'


@pytest.mark.parametrize(
    "accept",
    ["text/csv", "TEXT/CSV; charset=utf-8", "text/csv, */*", "application/json;q=0.5, text/csv"],
)
def test_who_names_csv_gets_a_sheet(accept: str) -> None:
    assert wants_sheet(accept)


@pytest.mark.parametrize(
    "accept",
    [
        *("", "*/*", "application/json", "text/*", "text/csv;q=0", "text/csv;q=x"),
        *("text/csv, application/json", "text/csv;q=0.1, application/json;q=0.2"),
    ],
)
def test_who_does_not_gets_json(accept: str) -> None:
    assert not wants_sheet(accept)
