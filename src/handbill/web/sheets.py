"""Tables for spreadsheets: CSV as RFC 4180 has it, in which no text is taken for a formula. Knows
nothing of what the rows say."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence

CSV = "text/csv"
CSV_HEADERS = {
    "content-type": "text/csv; charset=utf-8; header=present",
    "content-disposition": "attachment",
}

# What spreadsheets read as the beginning of a formula, also behind a tab or a line break; some
# take the full-width forms for the plain ones.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")


def write_sheet(rows: Iterable[Sequence[object]]) -> bytes:
    """The rows in UTF-8. A text that would be a formula gets an apostrophe in front."""
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\r\n").writerows(
        [_harmless(str(value)) for value in row] for row in rows
    )
    return text.getvalue().encode()


def wants_sheet(accept: str) -> bool:
    """Whether a caller with this `Accept` names CSV, and not JSON as what it likes as much."""
    liked: dict[str, float] = {}
    for one in accept.lower().split(","):
        name, *parameters = (part.strip() for part in one.split(";"))
        liked[name] = _quality(parameters)
    return liked.get(CSV, 0.0) > liked.get("application/json", 0.0)


def _quality(parameters: Sequence[str]) -> float:
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip() == "q":
            try:
                return float(value)
            except ValueError:
                return 0.0
    return 1.0


def _harmless(text: str) -> str:
    return "'" + text if text.startswith(_FORMULA) else text
