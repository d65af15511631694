"""The books only grow, balance, and tell when somebody has touched them."""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
import subprocess
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from handbill.infra.database import Database, Tx, open_database
from handbill.kernel.clock import ManualClock
from handbill.kernel.money import Money
from handbill.ledger import audit, book, journal, recipes
from handbill.ledger.book import Head
from handbill.ledger.model import Chain, Draft, Posting, Side
from handbill.merchants import store as merchants

pytestmark = pytest.mark.anyio


@pytest.fixture
async def merchant(db: Database) -> int:
    return await db.write(lambda tx: merchants.add_merchant(tx, "Shop", None))


def charge(merchant: int, attempt: str, amount: int = 1000) -> Draft:
    return recipes.charged(
        recipes.Charge(merchant, True, attempt, "sandbox", amount, amount + 50, amount - 50, "RUB")
    )


async def post(db: Database, draft: Draft) -> None:
    await db.write(lambda tx: book.post(tx, draft), merchant=draft.merchant_id)


async def test_a_fact_is_posted_once(db: Database, merchant: int) -> None:
    await post(db, charge(merchant, "attempt-1"))
    await post(db, charge(merchant, "attempt-1"))

    balances = await db.read(lambda tx: book.balances(tx, Chain(merchant, True)))
    assert [(b.account, b.minor) for b in balances] == [
        ("acquirer:sandbox", 950),
        ("fees", 100),
        ("sales", -1000),
        ("surcharge", -50),
    ]


async def test_concurrent_charges_make_one_chain(db: Database, merchant: int) -> None:
    await asyncio.gather(*(post(db, charge(merchant, f"attempt-{i}")) for i in range(60)))

    entries = await db.read(lambda tx: book.entries(tx, Chain(merchant, True), 0))
    assert [entry.sequence for entry in entries] == list(range(1, 61))
    assert await db.read(audit.verify) == []


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
}


@pytest.mark.parametrize("statement", FORBIDDEN.values(), ids=FORBIDDEN.keys())
async def test_the_database_refuses_who(db: Database, merchant: int, statement: str) -> None:
    await post(db, charge(merchant, "attempt-1"))
    before = await db.read(lambda tx: book.entries(tx, Chain(merchant, True), 0))

    with pytest.raises(Exception, match="ledger"):
        await db.write(lambda tx: tx.run(statement))

    assert await db.read(lambda tx: book.entries(tx, Chain(merchant, True), 0)) == before


async def test_the_database_refuses_an_unbalanced_entry(db: Database, merchant: int) -> None:
    def lopsided(tx: Tx) -> None:
        tx.run(
            "INSERT INTO ledger_entries (id, merchant_id, test, sequence, reason, reference,"
            " posted_at, previous_hash, hash, sealed) VALUES (:id, :merchant, TRUE, 1, 'charge',"
            " 'a', 0, '', '', FALSE)",
            id=ENTRY,
            merchant=merchant,
        )
        tx.run(
            "INSERT INTO ledger_postings (entry_id, line, account, side, amount_minor, currency)"
            " VALUES (:id, 0, 'sales', 'credit', 5, 'RUB')",
            id=ENTRY,
        )
        tx.run("UPDATE ledger_entries SET sealed = TRUE WHERE id = :id", id=ENTRY)

    with pytest.raises(Exception, match="unbalanced"):
        await db.write(lopsided, merchant=merchant)
    assert await db.read(audit.verify) == []


ENTRY = "019cb2ad-2a0c-7b3c-9c54-3e3cc8e0f7a1"


async def test_hledger_accepts_the_export(
    db: Database, merchant: int, clock: ManualClock, tmp_path: Path
) -> None:
    for i in range(20):
        await post(db, charge(merchant, f"attempt-{i}", 1000 + i))
        clock.advance(40_000_000)
    dinars = (
        Posting("acquirer:sandbox", Side.DEBIT, Money(1_234, "KWD")),
        Posting("sales", Side.CREDIT, Money(1_234, "KWD")),
    )
    await post(db, Draft(merchant, False, "charge", "live-1", dinars))
    file = tmp_path / "books.journal"
    file.write_text("\n".join(await db.read(lambda tx: list(journal.write(tx)))) + "\n")

    judge = shutil.which("hledger")
    assert judge is not None, "hledger is missing: bin/test brings it"
    done = subprocess.run(
        [judge, "check", "--strict", "-f", str(file)], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr


TAMPERINGS = {
    "amount": "UPDATE ledger_postings SET amount_minor = amount_minor + 1 WHERE {row}",
    "account": "UPDATE ledger_postings SET account = 'fees' WHERE account = 'sales' AND {row}",
    "posting": "DELETE FROM ledger_postings WHERE {row}",
    "reason": "UPDATE ledger_entries SET reason = 'gift' WHERE {entry}",
    "time": "UPDATE ledger_entries SET posted_at = posted_at + 1 WHERE {entry}",
    "hash": "UPDATE ledger_entries SET hash = 'f' || substr(hash, 2) || 'x' WHERE {entry}",
    "entry": "DELETE FROM ledger_entries WHERE {entry}",
    "mode": "UPDATE ledger_entries SET test = NOT test WHERE {entry}",
}


@pytest.fixture
def loosen() -> Callable[[Path, str], None]:
    """Somebody with the file in their hands, who takes the triggers away first."""

    def change(path: Path, statement: str) -> None:
        with closing(sqlite3.connect(path)) as file:
            for (name,) in file.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'"):
                file.execute(f"DROP TRIGGER {name}")
            assert file.execute(statement).rowcount > 0
            file.commit()

    return change


@pytest.mark.parametrize("what", TAMPERINGS)
@pytest.mark.parametrize("sequence", [1, 5, 10], ids=["first", "middle", "last"])
async def test_tampering_is_found_even_at_the_end(
    sqlite_url: str,
    clock: ManualClock,
    loosen: Callable[[Path, str], None],
    what: str,
    sequence: int,
) -> None:
    db = open_database(sqlite_url, clock)
    merchant = await db.write(lambda tx: merchants.add_merchant(tx, "Shop", None))
    for i in range(10):
        await post(db, charge(merchant, f"attempt-{i}"))
    noted = {Chain(merchant, True): await db.read(lambda tx: book.head(tx, merchant, True))}
    db.close()

    entry = f"sequence = {sequence}"
    row = f"entry_id = (SELECT id FROM ledger_entries WHERE {entry}) AND line IN (0, 2)"
    statement = TAMPERINGS[what].format(entry=entry, row=row)
    loosen(Path(sqlite_url.removeprefix("sqlite:///")), statement)

    db = open_database(sqlite_url, clock)
    findings = await db.read(lambda tx: audit.verify(tx, noted))
    db.close()
    assert findings


async def test_a_noted_head_that_is_gone_is_found(db: Database, merchant: int) -> None:
    await post(db, charge(merchant, "attempt-1"))
    noted = {Chain(merchant, True): Head(2, "f" * 64)}

    findings = await db.read(lambda tx: audit.verify(tx, noted))

    assert [finding.sequence for finding in findings] == [2]
