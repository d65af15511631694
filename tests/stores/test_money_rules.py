"""Money that is not simply a payment: late, surplus, unfitting. Recorded first, then handled as the
merchant wants it; and the books say at every moment whose it is."""

from __future__ import annotations

import pytest

from handbill.kernel.clock import DAY, HOUR
from handbill.kernel.errors import Conflict, LinkNotPayable
from handbill.kernel.money import Money
from handbill.ledger import audit, book
from handbill.ledger.model import Chain
from handbill.links.model import Link
from handbill.merchants import service as merchants
from handbill.merchants.money_rule import MoneyRule, OnLate, OnMismatch, OnSurplus
from handbill.payments import judging, model
from handbill.payments.judging import Decision
from handbill.payments.model import AttemptStatus, Payment, PaymentStatus, Standing
from handbill.payments.refund import RefundStatus
from handbill.payments.start import Started
from handbill.providers.contract import Cancelled, Charged, Declined, Outcome
from tests.support.fake_acquirer import reference_of
from tests.support.shop import FIVE_PERCENT, Shop

pytestmark = pytest.mark.anyio

DECLINED = Declined("", "card_declined", "The bank declined.")


async def wants(shop: Shop, **rule: str) -> None:
    chosen = MoneyRule(
        late=OnLate(rule.get("late", "accept_if_payable")),
        surplus=OnSurplus(rule.get("surplus", "refund")),
        mismatch=OnMismatch(rule.get("mismatch", "review")),
    )
    changes = {"money_rule": chosen}
    await shop.write(lambda tx: merchants.change(tx, shop.merchant.id, changes))


async def balances(shop: Shop) -> dict[str, int]:
    """Of every account that is not empty; the books are whole whenever they are looked at."""
    chain = Chain(shop.merchant.id, True)
    assert await shop.db.read(audit.verify) == []
    found = await shop.db.read(lambda tx: book.balances(tx, chain))
    return {one.account: one.minor for one in found if one.minor}


async def paid_late(shop: Shop, link: Link) -> tuple[Started, Payment]:
    started = await shop.pay(link)
    await shop.hears(started, Cancelled("", expired=True))
    return started, await shop.charged(started)


async def paid_twice(shop: Shop, link: Link) -> Started:
    """By two attempts of one payment; gives the one that came second."""
    first = await shop.pay(link)
    await shop.hears(first, DECLINED)
    await shop.charged(await shop.pay(link))
    await shop.charged(first)
    return first


async def judge(shop: Shop, started: Started, decision: Decision) -> Payment:
    return await shop.write(lambda tx: judging.judge(tx, shop.tenant, started.payment.id, decision))


async def test_late_money_is_kept_while_the_link_can_be_paid(shop: Shop) -> None:
    _, payment = await paid_late(shop, await shop.link())

    assert (payment.status, payment.late) == (PaymentStatus.CHARGED, True)


async def test_late_money_goes_back_once_the_link_is_over(shop: Shop) -> None:
    link = await shop.link(expires_at=shop.clock.now() + HOUR)
    started = await shop.pay(link)
    await shop.hears(started, Cancelled("", expired=True))
    await shop.wait(HOUR)

    payment = await shop.charged(started)

    assert (payment.status, payment.late) == (PaymentStatus.REFUNDED, True)
    assert await shop.told(started) == ["created", "cancelled", "charged", "refunded"]
    assert await balances(shop) == {}


@pytest.mark.parametrize(
    ("rule", "status", "told"),
    [
        ("accept", PaymentStatus.CHARGED, ["charged"]),
        ("refund", PaymentStatus.REFUNDED, ["charged", "refunded"]),
        ("review", PaymentStatus.CHARGED, ["charged", "review"]),
    ],
)
async def test_late_money_follows_the_merchants_rule(
    shop: Shop, rule: str, status: PaymentStatus, told: list[str]
) -> None:
    await wants(shop, late=rule)

    started, payment = await paid_late(shop, await shop.link())

    assert payment.status is status
    assert await shop.told(started) == ["created", "cancelled", *told]


async def test_surplus_goes_back_and_what_pays_is_not_touched(shop: Shop) -> None:
    started = await paid_twice(shop, await shop.link())

    payment = await shop.payment(started)
    assert (payment.status, payment.surplus, payment.refunded_minor) == (
        PaymentStatus.CHARGED,
        True,
        0,
    )
    [refund] = await shop.refunds_of(started)
    assert (refund.status, refund.standing) == (RefundStatus.SUCCEEDED, Standing.SURPLUS)
    [(reference, _, key)] = shop.acquirer.asked_refunds
    assert (reference, key) == (reference_of(started.attempt.id), refund.id)
    assert await balances(shop) == {"acquirer:fake": 1_000, "sales": -1_000}
    whole = await shop.refund(started)
    assert (whole.amount_minor, whole.standing) == (1_000, Standing.KEPT)


async def test_surplus_in_review_waits_for_a_person_who_keeps_it(shop: Shop) -> None:
    await wants(shop, surplus="review")
    started = await paid_twice(shop, await shop.link())
    assert (await shop.told(started))[-2:] == ["surplus", "review"]
    assert (await balances(shop))["owed:surplus"] == -1_000

    await judge(shop, started, Decision.ACCEPT)

    assert await balances(shop) == {"acquirer:fake": 2_000, "sales": -2_000}
    with pytest.raises(Conflict):
        await judge(shop, started, Decision.REFUND)


async def test_surplus_in_review_waits_for_a_person_who_sends_it_back(shop: Shop) -> None:
    await wants(shop, surplus="review")
    started = await paid_twice(shop, await shop.link())

    await judge(shop, started, Decision.REFUND)
    await shop.work()

    assert await balances(shop) == {"acquirer:fake": 1_000, "sales": -1_000}


async def test_a_merchant_may_keep_all_surplus(shop: Shop) -> None:
    await wants(shop, surplus="accept")

    await paid_twice(shop, await shop.link())

    assert await balances(shop) == {"acquirer:fake": 2_000, "sales": -2_000}


async def test_a_code_that_was_paid_twice_has_two_charges(shop: Shop) -> None:
    """One attempt, two payers: each charge has a name of its own and goes back by itself."""
    started = await shop.pay(await shop.link())
    amount = started.attempt.amount
    also = (Charged("second scan", amount, started.attempt.id),)

    for _ in range(2):
        await shop.hears(started, Charged("", amount, started.attempt.id, also=also))

    [refund] = await shop.refunds_of(started)
    assert (refund.status, refund.standing) == (RefundStatus.SUCCEEDED, Standing.SURPLUS)
    assert [reference for reference, _, _ in shop.acquirer.asked_refunds] == ["second scan"]
    assert await shop.told(started) == ["created", "charged", "surplus"]
    assert await balances(shop) == {"acquirer:fake": 1_000, "sales": -1_000}


async def test_what_does_not_fit_is_booked_as_owed_and_pays_nothing(shop: Shop) -> None:
    started = await shop.pay(await shop.link())

    payment = await shop.hears(started, Charged("", Money(999, "RUB")))

    assert payment.status in model.OPEN
    assert await balances(shop) == {"acquirer:fake": 999, "owed:review": -999}
    assert await shop.told(started) == ["created", "review"]
    event = (await shop.events(payment.id))[-1]
    assert event.data["received"] == {"amount": 999, "currency": "RUB"}


async def test_what_did_not_fit_is_accepted_as_it_came(shop: Shop) -> None:
    await shop.write(lambda tx: merchants.change(tx, shop.merchant.id, {"fee_rule": FIVE_PERCENT}))
    started = await shop.pay(await shop.link())
    await shop.hears(started, Charged("", Money(600, "RUB")))

    payment = await judge(shop, started, Decision.ACCEPT)

    assert payment.status is PaymentStatus.CHARGED
    assert (payment.amount_minor, payment.amount_with_fee_minor) == (600, 600)
    assert payment.amount_dest_minor == 570
    assert await balances(shop) == {"acquirer:fake": 570, "fees": 30, "sales": -600}
    refund = await shop.refund(started)
    assert (refund.amount_minor, refund.with_fee_minor) == (600, 600)


async def test_what_did_not_fit_is_sent_back_and_the_payment_ends(shop: Shop) -> None:
    link = await shop.link(max_payments=1)
    started = await shop.pay(link, payer="anna")
    await shop.hears(started, Charged("", Money(5, "USD")))
    with pytest.raises(LinkNotPayable):
        await shop.pay(link, payer="boris")

    payment = await judge(shop, started, Decision.REFUND)
    await shop.work()

    assert payment.status is PaymentStatus.CANCELLED
    assert (await shop.attempt(started)).status is AttemptStatus.CANCELLED
    assert shop.acquirer.asked_refunds[0][1] == Money(5, "USD")
    assert await balances(shop) == {}
    await shop.pay(link, payer="boris")


async def test_money_in_another_currency_cannot_be_accepted(shop: Shop) -> None:
    started = await shop.pay(await shop.link())
    await shop.hears(started, Charged("", Money(1_000, "USD")))

    with pytest.raises(Conflict):
        await judge(shop, started, Decision.ACCEPT)


async def test_a_merchant_may_want_all_of_it_sent_back(shop: Shop) -> None:
    await wants(shop, mismatch="refund")
    started = await shop.pay(await shop.link())

    payment = await shop.hears(started, Charged("", Money(1, "RUB")))

    assert payment.status is PaymentStatus.CANCELLED
    assert [r.status for r in await shop.refunds_of(started)] == [RefundStatus.SUCCEEDED]
    assert await balances(shop) == {}


async def test_what_turns_out_to_fit_is_a_charge(shop: Shop) -> None:
    started = await shop.pay(await shop.link())
    await shop.hears(started, Charged("", Money(999, "RUB")))

    payment = await shop.charged(started)

    assert payment.status is PaymentStatus.CHARGED
    assert await balances(shop) == {"acquirer:fake": 1_000, "sales": -1_000}


async def test_a_payment_in_review_is_not_cancelled_under_its_money(shop: Shop) -> None:
    started = await shop.pay(await shop.link())
    await shop.hears(started, Charged("", Money(999, "RUB")))

    with pytest.raises(Conflict):
        await shop.decisions.cancel(shop.db, shop.tenant, started.payment.id)


async def test_the_acquirers_own_fee_takes_the_place_of_the_tariffs(shop: Shop) -> None:
    await shop.write(lambda tx: merchants.change(tx, shop.merchant.id, {"fee_rule": FIVE_PERCENT}))
    started = await shop.pay(await shop.link())
    amount, fee = started.attempt.amount, Money(30, "RUB")

    for _ in range(2):
        await shop.hears(started, Charged("", amount, fee=fee))

    assert await balances(shop) == {
        "acquirer:fake": 1_020,
        "provider_fee": 30,
        "sales": -1_000,
        "surcharge": -50,
    }
    assert await shop.told(started) == ["created", "charged", "fee_settled"]
    assert (await shop.events(started.payment.id))[-1].data["provider_fee"] == 30


@pytest.mark.parametrize("end", [Cancelled("", expired=True), Cancelled(""), DECLINED])
async def test_without_a_notification_late_money_is_found_within_days(
    shop: Shop, end: Outcome
) -> None:
    started = await shop.pay(await shop.link())
    await shop.hears(started, end)
    shop.says(started, Charged("", started.attempt.amount))

    for _ in range(3):
        await shop.wait(DAY)

    assert (await shop.payment(started)).status is PaymentStatus.CHARGED
