"""Whoever changes one value of the books, or takes one row away, is found out: against a head that
was noted before, even at the end of a chain."""

from __future__ import annotations

import random
from collections.abc import Iterator

import pytest

from handbill.infra.database import Database, Tx
from handbill.kernel.clock import ManualClock
from handbill.kernel.money import Money
from handbill.ledger import book, carried, recipes
from handbill.ledger.book import Head
from handbill.ledger.model import Chain, Draft, Posting, Side
from handbill.merchants import store as merchants
from tests.support.books import judge_books
from tests.support.tampering import CUT, TARGETS, Hands, Target

pytestmark = pytest.mark.anyio

FEW, MANY = 4, 40
"""Rounds for each of the 27 targets: about 100, and over 1,000."""
SEED = 20_261_127
ENTRIES = carried.STEP + 5
"""Of the longest chain; enough for balances to be carried forward."""

Noted = dict[Chain, Head]


@pytest.fixture
async def noted(db: Database, clock: ManualClock) -> Noted:
    """The heads of three chains of two merchants, in roubles and dinars."""

    def sell(tx: Tx, merchant: int, test: bool, count: int) -> None:
        for i in range(count):
            name = f"{merchant} {test} {i}"
            charge = recipes.Charge(merchant, test, name, "sandbox", 1000 + i, 1050 + i, 950, "RUB")
            book.post(tx, recipes.surplus(charge) if i % 5 == 4 else recipes.charged(charge))

    shop = await db.write(lambda tx: merchants.add_merchant(tx, "Shop", None))
    other = await db.write(lambda tx: merchants.add_merchant(tx, "Other", None))
    await db.write(lambda tx: sell(tx, shop, True, ENTRIES))
    await db.write(lambda tx: sell(tx, shop, False, 10))
    clock.advance(3_600_000)
    await db.write(lambda tx: sell(tx, other, True, 10))
    dinars = (
        Posting("acquirer:sandbox", Side.DEBIT, Money(1_234, "KWD")),
        Posting("sales", Side.CREDIT, Money(1_234, "KWD")),
    )
    await db.write(lambda tx: book.post(tx, Draft(other, True, "charge", "dinars", dinars)))
    return await judge_books(db)


@pytest.fixture
def hands(database_url: str, noted: Noted) -> Iterator[Hands]:
    """Ready when the books are written."""
    made = Hands(database_url, random.Random(SEED))
    yield made
    made.close()


def unseen(hands: Hands, noted: Noted, target: Target, rounds: int) -> list[str]:
    done = [hands.judge(noted, target) for _ in range(rounds)]
    return [words for words, findings in done if not findings]


async def test_books_that_nobody_touched_are_as_they_were_written(
    hands: Hands, noted: Noted
) -> None:
    """The judge that finds everything below does not complain of everything."""
    assert hands.judge(noted, None) == ("[]", [])


async def test_every_change_of_a_value_and_every_missing_row_is_found(
    hands: Hands, noted: Noted
) -> None:
    missed = {target: found for target in TARGETS if (found := unseen(hands, noted, target, FEW))}

    assert missed == {}
    assert len(TARGETS) * FEW >= 100


@pytest.mark.slow
async def test_a_thousand_changes_and_missing_rows_are_all_found(
    hands: Hands, noted: Noted
) -> None:
    missed = {target: found for target in TARGETS if (found := unseen(hands, noted, target, MANY))}

    assert missed == {}
    assert len(TARGETS) * MANY >= 1_000


async def test_only_a_noted_head_shows_that_the_end_of_a_chain_is_gone(
    hands: Hands, noted: Noted
) -> None:
    assert hands.judge({}, CUT)[1] == []
    assert hands.judge(noted, CUT)[1] != []
