"""Money that comes late, twice or out of order: it is recorded, and nothing is undone by it."""

from __future__ import annotations

from functools import partial
from random import Random

import msgspec
import pytest

from handbill.infra.database import Tx
from handbill.kernel.clock import DAY, MINUTE
from handbill.kernel.errors import OutcomeUnknown
from handbill.kernel.money import Money
from handbill.payments import model, service
from handbill.payments.model import AttemptStatus, PaymentStatus
from handbill.providers.contract import (
    ActionRequired,
    Authorized,
    Cancelled,
    Charged,
    Declined,
    Outcome,
    Pending,
)
from tests.support.fake_acquirer import reference_of
from tests.support.shop import Shop

pytestmark = pytest.mark.anyio

DECLINED = Declined("", "card_declined", "The bank declined.")


@pytest.mark.parametrize(
    ("end", "status"),
    [
        (Cancelled(""), PaymentStatus.CANCELLED),
        (Cancelled("", expired=True), PaymentStatus.CANCELLED),
        (DECLINED, PaymentStatus.FAILED),
    ],
)
async def test_money_after_the_end_is_a_late_charge(
    shop: Shop, end: Outcome, status: PaymentStatus
) -> None:
    started = await shop.pay(await shop.link())
    await shop.hears(started, end)
    await shop.wait(model.GIVE_UP_AFTER)
    assert (await shop.payment(started)).status is status

    late = await shop.charged(started)

    assert (late.status, late.late) == (PaymentStatus.CHARGED, True)
    assert (late.error_code, late.amount_dest_minor) == (None, 1_000)
    assert await shop.told(started) == ["created", status, "charged"]
    body = (await shop.events(late.id))[-1].data["webhook"]["body"]
    assert (body["late"], body["error_description"]) == (True, "")


async def test_money_after_a_decline_is_no_late_charge_while_the_payment_is_open(
    shop: Shop,
) -> None:
    started = await shop.pay(await shop.link())
    await shop.hears(started, DECLINED)

    payment = await shop.charged(started)

    assert (payment.status, payment.late) == (PaymentStatus.CHARGED, False)
    await shop.wait(model.GIVE_UP_AFTER)
    assert (await shop.payment(started)).status is PaymentStatus.CHARGED


async def test_a_charge_is_never_undone(shop: Shop) -> None:
    started = await shop.pay(await shop.link())
    charged = await shop.charged(started)
    ends = (Cancelled(""), Cancelled("", expired=True), DECLINED, Charged("", Money(1, "RUB")))

    for news in (*ends, Pending(""), ActionRequired(""), Authorized("", Money(1_000, "RUB"))):
        assert await shop.hears(started, news) == charged

    assert (await shop.attempt(started)).status is AttemptStatus.CHARGED
    assert await shop.told(started) == ["created", "charged"]


async def test_paid_by_an_attempt_that_had_ended_the_other_is_ended_at_once(shop: Shop) -> None:
    link = await shop.link()
    first = await shop.pay(link)
    await shop.hears(first, DECLINED)
    second = await shop.pay(link)

    payment = await shop.charged(first)

    other = await shop.attempt(second)
    assert (payment.status, other.status) == (PaymentStatus.CHARGED, AttemptStatus.CANCELLED)
    assert [reference for reference, _ in shop.acquirer.cancels] == [other.reference]
    assert await shop.told(first) == ["created", "charged"]


async def test_paid_twice_the_second_is_surplus(shop: Shop) -> None:
    link = await shop.link()
    first = await shop.pay(link)
    await shop.hears(first, DECLINED)
    second = await shop.pay(link)
    await shop.charged(second)

    payment = await shop.charged(first)

    assert (payment.status, payment.surplus, payment.late) == (PaymentStatus.CHARGED, True, False)
    assert await shop.told(first) == ["created", "charged", "surplus"]
    assert (await shop.link_now(link)).payments_count == 1


async def test_a_notification_that_comes_twice_is_asked_about_once(shop: Shop) -> None:
    started = await shop.pay(await shop.link())
    account = await shop.account_of(started)
    shop.says(started, Charged("", started.attempt.amount))

    for _ in range(3):
        await shop.notified(account, "event-1", started)

    kept = await shop.db.read(lambda tx: tx.value("SELECT COUNT(*) FROM notifications"))
    assert kept == 1
    await shop.work()
    assert await shop.told(started) == ["created", "charged"]


async def test_every_order_of_news_about_two_attempts_ends_alike(shop: Shop) -> None:
    """Whatever comes first, twice or late: nothing raises, and money is never lost or doubled."""
    link = await shop.link()
    rng = Random(20_260_301)
    amount = Money(1_000, "RUB")
    news: list[Outcome] = [
        *(DECLINED, Cancelled("r"), Cancelled("r", expired=True), Pending("r")),
        *(ActionRequired("r", redirect_url="https://bank.example"), Authorized("r", amount)),
        Charged("r", amount),
    ]
    for number in range(60):
        first = await shop.pay(link, payer=str(number))
        await shop.write(partial(service.apply, attempt_id=first.attempt.id, outcome=DECLINED))
        assert (await shop.attempt(first)).reference == reference_of(first.attempt.id)
        second = await shop.pay(link, payer=str(number))
        told = [
            (attempt, rng.choice(news))
            for attempt in rng.choices((first.attempt.id, second.attempt.id), k=8)
        ]

        def take_in(tx: Tx, told: list[tuple[str, Outcome]] = told) -> None:
            for attempt_id, outcome in told:
                service.apply(tx, attempt_id, _referring(outcome, attempt_id))

        await shop.write(take_in)
        paid = {attempt for attempt, outcome in told if isinstance(outcome, Charged)}
        payment = await shop.payment(first)
        assert (payment.status is PaymentStatus.CHARGED) == bool(paid)
        assert payment.surplus == (len(paid) == 2)
        assert (await shop.told(first)).count("charged") == bool(paid)


async def test_without_a_single_notification_the_end_is_the_same(shop: Shop) -> None:
    link = await shop.link()
    ends: dict[Outcome, PaymentStatus] = {
        Charged("", Money(1_000, "RUB")): PaymentStatus.CHARGED,
        DECLINED: PaymentStatus.FAILED,
        Cancelled(""): PaymentStatus.CANCELLED,
    }
    started = {end: await shop.pay(link, payer=str(end)) for end in ends}
    for end, one in started.items():
        shop.says(one, end)

    for _ in range(5):
        await shop.wait(30 * MINUTE)

    for end, status in ends.items():
        assert (await shop.payment(started[end])).status is status


async def test_a_silent_bank_transfer_keeps_being_asked_about(shop: Shop) -> None:
    started = await shop.pay(await shop.link())
    shop.says(started, Pending(""))
    for _ in range(8):
        await shop.wait(15 * MINUTE)
    assert (await shop.payment(started)).status is PaymentStatus.PROCESSING

    shop.says(started, Charged("", started.attempt.amount))
    await shop.wait(15 * MINUTE)

    assert (await shop.payment(started)).status is PaymentStatus.CHARGED


async def test_an_answer_that_comes_after_days_is_taken(shop: Shop) -> None:
    started = await shop.pay(await shop.link())
    account = await shop.account_of(started)
    shop.says(started, OutcomeUnknown("down"))
    await shop.notified(account, "event-1", started)
    for _ in range(4):
        await shop.wait(DAY)

    shop.says(started, Charged("", started.attempt.amount))
    await shop.wait(DAY)

    assert (await shop.payment(started)).status is PaymentStatus.CHARGED


def _referring(outcome: Outcome, attempt_id: str) -> Outcome:
    return msgspec.structs.replace(outcome, reference=reference_of(attempt_id))
