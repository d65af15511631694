"""The books only grow, balance, and tell when somebody has touched them."""

from __future__ import annotations

import asyncio

import pytest

from handbill.infra.database import Database
from handbill.kernel.clock import ManualClock
from handbill.kernel.money import Money
from handbill.ledger import audit, book, recipes
from handbill.ledger.book import Head
from handbill.ledger.model import Chain, Draft, Posting, Side
from handbill.merchants import store as merchants
from tests.support.books import judge_books

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


async def test_hledger_accepts_the_export(db: Database, merchant: int, clock: ManualClock) -> None:
    for i in range(20):
        await post(db, charge(merchant, f"attempt-{i}", 1000 + i))
        clock.advance(40_000_000)
    dinars = (
        Posting("acquirer:sandbox", Side.DEBIT, Money(1_234, "KWD")),
        Posting("sales", Side.CREDIT, Money(1_234, "KWD")),
    )
    await post(db, Draft(merchant, False, "charge", "live-1", dinars))

    await judge_books(db)


async def test_a_noted_head_that_is_gone_is_found(db: Database, merchant: int) -> None:
    await post(db, charge(merchant, "attempt-1"))
    noted = {Chain(merchant, True): Head(2, "f" * 64)}

    findings = await db.read(lambda tx: audit.verify(tx, noted))

    assert [finding.sequence for finding in findings] == [2]
