"""One SQL text for both databases: named parameters, lists, JSON columns, rows as structs.

- `:name` is a parameter; `IN :names` and `NOT IN :names` take a list of any length, also none.
- A parameter or column whose name ends in `_json` is a Python value outside, JSON text inside;
  the struct's field is named without the ending.
- Text is written for PostgreSQL. `FOR UPDATE` (with or without SKIP LOCKED) is dropped for SQLite,
  whose single writer holds the whole file.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any, NamedTuple, TypeVar

import msgspec

Row = TypeVar("Row")
Write = tuple[str, dict[str, Any]]
"""A prepared text and its bound parameters."""

_TOKEN = re.compile(
    r"""(?P<kept> '(?:[^']|'')*' | "[^"]*" | --[^\n]* | /\*.*?\*/ | ::\w+ )
      | (?P<test> (?:\bNOT\s+)? \bIN ) \s+ :(?P<list>[a-z]\w*)
      | :(?P<name>[a-z]\w*)
      | (?P<lock> \s+ \bFOR\s+UPDATE\b (?:\s+SKIP\s+LOCKED\b)? )
    """,
    re.VERBOSE | re.DOTALL | re.IGNORECASE,
)
_VERB = re.compile(r"\s*(\w+)")
_CHANGE = re.compile(r"\b(INSERT|UPDATE|DELETE)\b", re.IGNORECASE)
_ENCODER = msgspec.json.Encoder()
_KNOWN: set[type] = set()
_LEARNING = threading.Lock()


class Statement(NamedTuple):
    """A text as its driver wants it. `packed` and `lists` name what `bind` converts."""

    text: str
    writes: bool
    packed: tuple[str, ...]
    lists: tuple[str, ...]
    paramstyle: str


@lru_cache(maxsize=1_024)
def prepare(sql: str, paramstyle: str) -> Statement:
    """`paramstyle` is `named` (sqlite3) or `pyformat` (psycopg)."""
    packed: list[str] = []
    lists: list[str] = []
    postgres = paramstyle == "pyformat"

    def translate(found: re.Match[str]) -> str:
        if name := found["name"]:
            if name.endswith("_json"):
                packed.append(name)
            return f"%({name})s" if postgres else f":{name}"
        if name := found["list"]:
            lists.append(name)
            # One text for every length: a text per length would never stay prepared, and both
            # databases bound the number of parameters.
            if not postgres:
                return f"{found['test']} (SELECT value FROM json_each(:{name}))"
            return f"{'<> ALL' if found['test'].upper() != 'IN' else '= ANY'} (%({name})s)"
        if found["lock"]:
            return found[0] if postgres else ""
        return found[0]

    text = _TOKEN.sub(translate, sql.replace("%", "%%") if postgres else sql)
    return Statement(text, _writes(sql), tuple(packed), tuple(lists), paramstyle)


def bind(statement: Statement, params: dict[str, Any]) -> dict[str, Any]:
    """Converts, in place, what the drivers would not take as it is."""
    for name in statement.packed:
        if params[name] is not None:
            params[name] = _ENCODER.encode(params[name]).decode()
    for name in statement.lists:
        if isinstance(params[name], str):
            raise TypeError(f"IN :{name} takes a list")
        items = list(params[name])
        params[name] = (
            items if statement.paramstyle == "pyformat" else _ENCODER.encode(items).decode()
        )
    return params


def runs(writes: Sequence[Write]) -> Iterable[tuple[str, list[dict[str, Any]]]]:
    """Neighbours of the same text together, the order kept: drivers are quicker with many."""
    start = 0
    for place in range(1, len(writes) + 1):
        if place == len(writes) or writes[place][0] != writes[start][0]:
            yield writes[start][0], [params for _, params in writes[start:place]]
            start = place


@lru_cache(maxsize=512)
def _fields(columns: tuple[str, ...]) -> tuple[tuple[str, bool], ...]:
    return tuple((c.removesuffix("_json"), c.endswith("_json")) for c in columns)


def rows(kind: type[Row], columns: tuple[str, ...], values: Iterable[Sequence[Any]]) -> list[Row]:
    """Rows as values of `kind`, checked: a column of a wrong type is an error here, not later."""
    _get_to_know(kind)
    fields = _fields(columns)
    return [
        msgspec.convert(
            {
                name: msgspec.json.decode(value) if packed and value is not None else value
                for (name, packed), value in zip(fields, row, strict=True)
            },
            kind,
            strict=False,  # SQLite keeps truth values as 0 and 1
        )
        for row in values
    ]


def _get_to_know(kind: type) -> None:
    """msgspec 0.22 learns a struct when it first converts one, and another thread that converts
    the same at that moment finds it half learned: SIGSEGV. So the first time is one at a time."""
    if kind not in _KNOWN:
        with _LEARNING:
            msgspec.json.Decoder(kind)
        _KNOWN.add(kind)


def _writes(sql: str) -> bool:
    """Whether the text may change rows. A comment in front counts as a change: safe, but slow."""
    verb = _VERB.match(sql)
    word = verb[1].upper() if verb else ""
    return word != "SELECT" and not (word == "WITH" and not _CHANGE.search(sql))
