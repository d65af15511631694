"""Names from spreadsheets, as the spreadsheets of any country write them."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handbill.links import placement_names, placement_tables
from handbill.links.placement_names import AT_ONCE_MAX, Row

NAMES = ["Tisch 1, Terrasse", 'The "Snug"', "Бар; 2", "Window"]
PLAIN = st.text(st.characters(categories=["L", "N", "P", "S"]), min_size=1, max_size=30)


def read(content: str | bytes) -> list[Row]:
    if isinstance(content, str):
        return placement_tables.read(content)
    return placement_tables.opened(content)


def names(content: str | bytes) -> list[str]:
    rows = read(content)
    assert placement_names.faults(rows) == {}, rows
    return [row.name for row in rows]


def faults(content: str | bytes) -> dict[str, list[str]]:
    return placement_names.faults(read(content))


def written(rows: list[list[str]], separator: str, ending: str = "\r\n") -> str:
    out = io.StringIO(newline="")
    csv.writer(out, delimiter=separator, lineterminator=ending).writerows(rows)
    return out.getvalue()


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("ending", ["\r\n", "\n", "\r"])
def test_the_column_with_the_names_is_found(separator: str, ending: str) -> None:
    rows = [["area", "Name ", "seats"], *(["hall", name, "4"] for name in NAMES)]

    assert names(written(rows, separator, ending)) == NAMES
    assert names(written([row[1:2] for row in rows], separator, ending)) == NAMES
    quoted = ending.join('"' + name.replace('"', '""') + '"' for name in NAMES)
    assert names(quoted) == NAMES


@given(st.lists(PLAIN, min_size=1, max_size=20, unique=True), st.sampled_from(",;\t"))
def test_what_a_spreadsheet_wrote_is_read(given_names: list[str], separator: str) -> None:
    table = written([["name", "seats"], *([name, "4"] for name in given_names)], separator)

    rows = placement_tables.read(table)

    kept = [placement_names.cleaned(name) for name in given_names]
    assert [row.name for row in rows] == kept
    assert [row.at for row in rows] == [f"csv.{number}" for number in range(2, len(kept) + 2)]


@given(st.text(st.characters(codec="utf-8") | st.sampled_from('";,\t\r\n'), max_size=80))
def test_whatever_a_file_holds_is_read_or_refused(text: str) -> None:
    rows = placement_tables.read(text)

    assert 1 <= len(rows) <= AT_ONCE_MAX
    placement_names.faults(rows)
    assert placement_tables.opened(text.encode()) == rows


@given(st.binary(max_size=40))
def test_whatever_bytes_a_file_has_it_is_read_or_refused(content: bytes) -> None:
    placement_names.faults(placement_tables.opened(content))


def test_rows_are_counted_as_a_spreadsheet_counts_them() -> None:
    assert faults("name;seats\r\nBar;2\r\n;\r\n\r\nBar;4\r\n;9\r\n") == {
        "csv.5": ["“Bar” stands twice, first in csv.2"],
        "csv.6": ["must not be empty"],
    }


def test_marks_of_files_are_passed_over() -> None:
    for content in (
        b"\xef\xbb\xbfname\r\nBar\r\n",
        "name\r\nBar".encode("utf-16"),
        b"sep=;\r\nname;seats\r\nBar;2",
        b"sep=,\nBar,\n",
    ):
        assert names(content) == ["Bar"]
    assert faults("sep=;\nname;seats\n;2\n") == {"csv.3": ["must not be empty"]}


def test_a_second_column_without_a_header_is_not_cut_off() -> None:
    assert "more than one column" in faults("Bar\nTable 1, garden\n")["csv.2"][0]
    assert names("name\nBar\nTable 1, garden\n") == ["Bar", "Table 1, garden"]
    assert names("Bar;;\nWindow;;\n") == ["Bar", "Window"]


def test_reading_ends_at_quotes_that_do_not_fit_and_tells_what_came_before() -> None:
    assert faults('name,seats\nBar,1\nBar,2\n"Win"dow,3\n') == {
        "csv.3": ["“Bar” stands twice, first in csv.2"],
        "csv.4": ["has quotes that do not fit"],
    }


def test_a_long_table_is_read_to_its_limit() -> None:
    full = "name\n" + "".join(f"Table {number}\n" for number in range(AT_ONCE_MAX))
    assert len(names(full)) == AT_ONCE_MAX
    empty = "\n" * (placement_tables.ROWS_MAX - 1)
    assert names(empty + "Bar") == ["Bar"]
    for more in ("Bar\nWindow", "\nname\nBar", "\nname;seats\nBar;2"):
        assert list(faults(empty + more)) == ["csv.5001"]


def test_what_is_no_table_of_names_is_one_fault() -> None:
    for content in (
        b"",
        b"name\n",
        b"\r\n\r\n",
        b"Caf\xe9\n",
        b"Tisch\n" * 501,
        b"name\n" + b"Tisch\n" * 501,
        b"x" * (placement_tables.FILE_MAX + 1),
        b"name" + b";" * (placement_tables.CELLS_MAX + 1),
    ):
        assert list(faults(content)) == ["csv"]
