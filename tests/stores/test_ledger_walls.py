"""What the database itself refuses, whoever asks: an entry that does not balance, a change, a row
that goes, in whatever words the wish is put."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import psycopg
import pytest

from handbill.infra.database import Database, Tx, open_database
from handbill.kernel.clock import ManualClock
from handbill.ledger import audit, book, carried, recipes
from handbill.ledger.model import Chain
from handbill.merchants import store as merchants

pytestmark = pytest.mark.anyio

LEFT = "2 postings belong to no entry"
OPEN = "019cb2ad-2a0c-7b3c-9c54-3e3cc8e0f7a1"
COLUMNS = "merchant_id, test, sequence, reason, reference, posted_at, previous_hash, hash, sealed"
VALUES = "merchant_id, test, sequence + 500, reason, reference || 'x', 0, '', ''"


def sell(tx: Tx) -> int:
    """Often enough for balances to be carried forward. Gives the merchant."""
    merchant = merchants.add_merchant(tx, "Shop", None)
    for i in range(carried.STEP):
        charge = recipes.Charge(merchant, True, f"{i}", "sandbox", 1000, 1050, 950, "RUB")
        book.post(tx, recipes.charged(charge))
    return merchant


@pytest.fixture
async def merchant(db: Database) -> int:
    return await db.write(sell)


FORBIDDEN = {
    "changes an entry": "UPDATE ledger_entries SET reason = 'gift'",
    "opens an entry": "UPDATE ledger_entries SET sealed = FALSE",
    "deletes an entry": "DELETE FROM ledger_entries",
    "changes a posting": "UPDATE ledger_postings SET amount_minor = amount_minor + 1",
    "deletes a posting": "DELETE FROM ledger_postings",
    "adds to a sealed entry": (
        "INSERT INTO ledger_postings (entry_id, line, account, side, amount_minor, currency)"
        " SELECT id, 99, 'sales', 'credit', 1, 'RUB' FROM ledger_entries"
    ),
    "adds a sealed entry": (
        f"INSERT INTO ledger_entries (id, {COLUMNS})"
        f" SELECT '{{open}}', {VALUES}, TRUE FROM ledger_entries WHERE sequence = 1"
    ),
    "changes an entry by an upsert": (
        f"INSERT INTO ledger_entries (id, {COLUMNS}) SELECT id, {VALUES}, FALSE FROM ledger_entries"
        " WHERE sequence = 1 ON CONFLICT (id) DO UPDATE SET reason = 'gift'"
    ),
    "changes a posting by an upsert": (
        "INSERT INTO ledger_postings SELECT * FROM ledger_postings WHERE TRUE"
        " ON CONFLICT (entry_id, line) DO UPDATE SET amount_minor = 1"
    ),
    "changes a carried balance": "UPDATE ledger_carried SET minor = 0",
    "deletes a carried balance": "DELETE FROM ledger_carried",
}


@pytest.mark.parametrize("statement", FORBIDDEN.values(), ids=FORBIDDEN.keys())
async def test_the_database_refuses_who(db: Database, merchant: int, statement: str) -> None:
    before = await db.read(lambda tx: book.entries(tx, Chain(merchant, True), 0))

    with pytest.raises(Exception, match="ledger"):
        await db.write(lambda tx: tx.run(statement.replace("{open}", OPEN)))

    assert await db.read(lambda tx: book.entries(tx, Chain(merchant, True), 0)) == before
    assert await db.read(audit.verify) == []


def write_open_entry(tx: Tx, merchant: int) -> None:
    tx.run(
        f"INSERT INTO ledger_entries (id, {COLUMNS}) VALUES"
        " (:id, :merchant, TRUE, 999, 'charge', 'open', 0, '', '', FALSE)",
        id=OPEN,
        merchant=merchant,
    )


def write_posting(tx: Tx, line: int, side: str) -> None:
    tx.run(
        "INSERT INTO ledger_postings (entry_id, line, account, side, amount_minor, currency)"
        " VALUES (:id, :line, 'sales', :side, 5, 'RUB')",
        id=OPEN,
        line=line,
        side=side,
    )


def write_balanced_open_entry(tx: Tx, merchant: int) -> None:
    write_open_entry(tx, merchant)
    write_posting(tx, 0, "debit")
    write_posting(tx, 1, "credit")


def seal(tx: Tx) -> None:
    tx.run("UPDATE ledger_entries SET sealed = TRUE WHERE id = :id", id=OPEN)


async def test_an_unbalanced_entry_is_not_sealed(db: Database, merchant: int) -> None:
    def lopsided(tx: Tx) -> None:
        write_open_entry(tx, merchant)
        write_posting(tx, 0, "credit")
        seal(tx)

    with pytest.raises(Exception, match="unbalanced"):
        await db.write(lopsided)
    assert await db.read(audit.verify) == []


async def test_an_entry_without_postings_is_not_sealed(db: Database, merchant: int) -> None:
    def empty(tx: Tx) -> None:
        write_open_entry(tx, merchant)
        seal(tx)

    with pytest.raises(Exception, match="without postings"):
        await db.write(empty)
    assert await db.read(audit.verify) == []


async def test_an_entry_that_is_left_open_is_refused_or_found(
    db: Database, database_url: str, merchant: int
) -> None:
    """PostgreSQL refuses it at the commit. SQLite has no constraint that waits for it: there nobody
    reads the entry, and the audit finds it."""
    if database_url.startswith("postgres"):
        with pytest.raises(Exception, match="left open"):
            await db.write(lambda tx: write_open_entry(tx, merchant))
        assert await db.read(audit.verify) == []
        return
    await db.write(lambda tx: write_open_entry(tx, merchant))

    read = await db.read(lambda tx: book.entries(tx, Chain(merchant, True), 0))
    assert OPEN not in [entry.id for entry in read]
    assert [(one.sequence, one.words) for one in await db.read(audit.verify)] == [
        (999, "was never sealed")
    ]


ON_POSTGRES = {
    "empties the entries": "TRUNCATE ledger_entries CASCADE",
    "empties the postings": "TRUNCATE ledger_postings",
    "empties the carried balances": "TRUNCATE ledger_carried",
    "empties what the books lean on": "TRUNCATE merchants CASCADE",
    "merges into an entry": (
        "MERGE INTO ledger_entries a USING ledger_entries b ON a.id = b.id"
        " WHEN MATCHED THEN UPDATE SET reason = 'gift'"
    ),
}


@pytest.mark.parametrize("statement", ON_POSTGRES.values(), ids=ON_POSTGRES.keys())
async def test_postgresql_refuses_who(
    postgres_url: str, clock: ManualClock, statement: str
) -> None:
    db = open_database(postgres_url, clock)
    await db.write(sell)
    db.close()

    with psycopg.connect(postgres_url) as rows, pytest.raises(psycopg.Error, match="ledger: "):
        rows.execute(statement)


FIRST = "FROM ledger_entries WHERE sequence = 1"
REPLACING = {
    "an entry by its id": (
        f"INSERT OR REPLACE INTO ledger_entries (id, {COLUMNS}) SELECT id, {VALUES}, FALSE {FIRST}"
    ),
    "an entry by its place": (
        f"INSERT OR REPLACE INTO ledger_entries (id, {COLUMNS}) SELECT '{OPEN}', merchant_id, test,"
        f" sequence, 'gift', 'x', 0, '', '', FALSE {FIRST}"
    ),
    "an entry by its fact": (
        f"INSERT OR REPLACE INTO ledger_entries (id, {COLUMNS}) SELECT '{OPEN}', merchant_id, test,"
        f" 888, reason, reference, 0, '', '', FALSE {FIRST}"
    ),
    "an entry by its hidden number": (
        f"INSERT OR REPLACE INTO ledger_entries (rowid, id, {COLUMNS})"
        f" SELECT rowid, '{OPEN}', {VALUES}, FALSE {FIRST}"
    ),
    "an entry by another that moves": (
        "UPDATE OR REPLACE ledger_entries SET sealed = TRUE, rowid = (SELECT rowid"
        f" {FIRST}) WHERE NOT sealed"
    ),
    "a posting by its line": (
        "INSERT OR REPLACE INTO ledger_postings SELECT entry_id, line, 'fees', side, amount_minor,"
        " currency FROM ledger_postings"
    ),
    "a posting by its hidden number": (
        "INSERT OR REPLACE INTO ledger_postings (rowid, entry_id, line, account, side,"
        " amount_minor, currency) SELECT rowid, (SELECT id FROM ledger_entries WHERE NOT sealed),"
        " 9, account, side, amount_minor, currency FROM ledger_postings LIMIT 1"
    ),
    "a posting by half an amount": (
        "INSERT INTO ledger_postings SELECT id, 9, 'sales', 'credit', 0.5, 'RUB'"
        " FROM ledger_entries WHERE NOT sealed"
    ),
    "a seal by another truth": "UPDATE ledger_entries SET sealed = 2 WHERE NOT sealed",
    "a carried balance": (
        "INSERT OR REPLACE INTO ledger_carried SELECT merchant_id, test, sequence, posted_at,"
        " account, currency, 0 FROM ledger_carried"
    ),
}


@pytest.mark.parametrize("recursive", ["ON", "OFF"])
@pytest.mark.parametrize("statement", REPLACING.values(), ids=REPLACING.keys())
async def test_sqlite_refuses_who_replaces(
    sqlite_url: str, clock: ManualClock, statement: str, recursive: str
) -> None:
    """A row that REPLACE takes away is seen by no trigger on DELETE, unless the connection asks for
    recursive triggers; and a stranger's connection need not even check foreign keys."""
    db = open_database(sqlite_url, clock)
    merchant = await db.write(sell)
    await db.write(lambda tx: write_balanced_open_entry(tx, merchant))

    with closing(sqlite3.connect(sqlite_url.removeprefix("sqlite:///"))) as rows:
        rows.execute(f"PRAGMA recursive_triggers = {recursive}")
        with pytest.raises(sqlite3.IntegrityError, match="ledger: "):
            rows.execute(statement)

    assert [one.words for one in await db.read(audit.verify)] == ["was never sealed", LEFT]
    db.close()
