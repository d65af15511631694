"""One SQL text for both databases: named parameters, lists, JSON columns, rows as structs.

- `:name` is a parameter; `IN :names` takes a list.
- A parameter or column whose name ends in `_json` is a Python value outside, JSON text inside;
  the struct's field is named without the ending.
- Text is written for PostgreSQL. `FOR UPDATE` (with or without SKIP LOCKED) is dropped for SQLite,
  whose single writer holds the whole file.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple, TypeVar

import msgspec

Row = TypeVar("Row")
Params = Mapping[str, Any]

_NAME = re.compile(r"(?<![:\w]):([a-z]\w*)")
_LOCK = re.compile(r"\s+FOR UPDATE(\s+SKIP LOCKED)?")
_ENCODER = msgspec.json.Encoder()


class Statement(NamedTuple):
    """A text as its driver wants it."""

    text: str
    writes: bool


def bind(params: dict[str, Any]) -> tuple[dict[str, Any], tuple[tuple[str, int], ...]]:
    """The parameters as the drivers take them, and the lengths of the lists among them."""
    lists: list[tuple[str, int]] = []
    for name, value in list(params.items()):
        if name.endswith("_json"):
            params[name] = None if value is None else _ENCODER.encode(value).decode()
        elif isinstance(value, (list, tuple)):
            lists.append((name, len(value)))
            del params[name]
            params.update((f"{name}_{i}", item) for i, item in enumerate(value))
    return params, tuple(lists)


@lru_cache(maxsize=1_024)
def prepare(sql: str, lists: tuple[tuple[str, int], ...], paramstyle: str) -> Statement:
    """`paramstyle` is `named` (sqlite3) or `pyformat` (psycopg)."""
    for name, length in lists:
        # An empty list matches nothing; NULL in a list of one says the same in both dialects.
        marks = ", ".join(f":{name}_{i}" for i in range(length)) or "NULL"
        sql = re.sub(rf"(?<![:\w]):{name}\b", f"({marks})", sql)
    writes = sql.lstrip()[:6].upper() != "SELECT"
    if paramstyle == "named":
        return Statement(_LOCK.sub("", sql), writes)
    return Statement(_NAME.sub(r"%(\1)s", sql.replace("%", "%%")), writes)


@lru_cache(maxsize=512)
def _fields(columns: tuple[str, ...]) -> tuple[tuple[str, bool], ...]:
    return tuple((c.removesuffix("_json"), c.endswith("_json")) for c in columns)


def rows(
    kind: type[Row], description: Sequence[Sequence[Any]], values: Iterable[Sequence[Any]]
) -> list[Row]:
    """Rows of a cursor as values of `kind`, checked: a wrong column type is an error here, not later."""
    fields = _fields(tuple(column[0] for column in description))
    return [
        msgspec.convert(
            {
                name: msgspec.json.decode(value) if packed and value is not None else value
                for (name, packed), value in zip(fields, row, strict=True)
            },
            kind,
            strict=False,  # SQLite keeps booleans as 0 and 1
        )
        for row in values
    ]
