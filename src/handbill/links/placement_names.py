"""What the places of a link may be called, and how many names are said in one line: `Table 1..40`.

Pure. Reading never raises: what cannot be read is a row with its fault, so that the faults of all
rows are told at once, before anything is made.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Sequence

import msgspec

from handbill.kernel.errors import Faults

NAME_MAX = 80
AT_ONCE_MAX = 500
RANGE_LENGTH_MAX = 200
DIGITS_MAX = 9

_UNFIT = frozenset({"Cc", "Cs", "Cn", "Co", "Zl", "Zp"})
"""Of Unicode's categories. Cf is not among them: it joins the letters of Persian and of emoji."""
_AROUND = "".join(filter(str.isspace, map(chr, range(0x3001)))) + "\ufeff\u200b"
"""Spaces of all kinds, and two signs without width that files and keyboards leave behind."""
_SPELLED_MAX = 4 * NAME_MAX
"""What is longer is too long in any spelling, and some of it would take seconds to normalise."""

_DOTS = r"(?:\.{2,3}|\u2026|\uff0e{2})"
# Nothing that was taken is given back: a line of digits and spaces took 20 ms to be no range.
_RANGE = re.compile(
    rf"(?P<before>.*?)(?P<first>\d++)\s*+{_DOTS}\s*+"
    r"(?P<again>\D*+)(?P<last>\d++)(?P<after>\D*+)"
)


class Row(msgspec.Struct, frozen=True):
    """A name. `at` is where it stands, as faults name it; `fault` is why it cannot be read."""

    at: str
    name: str
    fault: str | None = None


def cleaned(text: str) -> str:
    """A name in one spelling, without the spaces around it."""
    text = text.strip(_AROUND)
    return unicodedata.normalize("NFC", text) if len(text) <= _SPELLED_MAX else text


def listed(names: Sequence[str], field: str = "names") -> list[Row]:
    """Each text is a name, whatever it looks like. Counted from 0, as the API counts."""
    rows = [Row(f"{field}.{number}", cleaned(name)) for number, name in enumerate(names)]
    return bounded(rows, field)


def typed(lines: Sequence[str], field: str = "names") -> list[Row]:
    """What a person types: each line is a range where it looks like one, else a name."""
    rows: list[Row] = []
    for number, line in enumerate(lines):
        if len(rows) > AT_ONCE_MAX:
            break
        at = f"{field}.{number}"
        rows += ranged(line, at) if is_range(line) else [Row(at, cleaned(line))]
    return bounded(rows, field)


def is_range(text: str) -> bool:
    return _found(text) is not None


def ranged(text: str, field: str = "range") -> list[Row]:
    """`Table 1..40`. `Table 01..12` keeps its zeros; `A1..A9` may say its letter twice; what stands
    behind the last number stands behind each. The digits of any script."""
    found = _found(text)
    if (
        found is None
        or not found["before"].endswith(found["again"])
        or re.search(_DOTS, found["before"])
    ):
        return [Row(field, "", "must be a range, such as Table 1..40")]
    first, last = found["first"], found["last"]
    zeros = {ord(digit) - unicodedata.decimal(digit) for digit in first + last}
    if len(zeros) > 1:
        return [Row(field, "", "must have digits of one script")]
    if max(len(first), len(last)) > DIGITS_MAX:
        return [Row(field, "", f"must have numbers of at most {DIGITS_MAX} digits")]
    numbers = range(int(first), int(last) + 1)
    if not numbers:
        return [Row(field, "", "must count upwards")]
    if len(numbers) > AT_ONCE_MAX:
        return [_too_many(field)]
    [zero] = zeros
    width = len(first) if ord(first[0]) == zero else 1
    digits = {ord("0") + value: zero + value for value in range(10)}
    written = (f"{number:0{width}}".translate(digits) for number in numbers)
    return [Row(field, cleaned(found["before"] + one + found["after"])) for one in written]


def bounded(rows: list[Row], field: str) -> list[Row]:
    """The rows, or one that says that they are too many."""
    return rows if len(rows) <= AT_ONCE_MAX else [_too_many(field)]


def faults(rows: Sequence[Row], taken: Collection[str] = ()) -> Faults:
    """What is wrong with each row, and with all of them together. `taken`: names of placements
    that are there."""
    found: Faults = {}
    first_at: dict[str, str] = {}
    for row in rows:
        words = row.fault or _name_fault(row.name)
        if words is None and row.name in taken:
            words = f"“{row.name}” is taken: the link has a placement of this name"
        if words is None and row.name in first_at:
            words = _twice(row, first_at[row.name])
        if words is None:
            first_at[row.name] = row.at
        elif words not in found.setdefault(row.at, []):
            found[row.at].append(words)
    return found


def _found(text: str) -> re.Match[str] | None:
    # Bounded: the pattern looks at every digit again from every digit before it.
    return _RANGE.fullmatch(cleaned(text)) if len(text) <= RANGE_LENGTH_MAX else None


def _name_fault(name: str) -> str | None:
    if len(name) > NAME_MAX:
        return f"must be at most {NAME_MAX} characters"
    kinds = [unicodedata.category(character) for character in name]
    if not _UNFIT.isdisjoint(kinds):
        return "must have printable characters only"
    if all(kind[0] in "ZC" for kind in kinds):
        return "must not be empty"
    return None


def _twice(row: Row, first_at: str) -> str:
    where = f", first in {first_at}" if first_at != row.at else ""
    return f"“{row.name}” stands twice{where}"


def _too_many(field: str) -> Row:
    return Row(field, "", f"must be at most {AT_ONCE_MAX} names at once")
