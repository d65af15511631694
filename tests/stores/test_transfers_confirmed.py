"""A person confirms a bank transfer: one charge whatever is repeated, the books right, and what
does not simply pay goes to a person."""

from __future__ import annotations

import asyncio

import pytest

from handbill.infra.database import open_database
from handbill.kernel.clock import DAY
from handbill.kernel.errors import Conflict, Invalid, NotRefundable
from handbill.kernel.money import AMOUNT_MAX
from handbill.ledger import book
from handbill.ledger.model import Chain
from handbill.merchants import service as merchants
from handbill.payments import judging, model, refunding
from handbill.payments.judging import Decision
from handbill.payments.model import PaymentStatus, Standing
from handbill.payments.refund import RefundStatus
from handbill.payments.start import Started
from tests.support.books import judge_books
from tests.support.shop import FIVE_PERCENT, Shop
from tests.support.transfers import bank_account, confirm

pytestmark = pytest.mark.anyio


async def announced(shop: Shop, **terms: object) -> Started:
    await bank_account(shop)
    return await shop.pay(await shop.link(**terms), method="transfer")


async def balances(shop: Shop) -> dict[str, int]:
    found = await shop.db.read(lambda tx: book.balances(tx, Chain(shop.merchant.id, True)))
    return {one.account: one.minor for one in found if one.minor}


async def test_a_confirmed_transfer_is_a_charge_and_a_repeat_changes_nothing(shop: Shop) -> None:
    started = await announced(shop)

    payment = await confirm(shop, started)
    again = await confirm(shop, started, 1_000)

    assert again == payment == await shop.payment(started)
    assert (payment.status, payment.method, payment.provider) == (
        *(PaymentStatus.CHARGED, "transfer", "transfer"),
    )
    assert await shop.told(started) == ["created", "charged", "confirmed"]
    told = (await shop.events(started.payment.id))[-1]
    assert told.data["confirmed_by"] == "somebody"
    assert told.data["received"] == {"amount": 1_000, "currency": "RUB"}
    assert await balances(shop) == {"acquirer:transfer": 1_000, "sales": -1_000}


async def test_no_bank_takes_the_fee_of_the_tariff(shop: Shop) -> None:
    await shop.write(lambda tx: merchants.change(tx, shop.merchant.id, {"fee_rule": FIVE_PERCENT}))
    started = await announced(shop)
    assert started.attempt.amount_minor == 1_050

    payment = await confirm(shop, started)

    assert (payment.amount_with_fee_minor, payment.amount_dest_minor) == (1_050, 950)
    assert await balances(shop) == {
        "acquirer:transfer": 1_050,
        "sales": -1_000,
        "surcharge": -50,
    }
    await judge_books(shop.db)


@pytest.mark.parametrize("amount", [0, -1, AMOUNT_MAX + 1])
async def test_an_impossible_amount_is_refused(shop: Shop, amount: int) -> None:
    started = await announced(shop)

    with pytest.raises(Invalid):
        await confirm(shop, started, amount)


async def test_only_transfers_are_confirmed(shop: Shop) -> None:
    started = await shop.pay(await shop.link(), method="card")

    with pytest.raises(Conflict) as refused:
        await confirm(shop, started)

    assert refused.value.code == "no_transfer"
    assert (await shop.payment(started)).status is PaymentStatus.PENDING


async def test_another_amount_waits_for_a_decision(shop: Shop) -> None:
    started = await announced(shop)

    payment = await confirm(shop, started, 900)

    assert payment.status is PaymentStatus.PROCESSING
    assert (await shop.attempt(started)).standing is Standing.REVIEW
    assert await confirm(shop, started, 900) == payment
    with pytest.raises(Conflict) as refused:
        await confirm(shop, started, 901)
    assert refused.value.code == "already_confirmed"

    accepted = await shop.write(
        lambda tx: judging.judge(tx, shop.tenant, payment.id, Decision.ACCEPT)
    )

    assert (accepted.status, accepted.amount_minor) == (PaymentStatus.CHARGED, 900)
    assert await balances(shop) == {"acquirer:transfer": 900, "sales": -900}


async def test_an_amount_that_was_mistyped_is_put_right_while_it_waits(shop: Shop) -> None:
    started = await announced(shop)
    await confirm(shop, started, 100)

    payment = await confirm(shop, started)

    assert payment.status is PaymentStatus.CHARGED
    assert await balances(shop) == {"acquirer:transfer": 1_000, "sales": -1_000}
    await judge_books(shop.db)


async def test_what_does_not_fit_is_sent_back_by_a_person_who_then_says_so(shop: Shop) -> None:
    started = await announced(shop)
    await confirm(shop, started, 900)

    payment_id = started.payment.id
    payment = await shop.write(
        lambda tx: judging.judge(tx, shop.tenant, payment_id, Decision.REFUND, by_hand=True)
    )

    assert payment.status is PaymentStatus.CANCELLED
    [refund] = await shop.refunds_of(started)
    assert (refund.status, refund.with_fee_minor) == (RefundStatus.SUCCEEDED, 900)
    assert await balances(shop) == {}


async def test_money_after_the_deadline_is_late_and_kept_where_it_could_be_paid(
    shop: Shop,
) -> None:
    started = await announced(shop)
    await shop.wait(model.TRANSFER_LIFE)
    assert (await shop.payment(started)).status is PaymentStatus.CANCELLED

    payment = await confirm(shop, started)

    assert (payment.status, payment.late) == (PaymentStatus.CHARGED, True)
    assert await shop.told(started) == ["created", "cancelled", "charged", "confirmed"]


async def test_late_money_that_nobody_wants_is_told_and_not_said_to_go_back_by_itself(
    shop: Shop,
) -> None:
    started = await announced(shop, expires_at=shop.clock.now() + DAY)
    await shop.wait(model.TRANSFER_LIFE)

    payment = await confirm(shop, started)

    assert (payment.status, payment.late) == (PaymentStatus.CHARGED, True)
    assert await shop.refunds_of(started) == []
    assert (await shop.told(started))[-3:] == ["charged", "review", "confirmed"]


async def test_after_a_cancel_the_money_may_come_all_the_same(shop: Shop) -> None:
    started = await announced(shop)
    await shop.decisions.cancel(shop.db, shop.tenant, started.payment.id)
    assert (await shop.payment(started)).status is PaymentStatus.CANCELLED

    assert (await confirm(shop, started)).late is True


async def test_a_transfer_takes_no_place_and_the_second_who_pays_is_surplus(shop: Shop) -> None:
    await bank_account(shop)
    link = await shop.link(max_payments=1)
    anna = await shop.pay(link, payer="anna", method="transfer")
    boris = await shop.pay(link, payer="boris", method="card")

    assert (await shop.charged(boris)).surplus is False
    payment = await confirm(shop, anna)

    assert (payment.status, payment.surplus) == (PaymentStatus.CHARGED, True)
    assert await shop.refunds_of(anna) == []
    assert await shop.told(anna) == ["created", "charged", "surplus", "review", "confirmed"]
    assert (await shop.link_now(link)).payments_count == 1


async def test_who_goes_over_to_a_transfer_gives_the_place_back(shop: Shop) -> None:
    await bank_account(shop)
    link = await shop.link(max_payments=1)
    await shop.pay(link, payer="anna", method="card")

    anna = await shop.pay(link, payer="anna", method="transfer")

    assert (await shop.payment(anna)).expires_at == shop.clock.now() + model.TRANSFER_LIFE
    assert (await shop.pay(link, payer="boris", method="card")).redirect_url is not None


async def test_a_transfer_that_comes_after_the_payer_paid_by_card_is_surplus_for_a_person(
    shop: Shop,
) -> None:
    await bank_account(shop)
    link = await shop.link()
    sent = await shop.pay(link, method="transfer")
    await shop.charged(await shop.pay(link, method="card"))

    payment = await confirm(shop, sent)

    assert (payment.surplus, payment.method) == (True, "card")
    assert (await shop.attempt(sent)).standing is Standing.SURPLUS
    assert await balances(shop) == {
        "acquirer:fake": 1_000,
        "acquirer:transfer": 1_000,
        "sales": -1_000,
        "owed:surplus": -1_000,
    }


async def test_a_transfer_goes_back_by_hand_and_is_recorded(shop: Shop) -> None:
    started = await announced(shop)
    payment = await confirm(shop, started)
    with pytest.raises(NotRefundable, match="by_hand") as refused:
        await shop.write(lambda tx: refunding.open_refund(tx, payment, 400, None))
    assert refused.value.code == "refund_by_hand"

    refund = await shop.write(
        lambda tx: refunding.open_refund(tx, payment, 400, None, by_hand=True)
    )

    assert refund.status is RefundStatus.SUCCEEDED
    assert (await shop.payment(started)).refunded_minor == 400
    await shop.wait(DAY)
    assert await balances(shop) == {"acquirer:transfer": 600, "sales": -600}


async def test_what_an_acquirer_took_does_not_go_back_by_hand(shop: Shop) -> None:
    payment = await shop.charged(await shop.pay(await shop.link()))

    with pytest.raises(NotRefundable, match="leave out by_hand"):
        await shop.write(lambda tx: refunding.open_refund(tx, payment, None, None, by_hand=True))


async def test_two_persons_who_confirm_at_once_make_one_charge(
    shop: Shop, database_url: str
) -> None:
    """In two processes, each with a writer of its own: what keeps them apart is the database."""
    await bank_account(shop)
    link, database = await shop.link(), open_database(database_url, shop.clock)
    other = Shop(database, shop.clock, shop.merchant)
    try:
        for number in range(10):
            started = await shop.pay(link, payer=f"payer {number}", method="transfer")
            both = await asyncio.gather(
                *(confirm(one, started) for one in (shop, other, shop, other))
            )
            assert {payment.status for payment in both} == {PaymentStatus.CHARGED}
            assert await shop.told(started) == ["created", "charged", "confirmed"]
    finally:
        database.close()
    assert await balances(shop) == {"acquirer:transfer": 10_000, "sales": -10_000}
    await judge_books(shop.db)


async def test_of_two_transfers_for_the_last_place_one_is_kept(shop: Shop) -> None:
    await bank_account(shop)
    for _ in range(5):
        link = await shop.link(max_payments=1)
        payers = [await shop.pay(link, payer=name, method="transfer") for name in ("a", "b")]

        both = await asyncio.gather(*(confirm(shop, started) for started in payers))

        assert sorted(payment.surplus for payment in both) == [False, True]
        assert (await shop.link_now(link)).payments_count == 1
