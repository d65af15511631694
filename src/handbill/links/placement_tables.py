"""Names of placements from a table in CSV, as spreadsheets of any country write it. Pure, and never
raises: see `placement_names`."""

from __future__ import annotations

import codecs
import csv
import io
import itertools
import re

import msgspec

from handbill.links.placement_names import AT_ONCE_MAX, Row, bounded, cleaned

FILE_MAX = 1024 * 1024
ROWS_MAX = 5_000
"""Empty ones among them."""
CELLS_MAX = 100_000
"""Five hundred names with two hundred columns: nothing but separators takes long to read."""
COLUMN = "name"

_SEPARATORS = (";", "\t", ",")
_NOTHING = "\udfff"
"""Separates nothing: half a character, which no text has that was decoded."""
_HINT = re.compile("sep=([;\t,])\r?\n", re.IGNORECASE)
"""A first line by which spreadsheets tell each other what separates."""


class _Table(msgspec.Struct, frozen=True):
    """Rows with their numbers, without the empty ones; and the number of the row at which reading
    ended, with the reason, where it ended early."""

    rows: list[tuple[int, list[str]]]
    ended: tuple[int, str] | None = None

    @property
    def header(self) -> list[str]:
        return [cell.casefold() for cell in self.rows[0][1]] if self.rows else []


def opened(content: bytes, field: str = "csv", at: str | None = None) -> list[Row]:
    """The names in a file, as `read` finds them."""
    if len(content) > FILE_MAX:
        return [Row(field, "", f"must be a file of at most {FILE_MAX // 1024} KiB")]
    wide = content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    try:
        text = content.decode("utf-16" if wide else "utf-8")
    except UnicodeDecodeError:
        return [Row(field, "", "must be in UTF-8: spreadsheets save it as “CSV UTF-8”")]
    return read(text, field, at)


def read(text: str, field: str = "csv", at: str | None = None) -> list[Row]:
    """A name in each row, counted from 1 as spreadsheets do; empty rows say nothing. `at` is how
    faults name a row, with `{}` for its number, if not below `field`.

    A first row with the word `name` says which column has the names, and the others are passed
    over. Without it there is one column: what looks like a second one may be the rest of a name
    with a comma in it, and is refused.
    """
    text = text.removeprefix("\ufeff")
    hint = _HINT.match(text)
    separators = (hint[1],) if hint else _SEPARATORS
    if hint:
        text = "\n" + text[hint.end() :]
    if any(text.count(separator) > CELLS_MAX for separator in separators):
        return [Row(field, "", f"must have at most {CELLS_MAX:,} cells: no further rows are read")]
    separator, column = _understood(text.lstrip("\r\n"), separators)
    table = _parsed(text, separator, AT_ONCE_MAX + 2)
    place = at or f"{field}.{{}}"
    rows = [_row(place.format(number), cells, column) for number, cells in table.rows]
    if column is not None:
        rows = rows[1:]
    if table.ended is not None:
        number, words = table.ended
        rows.append(Row(place.format(number), "", words))
    return bounded(rows, field) or [Row(field, "", "must have a name in at least one row")]


def _understood(text: str, separators: tuple[str, ...]) -> tuple[str, int | None]:
    """What separates, and the column of the names where the first row says it."""
    if _parsed(text, _NOTHING, 1).header == [COLUMN]:
        return _NOTHING, 0
    for separator in separators:
        header = _parsed(text, separator, 1).header
        if COLUMN in header:
            return separator, header.index(COLUMN)
    return next((one for one in separators if one in text), _NOTHING), None


def _parsed(text: str, separator: str, limit: int) -> _Table:
    """At most `limit` rows that are not empty."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    found: list[tuple[int, list[str]]] = []
    for number in itertools.count(1):
        try:
            cells = next(reader)
        except StopIteration:
            return _Table(found)
        except csv.Error:
            return _Table(found, (number, "has quotes that do not fit"))
        if number > ROWS_MAX:
            return _Table(found, (number, f"must not be there: at most {ROWS_MAX:,} rows are read"))
        if any(cells) and any(cells := [cleaned(cell) for cell in cells]):
            found.append((number, cells))
        if len(found) == limit:
            break
    return _Table(found)


def _row(at: str, cells: list[str], column: int | None) -> Row:
    if column is not None:
        return Row(at, cells[column] if column < len(cells) else "")
    if any(cells[1:]):
        words = f"has more than one column: put the name in quotes, or write {COLUMN} above it"
        return Row(at, cells[0], words)
    return Row(at, cells[0])
