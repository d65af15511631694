"""One payment from Pay to its end: what the acquirer says, and what is made of it."""

from __future__ import annotations

import pytest

from handbill.infra import jobs
from handbill.kernel.clock import HOUR, MINUTE, SECOND
from handbill.kernel.errors import (
    OutcomeUnknown,
    ProviderRejected,
    ProviderUnavailable,
)
from handbill.kernel.money import Money
from handbill.merchants import service as merchants
from handbill.payments import model
from handbill.payments.model import AttemptStatus, PaymentStatus
from handbill.providers.contract import (
    ActionRequired,
    Authorized,
    Cancelled,
    Charged,
    Declined,
    Pending,
)
from tests.support.fake_acquirer import reference_of
from tests.support.shop import FIVE_PERCENT, Shop

pytestmark = pytest.mark.anyio

DECLINED = Declined("", "insufficient_funds", "There is not enough money on the card.")


async def test_pay_leads_to_the_acquirer_and_is_stored_before_it_is_asked(shop: Shop) -> None:
    link = await shop.link(title="Lunch", metadata={"table": "7"})

    started = await shop.pay(link)

    assert started.redirect_url == f"https://bank.example/{reference_of(started.attempt.id)}"
    assert started.payment.status is PaymentStatus.PENDING
    [charge] = shop.acquirer.charges
    assert (charge.attempt_id, charge.key) == (started.attempt.id, started.attempt.id)
    assert (charge.amount, charge.method) == (Money(1_000, "RUB"), "card")
    assert (charge.description, charge.metadata) == ("Lunch", {"table": "7"})
    assert charge.return_url == f"https://pay.example/pay/status/{started.payment.token}"
    assert charge.notification_url.startswith("https://pay.example/notifications/fake/")
    assert await shop.told(started) == ["created"]


async def test_a_charge_is_told_once_with_the_three_amounts(shop: Shop) -> None:
    await shop.write(lambda tx: merchants.change(tx, shop.merchant.id, {"fee_rule": FIVE_PERCENT}))
    started = await shop.pay(await shop.link())
    assert (started.attempt.amount_minor, started.payment.amount_dest_minor) == (1_050, 0)

    payment = await shop.charged(started)
    await shop.hears(started, Charged("", Money(1_050, "RUB"), started.attempt.id))

    assert payment.status is PaymentStatus.CHARGED
    assert (payment.method, payment.provider) == ("card", "fake")
    assert (payment.charged_at, payment.late, payment.surplus) == (shop.clock.now(), False, False)
    created, charged = await shop.events(payment.id)
    assert (created.type, charged.type) == ("payment.created", "payment.charged")
    assert charged.data["webhook"] == {
        "url": None,
        "body": {
            "type": "link",
            "link": payment.link_id,
            "txid": payment.txid,
            "id": payment.id,
            "status": "charged",
            "amount": 1_000,
            "amount_dest": 950,
            "amount_with_fee": 1_050,
            "error_description": "",
            "currency": "RUB",
            "test": True,
        },
    }


async def test_after_a_decline_the_payer_tries_again_on_the_same_payment(shop: Shop) -> None:
    link = await shop.link()
    first = await shop.pay(link)
    declined = await shop.hears(first, DECLINED)
    assert declined.status is PaymentStatus.PENDING
    assert declined.error_code == "insufficient_funds"
    assert (await shop.attempt(first)).reference == reference_of(first.attempt.id)

    second = await shop.pay(link)

    assert second.payment.id == first.payment.id
    assert second.attempt.id != first.attempt.id
    charged = await shop.charged(second)
    assert (charged.status, charged.error_code) == (PaymentStatus.CHARGED, None)
    assert await shop.told(second) == ["created", "charged"]


async def test_a_payment_has_failed_half_an_hour_after_its_last_decline(shop: Shop) -> None:
    link = await shop.link()
    await shop.hears(await shop.pay(link), DECLINED)
    await shop.wait(20 * MINUTE)
    last = await shop.pay(link)
    await shop.hears(last, DECLINED)

    await shop.wait(29 * MINUTE)
    assert (await shop.payment(last)).status is PaymentStatus.PENDING

    await shop.wait(MINUTE)
    failed = await shop.payment(last)
    assert failed.status is PaymentStatus.FAILED
    assert await shop.told(last) == ["created", "failed"]
    body = (await shop.events(failed.id))[-1].data["webhook"]["body"]
    assert body["error_description"] == "There is not enough money on the card."


async def test_giving_up_waits_while_the_payer_tries_again(shop: Shop) -> None:
    link = await shop.link()
    await shop.hears(await shop.pay(link), DECLINED)
    await shop.wait(29 * MINUTE)
    again = await shop.pay(link)

    await shop.wait(2 * MINUTE)

    assert (await shop.payment(again)).status is PaymentStatus.PENDING
    assert (await shop.charged(again)).status is PaymentStatus.CHARGED


async def test_a_payment_that_ran_out_of_time_after_a_decline_is_cancelled_without_error(
    shop: Shop,
) -> None:
    link = await shop.link()
    await shop.hears(await shop.pay(link), DECLINED)
    again = await shop.pay(link)

    await shop.wait(model.ATTEMPT_LIFE)

    cancelled = await shop.payment(again)
    assert (cancelled.status, cancelled.error_code) == (PaymentStatus.CANCELLED, None)
    body = (await shop.events(cancelled.id))[-1].data["webhook"]["body"]
    assert (body["status"], body["error_description"]) == ("cancelled", "")


async def test_an_acquirer_that_cannot_be_reached_is_a_decline(shop: Shop) -> None:
    link = await shop.link()
    shop.acquirer.creates.append(ProviderUnavailable("no route"))

    started = await shop.pay(link)

    assert started.redirect_url is None
    assert started.attempt.status is AttemptStatus.DECLINED
    assert started.payment.error_code == "provider_unavailable"
    assert (await shop.pay(link)).redirect_url is not None


async def test_what_the_acquirer_refuses_as_wrong_is_rejected(shop: Shop) -> None:
    shop.acquirer.creates.append(ProviderRejected("amount too small"))

    started = await shop.pay(await shop.link())

    assert started.payment.status is PaymentStatus.REJECTED
    assert started.payment.error_code == "routing_failed"
    assert await shop.told(started) == ["created", "rejected"]


async def test_an_acquirer_that_is_switched_off_here_rejects(shop: Shop) -> None:
    await shop.account("another", methods=("transfer",))

    started = await shop.pay(await shop.link(), method="transfer")

    assert started.payment.status is PaymentStatus.REJECTED


async def test_an_attempt_of_an_acquirer_that_is_switched_off_ends_too(shop: Shop) -> None:
    """Its job must not fail for ever."""
    started = await shop.pay(await shop.link())
    after_restart = Shop(shop.db, shop.clock, shop.merchant, acquirers=False)

    for _ in range(80):
        await after_restart.wait(2 * HOUR)

    assert (await shop.payment(started)).status is PaymentStatus.CANCELLED
    assert await shop.db.read(jobs.next_due) is None


async def test_a_create_without_an_answer_is_found_out_later(shop: Shop) -> None:
    shop.acquirer.creates.append(OutcomeUnknown("timed out"))
    started = await shop.pay(await shop.link())
    assert (started.redirect_url, started.payment.status) == (None, PaymentStatus.CREATED)

    shop.says(started, ActionRequired("", redirect_url="https://bank.example/found"))
    await shop.wait(30 * SECOND)

    found = await shop.attempt(started)
    assert found.redirect_url == "https://bank.example/found"
    assert (await shop.payment(started)).status is PaymentStatus.PENDING


async def test_a_create_that_never_arrived_is_a_decline(shop: Shop) -> None:
    shop.acquirer.creates.append(OutcomeUnknown("timed out"))
    started = await shop.pay(await shop.link())

    await shop.wait(30 * SECOND)

    assert (await shop.attempt(started)).status is AttemptStatus.DECLINED
    assert (await shop.payment(started)).error_code == "provider_unavailable"


async def test_an_acquirer_that_forgot_what_it_knew_is_not_believed(shop: Shop) -> None:
    started = await shop.pay(await shop.link())
    forgotten = shop.acquirer.known.pop(reference_of(started.attempt.id))
    await shop.wait(30 * MINUTE)
    assert (await shop.attempt(started)).live

    shop.says(started, forgotten)
    await shop.wait(model.ATTEMPT_LIFE)

    assert (await shop.attempt(started)).status is AttemptStatus.EXPIRED


async def test_a_silent_acquirer_is_asked_until_it_answers(shop: Shop) -> None:
    started = await shop.pay(await shop.link())
    shop.says(started, OutcomeUnknown("down"))
    for _ in range(4):
        await shop.wait(HOUR)
    assert (await shop.payment(started)).status is PaymentStatus.PENDING

    shop.says(started, Charged("", started.attempt.amount))
    await shop.wait(2 * HOUR)

    assert (await shop.payment(started)).status is PaymentStatus.CHARGED


async def test_after_three_days_of_silence_the_payment_ends_without_money(shop: Shop) -> None:
    started = await shop.pay(await shop.link())
    shop.says(started, OutcomeUnknown("gone"))

    for _ in range(40):
        await shop.wait(2 * HOUR)

    assert (await shop.attempt(started)).status is AttemptStatus.EXPIRED
    assert (await shop.payment(started)).status is PaymentStatus.CANCELLED
    late = await shop.charged(started)
    assert (late.status, late.late) == (PaymentStatus.CHARGED, True)


async def test_an_attempt_that_is_out_of_time_is_ended_at_the_acquirer(shop: Shop) -> None:
    started = await shop.pay(await shop.link())

    await shop.wait(model.ATTEMPT_LIFE)

    attempt = await shop.attempt(started)
    assert attempt.status is AttemptStatus.EXPIRED
    assert shop.acquirer.cancels == [(attempt.reference, f"{attempt.id}:end")]
    assert (await shop.payment(started)).status is PaymentStatus.CANCELLED
    assert await shop.told(started) == ["created", "cancelled"]


async def test_what_was_paid_in_the_last_second_counts(shop: Shop) -> None:
    """The acquirer refuses to cancel what it has charged; it is asked what became of it."""
    started = await shop.pay(await shop.link())
    shop.clock.advance(model.ATTEMPT_LIFE)
    shop.says(started, Charged("", started.attempt.amount))

    await shop.work()

    assert (await shop.payment(started)).status is PaymentStatus.CHARGED


@pytest.mark.parametrize("wrong", [Money(999, "RUB"), Money(1_000, "USD")])
async def test_money_that_does_not_fit_is_for_a_person(shop: Shop, wrong: Money) -> None:
    started = await shop.pay(await shop.link())

    await shop.hears(started, Charged("", wrong))
    payment = await shop.hears(started, Charged("", wrong))

    assert payment.status is PaymentStatus.PROCESSING
    assert await shop.told(started) == ["created", "review"]
    event = (await shop.events(payment.id))[-1]
    assert event.data["received"] == {"amount": wrong.minor, "currency": wrong.currency}
    assert "webhook" not in event.data
    for _ in range(40):
        await shop.wait(2 * HOUR)
    assert (await shop.payment(started)).status is PaymentStatus.PROCESSING


async def test_a_declined_attempt_with_strange_money_is_not_given_up(shop: Shop) -> None:
    started = await shop.pay(await shop.link())
    await shop.hears(started, DECLINED)
    await shop.hears(started, Charged("", Money(1, "RUB")))

    await shop.wait(model.GIVE_UP_AFTER)

    assert await shop.told(started) == ["created", "review"]


async def test_money_for_another_attempt_is_for_a_person(shop: Shop) -> None:
    started = await shop.pay(await shop.link())

    await shop.hears(started, Charged("", started.attempt.amount, "another"))

    assert await shop.told(started) == ["created", "review"]


async def test_the_payer_cancels_at_the_acquirer(shop: Shop) -> None:
    link = await shop.link()
    started = await shop.pay(link)

    payment = await shop.hears(started, Cancelled(""))

    assert payment.status is PaymentStatus.CANCELLED
    assert (await shop.pay(link)).payment.id != payment.id


async def test_the_acquirer_may_ask_the_payer_again(shop: Shop) -> None:
    """A check by the bank, after everything looked done: there is a new place to go to."""
    started = await shop.pay(await shop.link())
    assert (await shop.hears(started, Pending(""))).status is PaymentStatus.PROCESSING

    asked = await shop.hears(started, ActionRequired("", redirect_url="https://bank.example/3ds"))

    assert asked.status is PaymentStatus.PENDING
    assert (await shop.attempt(started)).redirect_url == "https://bank.example/3ds"


async def test_held_money_is_being_processed(shop: Shop) -> None:
    started = await shop.pay(await shop.link())

    held = await shop.hears(started, Authorized("", started.attempt.amount))
    assert (held.status, await shop.told(started)) == (PaymentStatus.PROCESSING, ["created"])
    await shop.hears(started, Pending(""))
    assert (await shop.attempt(started)).status is AttemptStatus.AUTHORIZED

    assert (await shop.charged(started)).status is PaymentStatus.CHARGED
