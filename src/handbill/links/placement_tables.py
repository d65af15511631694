"""Names of placements from a table in CSV, as spreadsheets of any country write it. Pure, and never
raises: see `placement_names`."""

from __future__ import annotations

import codecs
import csv
import io
import re

import msgspec

from handbill.links.placement_names import Row, bounded, cleaned

FILE_MAX = 1024 * 1024
COLUMN = "name"

_SEPARATORS = (";", "\t", ",")
_NOTHING = "\udfff"
"""Separates nothing: half a character, which no text has that was decoded."""
_HINT = re.compile("sep=([;\t,])\r?\n", re.IGNORECASE)
"""A first line by which spreadsheets tell each other what separates."""


class _Table(msgspec.Struct, frozen=True):
    """Rows with their numbers, without the empty ones. `broken_at`: where reading ended."""

    rows: list[tuple[int, list[str]]]
    broken_at: int | None

    @property
    def header(self) -> list[str]:
        return [cell.casefold() for cell in self.rows[0][1]] if self.rows else []


def opened(content: bytes, field: str = "csv") -> list[Row]:
    """The names in a file."""
    if len(content) > FILE_MAX:
        return [Row(field, "", f"must be a file of at most {FILE_MAX // 1024} KiB")]
    wide = content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    try:
        text = content.decode("utf-16" if wide else "utf-8")
    except UnicodeDecodeError:
        return [Row(field, "", "must be in UTF-8: spreadsheets save it as “CSV UTF-8”")]
    return read(text, field)


def read(text: str, field: str = "csv") -> list[Row]:
    """A name in each row, counted from 1 as spreadsheets do; empty rows say nothing.

    A first row with the word `name` says which column has the names, and the others are passed
    over. Without it there is one column: what looks like a second one may be the rest of a name
    with a comma in it, and is refused.
    """
    text = text.removeprefix("\ufeff")
    hint = _HINT.match(text)
    separators = (hint[1],) if hint else _SEPARATORS
    if hint:
        text = "\n" + text[hint.end() :]
    table, column = _understood(text, separators)
    rows = [_row(f"{field}.{number}", cells, column) for number, cells in table.rows]
    if column is not None:
        del rows[0]
    if table.broken_at is not None:
        rows.append(Row(f"{field}.{table.broken_at}", "", "has quotes that do not fit"))
    return bounded(rows, field)


def _understood(text: str, separators: tuple[str, ...]) -> tuple[_Table, int | None]:
    """The table, and the column of its names where its first row says it."""
    alone = _parsed(text, _NOTHING)
    if alone.header == [COLUMN]:
        return alone, 0
    for separator in separators:
        table = _parsed(text, separator)
        if COLUMN in table.header:
            return table, table.header.index(COLUMN)
    return _parsed(text, next((one for one in separators if one in text), _NOTHING)), None


def _parsed(text: str, separator: str) -> _Table:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    found: list[tuple[int, list[str]]] = []
    number = 0
    while True:
        number += 1
        try:
            cells = [cleaned(cell) for cell in next(reader)]
        except StopIteration:
            return _Table(found, None)
        except csv.Error:
            return _Table(found, number)
        if any(cells):
            found.append((number, cells))


def _row(at: str, cells: list[str], column: int | None) -> Row:
    if column is not None:
        return Row(at, cells[column] if column < len(cells) else "")
    if any(cells[1:]):
        words = f"has more than one column: put the name in quotes, or write {COLUMN} above it"
        return Row(at, cells[0], words)
    return Row(at, cells[0])
