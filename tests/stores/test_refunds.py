"""Refunds: never more than was charged, sent until they are answered, exact in the books."""

from __future__ import annotations

import asyncio
from random import Random

import pytest

from handbill.kernel.clock import DAY, HOUR, MINUTE, SECOND
from handbill.kernel.errors import (
    Invalid,
    NotFound,
    NotRefundable,
    OutcomeUnknown,
    ProviderRejected,
    ProviderUnavailable,
)
from handbill.kernel.money import Money
from handbill.ledger import audit, book
from handbill.ledger.model import Chain
from handbill.merchants import service as merchants
from handbill.payments import model, refunding
from handbill.payments.model import PaymentStatus
from handbill.payments.refund import RefundStatus
from handbill.payments.start import Started
from handbill.providers.contract import (
    RefundFailed,
    RefundPending,
    RefundSucceeded,
)
from tests.support.fake_acquirer import reference_of, refund_reference_of
from tests.support.shop import FIVE_PERCENT, Shop

pytestmark = pytest.mark.anyio


async def paid(shop: Shop) -> Started:
    """1000 asked, 1050 paid, 950 for the merchant."""
    await shop.write(lambda tx: merchants.change(tx, shop.merchant.id, {"fee_rule": FIVE_PERCENT}))
    started = await shop.pay(await shop.link())
    await shop.charged(started)
    return started


async def balances(shop: Shop) -> dict[str, int]:
    chain = Chain(shop.merchant.id, True)
    found = await shop.db.read(lambda tx: book.balances(tx, chain))
    assert await shop.db.read(audit.verify) == []
    return {one.account: one.minor for one in found}


async def test_a_refund_gives_back_the_price_and_the_payers_fee(shop: Shop) -> None:
    started = await paid(shop)

    refund = await shop.refund(started)

    assert (refund.status, refund.amount_minor, refund.with_fee_minor) == (
        RefundStatus.SUCCEEDED,
        1_000,
        1_050,
    )
    [(reference, amount, key)] = shop.acquirer.asked_refunds
    assert reference == reference_of(started.attempt.id)
    assert (amount, key) == (Money(1_050, "RUB"), refund.id)
    payment = await shop.payment(started)
    assert (payment.status, payment.refunded_minor) == (PaymentStatus.REFUNDED, 1_000)
    assert await shop.told(started) == ["created", "charged", "refunded"]
    told = [event.type for event in await shop.events(refund.id)]
    assert told == ["refund.requested", "refund.succeeded"]


async def test_a_part_leaves_the_payment_charged(shop: Shop) -> None:
    started = await paid(shop)

    part = await shop.refund(started, 300)

    payment = await shop.payment(started)
    assert (payment.status, payment.refunded_minor) == (PaymentStatus.CHARGED, 300)
    assert (part.amount_minor, part.with_fee_minor) == (300, 315)
    assert await shop.told(started) == ["created", "charged"]
    rest = await shop.refund(started)
    assert (rest.amount_minor, rest.with_fee_minor) == (700, 735)
    assert (await shop.payment(started)).status is PaymentStatus.REFUNDED


async def test_the_books_give_back_what_was_sold_and_keep_the_fees_spent(shop: Shop) -> None:
    started = await paid(shop)

    await shop.refund(started, 500)

    assert await balances(shop) == {
        "acquirer:fake": 950 - 525,
        "fees": 100,
        "sales": -500,
        "surcharge": -25,
    }


async def test_more_than_is_left_is_refused_by_name(shop: Shop) -> None:
    started = await paid(shop)
    await shop.refund(started, 400)

    with pytest.raises(Invalid) as refused:
        await shop.refund(started, 601)

    assert refused.value.faults == {"amount": ["must be from 1 to 600, which is what is left"]}
    assert len(await shop.refunds_of(started)) == 1


async def test_what_is_not_paid_or_refunded_already_is_not_refunded(shop: Shop) -> None:
    started = await shop.pay(await shop.link())
    with pytest.raises(NotRefundable):
        await shop.refund(started)

    await shop.charged(started)
    await shop.refund(started)

    with pytest.raises(NotRefundable):
        await shop.refund(started, 1)


async def test_somebody_elses_payment_is_not_found(shop: Shop, neighbour: Shop) -> None:
    started = await paid(shop)

    with pytest.raises(NotFound):
        await neighbour.refund(started)


async def test_a_slow_refund_succeeds_when_the_acquirer_says_so(shop: Shop) -> None:
    started = await paid(shop)
    shop.acquirer.next_refunds.append(RefundPending(""))

    refund = await shop.refund(started)

    assert refund.status is RefundStatus.PENDING
    assert (await shop.payment(started)).status is PaymentStatus.CHARGED
    with pytest.raises(NotRefundable):  # all of it is on its way
        await shop.refund(started)
    done = RefundSucceeded(refund.reference or "", refund.with_fee)
    shop.acquirer.refunds[refund.id] = done
    await shop.wait(HOUR)
    assert (await shop.payment(started)).status is PaymentStatus.REFUNDED


async def test_a_notification_ends_it_at_once(shop: Shop) -> None:
    started = await paid(shop)
    shop.acquirer.next_refunds.append(RefundPending(""))
    refund = await shop.refund(started)
    reference = refund_reference_of(refund.id)
    shop.acquirer.refunds[refund.id] = RefundSucceeded(reference, refund.with_fee)

    account = await shop.account_of(started)
    await shop.notified(account, "event", started, refund_reference=reference)
    await shop.work()

    assert [r.status for r in await shop.refunds_of(started)] == [RefundStatus.SUCCEEDED]


async def test_a_notification_that_overtakes_the_answer_finds_it_by_our_id(shop: Shop) -> None:
    started = await paid(shop)
    shop.acquirer.next_refunds.append(OutcomeUnknown("cut off"))
    refund = await shop.refund(started)
    assert (refund.status, refund.reference) == (RefundStatus.REQUESTED, None)

    account, reference = await shop.account_of(started), refund_reference_of(refund.id)
    named = {"refund_reference": reference, "refund_id": refund.id}
    await shop.notified(account, "event", started, **named)
    await shop.work()

    assert [r.status for r in await shop.refunds_of(started)] == [RefundStatus.SUCCEEDED]


async def test_a_refund_that_fails_later_can_be_made_again(shop: Shop) -> None:
    started = await paid(shop)
    shop.acquirer.next_refunds.append(RefundPending(""))
    refund = await shop.refund(started)
    shop.acquirer.refunds[refund.id] = RefundFailed("r", "card_closed", "The card is closed.")
    await shop.wait(MINUTE)

    [failed] = await shop.refunds_of(started)
    assert (failed.status, failed.error_code) == (RefundStatus.FAILED, "card_closed")
    assert [event.type for event in await shop.events(refund.id)][-1] == "refund.failed"
    again = await shop.refund(started)
    assert again.status is RefundStatus.SUCCEEDED
    assert (await balances(shop))["sales"] == 0


async def test_a_refund_that_comes_back_after_it_succeeded_is_undone(shop: Shop) -> None:
    started = await paid(shop)
    refund = await shop.refund(started)
    before = (await shop.told(started)).count("charged")
    failed = RefundFailed("r", "account_closed", "The bank sent it back.")

    await shop.write(lambda tx: refunding.apply(tx, refund.id, failed))
    await shop.write(lambda tx: refunding.apply(tx, refund.id, failed))

    payment = await shop.payment(started)
    assert (payment.status, payment.refunded_minor) == (PaymentStatus.CHARGED, 0)
    assert (await shop.told(started)).count("charged") == before, "no goods are sent again"
    assert await balances(shop) == {
        "acquirer:fake": 950,
        "fees": 100,
        "sales": -1_000,
        "surcharge": -50,
    }


async def test_a_refund_that_the_acquirer_refuses_has_failed(shop: Shop) -> None:
    started = await paid(shop)
    shop.acquirer.next_refunds.append(ProviderRejected("too late"))

    refund = await shop.refund(started)

    assert (refund.status, refund.error_description) == (
        RefundStatus.FAILED,
        "The acquirer refused this refund.",
    )
    assert (await shop.payment(started)).refunded_minor == 0


@pytest.mark.parametrize("trouble", [ProviderUnavailable("down"), OutcomeUnknown("cut off")])
async def test_without_an_answer_it_is_asked_about_and_sent_with_the_same_key(
    shop: Shop, trouble: ProviderUnavailable | OutcomeUnknown
) -> None:
    started = await paid(shop)
    shop.acquirer.next_refunds.append(trouble)

    refund = await shop.refund(started)
    assert refund.status is RefundStatus.REQUESTED
    await shop.wait(refunding.ASK_AFTER)

    assert [r.status for r in await shop.refunds_of(started)] == [RefundStatus.SUCCEEDED]
    assert {key for _, _, key in shop.acquirer.asked_refunds} == {refund.id}
    assert (await balances(shop))["acquirer:fake"] == 950 - 1_050


async def test_a_bank_that_takes_weeks_is_asked_daily(shop: Shop) -> None:
    started = await paid(shop)
    shop.acquirer.next_refunds.append(RefundPending(""))
    refund = await shop.refund(started)
    for _ in range(20):
        await shop.wait(DAY)

    shop.acquirer.refunds[refund.id] = RefundSucceeded("r", refund.with_fee)
    await shop.wait(DAY)

    assert (await shop.payment(started)).status is PaymentStatus.REFUNDED


async def test_another_sum_than_was_asked_is_for_a_person(shop: Shop) -> None:
    started = await paid(shop)
    shop.acquirer.next_refunds.append(RefundSucceeded("", Money(1, "RUB")))

    refund = await shop.refund(started)
    await shop.wait(model.RECONCILE_FOR)

    assert (refund.status, refund.error_code) == (RefundStatus.REQUESTED, model.REVIEW)
    assert await shop.told(started) == ["created", "charged", "review"]
    assert (await shop.payment(started)).refunded_minor == 0


async def test_of_refunds_at_once_no_kopeck_goes_back_twice(shop: Shop) -> None:
    """The race: many ask for parts of the same payment at the same moment."""
    rng = Random(7)
    for _ in range(10):
        started = await paid(shop)
        parts = [rng.randint(50, 600) for _ in range(8)]

        answers = await asyncio.gather(
            *(shop.refund(started, part) for part in parts), return_exceptions=True
        )

        assert all(isinstance(a, Invalid | NotRefundable) for a in answers if _failed(a))
        refunds = await shop.refunds_of(started)
        total = sum(refund.amount_minor for refund in refunds)
        assert 0 < total <= 1_000
        assert (await shop.payment(started)).refunded_minor == total
        smallest_refused = min((p for p, a in zip(parts, answers, strict=True) if _failed(a)))
        assert total + smallest_refused > 1_000


async def test_the_first_question_comes_when_nobody_is_sending_any_more(shop: Shop) -> None:
    assert refunding.ASK_AFTER > 20 * SECOND


def _failed(answer: object) -> bool:
    return isinstance(answer, BaseException)
