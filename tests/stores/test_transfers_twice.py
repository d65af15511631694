"""Which transfer a credit on the account belongs to, and money that comes twice: nothing is lost,
nothing is booked twice, and what was mistyped is put right."""

from __future__ import annotations

import asyncio

import pytest

from handbill.infra.database import Tx, open_database
from handbill.kernel.errors import Conflict, Invalid
from handbill.ledger import book
from handbill.ledger.model import Chain
from handbill.payments import confirming, judging, model
from handbill.payments.judging import Decision
from handbill.payments.model import Payment, PaymentStatus, Standing
from handbill.payments.start import Started
from tests.support.books import judge_books
from tests.support.shop import Shop
from tests.support.transfers import bank_account, confirm

pytestmark = pytest.mark.anyio


async def announced(shop: Shop) -> Started:
    await bank_account(shop)
    return await shop.pay(await shop.link(), method="transfer")


async def announced_twice(shop: Shop) -> tuple[Started, Started]:
    """One payer, one payment, two references: they looked at the card meanwhile."""
    await bank_account(shop)
    link = await shop.link()
    first = await shop.pay(link, method="transfer")
    await shop.pay(link, method="card")
    second = await shop.pay(link, method="transfer")
    assert first.payment.id == second.payment.id
    return first, second


async def reference_of(shop: Shop, started: Started) -> str:
    return (await shop.attempt(started)).reference or ""


async def judge(shop: Shop, started: Started, decision: Decision, *, by_hand: bool) -> Payment:
    def act(tx: Tx) -> Payment:
        payment_id = started.payment.id
        return judging.judge(tx, shop.tenant, payment_id, decision, by_hand=by_hand)

    return await shop.write(act)


async def send_back(shop: Shop, started: Started) -> Payment:
    return await judge(shop, started, Decision.REFUND, by_hand=True)


async def balances(shop: Shop) -> dict[str, int]:
    found = await shop.db.read(lambda tx: book.balances(tx, Chain(shop.merchant.id, True)))
    return {one.account: one.minor for one in found if one.minor}


ONCE = {"acquirer:transfer": 1_000, "sales": -1_000}
TWICE = {"acquirer:transfer": 2_000, "sales": -1_000, "owed:surplus": -1_000}


async def test_what_was_sent_back_does_not_hide_what_waits(shop: Shop) -> None:
    await bank_account(shop)
    link = await shop.link()
    first = await shop.pay(link, method="transfer")
    await shop.pay(link, method="card")
    await confirm(shop, first, 900)
    await send_back(shop, first)
    second = await shop.pay(link, method="transfer")
    assert (second.payment.id, second.attempt.id) != (first.payment.id, first.attempt.id)

    payment = await confirm(shop, second)

    assert payment.status is PaymentStatus.CHARGED
    assert (await shop.attempt(second)).standing is Standing.KEPT
    assert await confirm(shop, second) == payment
    assert await balances(shop) == ONCE


async def test_a_reference_says_which_of_two_transfers_came(shop: Shop) -> None:
    first, second = await announced_twice(shop)
    typed = (await reference_of(shop, first)).lower()

    payment = await confirm(shop, second, reference=f"{typed[:4]}-{typed[4:]}")

    assert payment.status is PaymentStatus.CHARGED
    assert (await shop.attempt(first)).standing is Standing.KEPT
    assert (await shop.attempt(second)).standing is None


async def test_a_payer_who_pays_by_both_references_has_paid_twice(shop: Shop) -> None:
    first, second = await announced_twice(shop)
    references = [await reference_of(shop, one) for one in (first, second)]

    for reference in (*references, *references):
        payment = await confirm(shop, second, reference=reference)

    assert (payment.status, payment.surplus) == (PaymentStatus.CHARGED, True)
    assert await balances(shop) == TWICE
    assert (await shop.told(first)).count("confirmed") == 2
    await judge_books(shop.db)


async def test_a_reference_of_somebody_else_is_refused(shop: Shop) -> None:
    started = await announced(shop)
    other = await shop.pay(await shop.link(), payer="boris", method="transfer")
    theirs = await reference_of(shop, other)

    with pytest.raises(Invalid, match="reference"):
        await confirm(shop, started, reference=theirs)

    assert (await shop.payment(started)).status is PaymentStatus.PENDING


@pytest.mark.parametrize("came", [None, 300])
async def test_another_entry_of_the_bank_is_other_money(shop: Shop, came: int | None) -> None:
    started = await announced(shop)
    await confirm(shop, started, bank_entry="2026-03-01/17")
    again = await confirm(shop, started, bank_entry="2026-03-01/17")
    assert (again.surplus, await balances(shop)) == (False, ONCE)

    payment = await confirm(shop, started, came, bank_entry="2026-03-04/2")

    assert (payment.status, payment.surplus) == (PaymentStatus.CHARGED, True)
    surplus = came or 1_000
    assert (await balances(shop))["owed:surplus"] == -surplus
    assert await confirm(shop, started, came, bank_entry="2026-03-04/2") == payment
    told = (await shop.events(started.payment.id))[-1]
    assert (told.type, told.data["bank_entry"]) == ("payment.confirmed", "2026-03-04/2")
    assert (await shop.told(started)).count("confirmed") == 2
    with pytest.raises(Conflict, match="confirmed before"):
        await confirm(shop, started, 1, bank_entry="2026-03-04/2")
    await send_back(shop, started)
    assert await balances(shop) == ONCE
    await judge_books(shop.db)


async def test_without_an_entry_the_same_sum_is_a_repeat_and_an_entry_says_more(
    shop: Shop,
) -> None:
    started = await announced(shop)
    await confirm(shop, started)
    assert (await confirm(shop, started)).surplus is False

    await confirm(shop, started, bank_entry="second")

    assert await balances(shop) == TWICE
    await confirm(shop, started)
    assert await balances(shop) == TWICE


async def test_the_right_sum_after_a_wrong_one_went_back_is_late_money(shop: Shop) -> None:
    started = await announced(shop)
    await confirm(shop, started, 900)
    await send_back(shop, started)
    with pytest.raises(Conflict, match="bank_entry"):
        await confirm(shop, started)

    payment = await confirm(shop, started, bank_entry="the right one")

    assert (payment.status, payment.late) == (PaymentStatus.CHARGED, True)
    assert await balances(shop) == ONCE
    await judge_books(shop.db)


async def test_the_right_sum_pays_while_a_wrong_one_waits(shop: Shop) -> None:
    started = await announced(shop)
    await confirm(shop, started, 900, bank_entry="a")

    payment = await confirm(shop, started, bank_entry="b")

    assert (payment.status, payment.late) == (PaymentStatus.CHARGED, False)
    assert (await balances(shop))["owed:review"] == -900
    await send_back(shop, started)
    assert await balances(shop) == ONCE


@pytest.mark.parametrize("entry", ["", " ", "a\nb", "x" * 65])
async def test_an_entry_is_printable_and_short(shop: Shop, entry: str) -> None:
    started = await announced(shop)

    with pytest.raises(Invalid, match="bank_entry"):
        await confirm(shop, started, bank_entry=entry)


async def test_further_credits_have_a_bound(shop: Shop) -> None:
    started = await announced(shop)
    for number in range(confirming.FURTHER_MAX + 1):
        await confirm(shop, started, 1_000, bank_entry=f"entry {number}")

    with pytest.raises(Conflict, match="at most"):
        await confirm(shop, started, bank_entry="one more")

    assert (await confirm(shop, started, bank_entry="entry 7")).surplus is True


async def test_a_mistyped_sum_of_what_has_ended_is_put_right(shop: Shop) -> None:
    started = await announced(shop)
    await shop.wait(model.TRANSFER_LIFE)
    await confirm(shop, started, 100)

    payment = await confirm(shop, started)

    assert (payment.status, payment.late) == (PaymentStatus.CHARGED, True)
    assert await balances(shop) == ONCE
    await judge_books(shop.db)


async def test_a_mistyped_sum_beside_a_card_is_put_right_as_surplus(shop: Shop) -> None:
    await bank_account(shop)
    link = await shop.link()
    sent = await shop.pay(link, method="transfer")
    await shop.charged(await shop.pay(link, method="card"))
    await confirm(shop, sent, 100)

    await confirm(shop, sent)

    assert (await shop.attempt(sent)).standing is Standing.SURPLUS
    found = await balances(shop)
    assert (found["owed:surplus"], found["acquirer:transfer"]) == (-1_000, 1_000)
    assert "owed:review" not in found


async def test_of_persons_who_confirm_two_credits_at_once_each_is_booked_once(
    shop: Shop, database_url: str
) -> None:
    """In two processes, each with a writer of its own: what keeps them apart is the database."""
    await bank_account(shop)
    link, database = await shop.link(), open_database(database_url, shop.clock)
    other = Shop(database, shop.clock, shop.merchant)
    rounds = 5
    try:
        for number in range(rounds):
            started = await shop.pay(link, payer=f"payer {number}", method="transfer")
            entries = ("a", "b", "b", "a", "a", "b")
            await asyncio.gather(
                *(
                    confirm(one, started, bank_entry=entry)
                    for one, entry in zip((shop, other) * 3, entries, strict=True)
                )
            )
            assert (await shop.told(started)).count("confirmed") == 2
    finally:
        database.close()
    assert await balances(shop) == {name: rounds * minor for name, minor in TWICE.items()}
    await judge_books(shop.db)
