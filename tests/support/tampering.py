"""Somebody who has the books in their hands: the file, or the rights of the database's owner. They
take away what refuses, then change one value or remove one row. Nothing of it is left afterwards.
"""

from __future__ import annotations

import random
import uuid
from collections.abc import Mapping
from typing import Any, NamedTuple

from handbill.infra.database import Tx
from handbill.infra.database.database import open_backend
from handbill.ledger import audit
from handbill.ledger.audit import Finding
from handbill.ledger.book import Head
from handbill.ledger.model import Chain

KINDS = {
    "ledger_entries": {
        "id": "uuid",
        "merchant_id": "number",
        "test": "flag",
        "sequence": "number",
        "reason": "text",
        "reference": "text",
        "posted_at": "number",
        "previous_hash": "text",
        "hash": "text",
        "sealed": "flag",
    },
    "ledger_postings": {
        "entry_id": "uuid",
        "line": "number",
        "account": "text",
        "side": "text",
        "amount_minor": "number",
        "currency": "text",
    },
    "ledger_carried": {
        "merchant_id": "number",
        "test": "flag",
        "sequence": "number",
        "posted_at": "number",
        "account": "text",
        "currency": "text",
        "minor": "number",
    },
}
"""Every column of the books."""
KEYS = {
    "ledger_entries": ("id",),
    "ledger_postings": ("entry_id", "line"),
    "ledger_carried": ("merchant_id", "test", "sequence", "account", "currency"),
}
_ORDERS = {**{table: ", ".join(key) for table, key in KEYS.items()}, "ledger_entries": "sequence"}
LAST_SHARE = 0.3
"""How often the last entry of a chain, or a posting of it, is chosen on purpose."""

_ON_SQLITE = (
    "SELECT 'DROP TRIGGER ' || name FROM sqlite_master WHERE type = 'trigger'",
    ("PRAGMA foreign_keys = OFF", "PRAGMA ignore_check_constraints = ON"),
)
_ON_POSTGRES = (
    "SELECT 'ALTER TABLE ' || conrelid::regclass || ' DROP CONSTRAINT ' || conname"
    " FROM pg_constraint WHERE contype = 'c' AND conrelid::regclass::text ~ '^ledger_'",
    [f"ALTER TABLE {table} DISABLE TRIGGER ALL" for table in KINDS],
)
"""What gives statements that take away what refuses, and more of them."""

_STRANGE: dict[str, list[Any]] = {
    "uuid": ["x", "", b"x"],
    "number": ["x", 0.5, b"1"],
    "flag": [2, "x"],
    "text": [b"sales", 7],
}
"""What SQLite takes in a column of the kind, but no writer of ours would write."""

Row = dict[str, Any]
Statement = tuple[str, Row]


class Target(NamedTuple):
    """What is changed: a column, or the row's being there at all (None)."""

    table: str
    column: str | None


CUT = Target("the end of a chain", None)
"""The last entry goes with its postings: what is left is a whole, shorter chain."""
TARGETS = (
    *(Target(table, column) for table, columns in KINDS.items() for column in columns),
    *(Target(table, None) for table in KINDS),
    CUT,
)


class Hands:
    """`dice` choose row and value."""

    def __init__(self, url: str, dice: random.Random) -> None:
        self._dice = dice
        self._is_sqlite = url.startswith("sqlite")
        self._connection = open_backend(url).connect()
        self._loosen()
        self._rows = {table: self._read(table) for table in KINDS}
        entries = self._rows["ledger_entries"]
        ends = {(row["merchant_id"], row["test"]): row["id"] for row in entries}
        self._ends = set(ends.values())

    def judge(
        self, noted: Mapping[Chain, Head], target: Target | None
    ) -> tuple[str, list[Finding]]:
        """What was done, and what the audit finds against the noted heads."""
        while True:
            statements = self._choose(target) if target else []
            try:
                return repr(statements), self._try(statements, noted)
            except Exception as error:  # its index cannot be taken from a table: chosen again
                if "unique" not in str(error).lower():
                    raise

    def close(self) -> None:
        self._connection.close()

    def _try(self, statements: list[Statement], noted: Mapping[Chain, Head]) -> list[Finding]:
        self._connection.begin([])
        try:
            tx = Tx(self._connection, 0)
            for sql, params in statements:
                assert tx.run(sql, **params) > 0
            return audit.verify(tx, noted)
        finally:
            self._connection.rollback()

    def _choose(self, target: Target) -> list[Statement]:
        if target is CUT:
            last = self._dice.choice(sorted(self._ends))
            return [
                ("DELETE FROM ledger_postings WHERE entry_id = :last", {"last": last}),
                ("DELETE FROM ledger_entries WHERE id = :last", {"last": last}),
            ]
        row = self._row(target.table)
        key = {name: row[name] for name in KEYS[target.table]}
        where = " AND ".join(f"{name} = :{name}" for name in key)
        if target.column is None:
            return [(f"DELETE FROM {target.table} WHERE {where}", key)]
        value = self._another(target.table, target.column, row[target.column])
        sql = f"UPDATE {target.table} SET {target.column} = :value WHERE {where}"
        return [(sql, {**key, "value": value})]

    def _row(self, table: str) -> Row:
        rows = self._rows[table]
        if table != "ledger_carried" and self._dice.random() < LAST_SHARE:
            rows = [row for row in rows if row[KEYS[table][0]] in self._ends]
        return self._dice.choice(rows)

    def _another(self, table: str, column: str, old: Any) -> Any:
        """Another value: one of another row, one near it, or where the database takes it, one of
        another kind."""
        kind, found = KINDS[table][column], [row[column] for row in self._rows[table]]
        choices = [*_near(kind, old, self._dice), self._dice.choice(found)]
        if self._is_sqlite:
            choices += _STRANGE[kind]
        return self._dice.choice([value for value in choices if value != old])

    def _read(self, table: str) -> list[Row]:
        columns = tuple(KINDS[table])
        sql = f"SELECT {', '.join(columns)} FROM {table} ORDER BY {_ORDERS[table]}"
        found = self._connection.execute(sql, {}, ()).fetchall()
        return [dict(zip(columns, row, strict=True)) for row in found]

    def _loosen(self) -> None:
        made, more = _ON_SQLITE if self._is_sqlite else _ON_POSTGRES
        drops = [str(drop) for (drop,) in self._connection.execute(made, {}, ()).fetchall()]
        for statement in (*drops, *more):
            self._connection.execute(statement, {}, ())


def _near(kind: str, old: Any, dice: random.Random) -> list[Any]:
    if kind == "uuid":
        return [str(uuid.UUID(int=dice.getrandbits(128)))]
    if kind == "number":
        return [old + 1, old + dice.randint(2, 10**6), -old, 0]
    if kind == "flag":
        return [not old]
    return [old + "x", old[:-1], old.swapcase(), ""]
