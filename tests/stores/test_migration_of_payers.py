"""What is known of payers moves out of payments into its own table, and back, on both databases."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

import psycopg
import pytest

from handbill.infra.migrations import runner

BEFORE, AFTER = "0003", "0007"
ANNA, BORIS, NOBODY = (f"019ca9b5-8d00-7000-8000-{n:012d}" for n in range(3))
TOLD = {
    ANNA: {"email": "anna@mail.example", "phone": "+70000000000", "name": 'Anna "A" O\'Hara'},
    BORIS: {"name": "Борис"},
    NOBODY: {},
}
COLUMNS = (
    "id, merchant_id, test, txid, type, fingerprint, token, status, amount_minor,"
    " amount_with_fee_minor, amount_dest_minor, refunded_minor, currency, customer_json,"
    " metadata_json, late, surplus, created_at, updated_at, expires_at"
)


@contextmanager
def opened(url: str) -> Iterator[Any]:
    if url.startswith("sqlite"):
        with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as db, db:
            yield db
    else:
        with psycopg.connect(url) as postgres:
            yield postgres


def rows(url: str, query: str) -> list[tuple[Any, ...]]:
    """Ids as text: PostgreSQL's driver gives UUIDs."""
    with opened(url) as db:
        found = db.execute(query).fetchall()
    return [tuple(v if v is None or isinstance(v, int) else str(v) for v in row) for row in found]


@pytest.fixture
def url(empty_database_url: str) -> str:
    """With three payments of the time before."""
    runner.upgrade(empty_database_url, BEFORE)
    mark = "?" if empty_database_url.startswith("sqlite") else "%s"
    with opened(empty_database_url) as db:
        db.execute(
            "INSERT INTO merchants (name, status, fee_rule_json, return_origins_json, created_at,"
            " updated_at) VALUES ('Shop', 'active', '{}', '[]', 1, 1)"
        )
        for number, (payment_id, told) in enumerate(TOLD.items()):
            values = [payment_id, 1, True, f"order-{number}", "payment", "hash", f"token {number}"]
            values += ["created", 1_000, 1_000, 0, 0, "RUB", json.dumps(told), "{}"]
            values += [False, False, 10 + number, 10, 10]
            marks = ", ".join(mark for _ in values)
            db.execute(f"INSERT INTO payments ({COLUMNS}) VALUES ({marks})", values)
    return empty_database_url


def test_up_everybody_who_is_known_gets_a_row_and_nothing_stays_in_payments(url: str) -> None:
    runner.upgrade(url, AFTER)

    assert rows(url, "SELECT id, email, phone, name, created_at, erased_at FROM payers") == [
        (ANNA, "anna@mail.example", "+70000000000", 'Anna "A" O\'Hara', 10, None),
        (BORIS, None, None, "Борис", 11, None),
    ]
    assert rows(url, "SELECT id, payer_id, fingerprint FROM payments ORDER BY id") == [
        (ANNA, ANNA, None),
        (BORIS, BORIS, None),
        (NOBODY, None, None),
    ]
    assert "anna@mail" not in str(rows(url, "SELECT * FROM payments"))


def test_down_everything_is_where_it_was(url: str) -> None:
    runner.upgrade(url, AFTER)

    runner.downgrade(url, BEFORE)

    back = rows(url, "SELECT id, customer_json FROM payments ORDER BY id")
    known = {i: {k: v for k, v in json.loads(text).items() if v} for i, text in back}
    assert known == TOLD
    runner.upgrade(url, AFTER)
    assert rows(url, "SELECT COUNT(*) FROM payers") == [(2,)]
