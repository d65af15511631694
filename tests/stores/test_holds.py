"""Two stages: money is held, then captured or released by the merchant. And a payment that is under
way is cancelled at the acquirer first."""

from __future__ import annotations

import asyncio

import pytest

from handbill.infra.database import Tx
from handbill.kernel.clock import DAY, HOUR
from handbill.kernel.errors import (
    Conflict,
    Invalid,
    LinkNotPayable,
    OutcomeUnknown,
    ProviderRejected,
    ProviderUnavailable,
)
from handbill.kernel.money import Money
from handbill.links.model import CaptureMode, PayConfig
from handbill.merchants import service as merchants
from handbill.payments import capturing, model, service
from handbill.payments.model import AttemptStatus, Payment, PaymentStatus
from handbill.payments.start import Started
from handbill.providers.contract import Authorized, Cancelled, Pending
from tests.support.shop import FIVE_PERCENT, Shop

pytestmark = pytest.mark.anyio

MANUAL = PayConfig(capture=CaptureMode.MANUAL)


async def held(shop: Shop, **terms: object) -> Started:
    """1000 asked and 1050 held."""
    await shop.write(lambda tx: merchants.change(tx, shop.merchant.id, {"fee_rule": FIVE_PERCENT}))
    started = await shop.pay(await shop.link(pay_config=MANUAL, **terms))
    await shop.hears(started, Authorized("", started.attempt.amount))
    return started


async def capture(shop: Shop, started: Started, amount: int | None = None) -> Payment:
    def begin(tx: Tx) -> None:
        payment = service.get(tx, shop.tenant, started.payment.id)
        capturing.begin(tx, payment, amount)

    await shop.write(begin)
    return await shop.decisions.capture(shop.db, shop.tenant, started.payment.id)


async def cancel(shop: Shop, started: Started) -> Payment:
    return await shop.decisions.cancel(shop.db, shop.tenant, started.payment.id)


async def test_the_acquirer_is_asked_to_hold_and_the_merchant_is_told(shop: Shop) -> None:
    started = await held(shop)

    assert [charge.capture for charge in shop.acquirer.charges] == [False]
    assert (await shop.payment(started)).status is PaymentStatus.PROCESSING
    assert await shop.told(started) == ["created", "held"]


async def test_a_hold_is_kept_for_a_week_then_let_go(shop: Shop) -> None:
    started = await held(shop)
    for _ in range(6):
        await shop.wait(DAY)
    assert (await shop.payment(started)).status is PaymentStatus.PROCESSING
    assert shop.acquirer.cancels == []

    await shop.wait(DAY)

    assert (await shop.payment(started)).status is PaymentStatus.CANCELLED
    assert (await shop.attempt(started)).status is AttemptStatus.EXPIRED


async def test_all_of_it_is_captured(shop: Shop) -> None:
    started = await held(shop)

    payment = await capture(shop, started)

    assert (payment.status, payment.amount_minor, payment.amount_dest_minor) == (
        PaymentStatus.CHARGED,
        1_000,
        950,
    )
    assert shop.acquirer.captures == [(Money(1_050, "RUB"), f"{started.attempt.id}:capture")]
    assert await shop.told(started) == ["created", "held", "charged"]


async def test_a_part_is_captured_with_its_share_of_the_fee(shop: Shop) -> None:
    started = await held(shop)

    payment = await capture(shop, started, 600)

    amounts = payment.amount_minor, payment.amount_with_fee_minor, payment.amount_dest_minor
    assert amounts == (600, 630, 570)
    assert (await shop.refund(started)).with_fee_minor == 630


async def test_asked_again_it_is_captured_once(shop: Shop) -> None:
    started = await held(shop)

    await asyncio.gather(*(capture(shop, started, 600) for _ in range(4)))
    again = await capture(shop, started, 600)

    assert again.status is PaymentStatus.CHARGED
    assert len({key for _, key in shop.acquirer.captures}) == 1
    with pytest.raises(Conflict):
        await capture(shop, started, 500)


async def test_another_sum_is_refused_while_one_is_captured(shop: Shop) -> None:
    started = await held(shop)
    shop.acquirer.next_captures.append(OutcomeUnknown("cut off"))
    await capture(shop, started, 600)

    with pytest.raises(Conflict) as refused:
        await capture(shop, started, 700)

    assert refused.value.code == "capture_under_way"


async def test_more_than_is_held_is_refused(shop: Shop) -> None:
    started = await held(shop)

    with pytest.raises(Invalid):
        await capture(shop, started, 1_001)


async def test_nothing_is_captured_of_what_is_not_held(shop: Shop) -> None:
    started = await shop.pay(await shop.link(pay_config=MANUAL))
    plain = await shop.pay(await shop.link())
    await shop.hears(plain, Authorized("", plain.attempt.amount))

    for one in (started, plain):
        with pytest.raises(Conflict) as refused:
            await capture(shop, one)
        assert refused.value.code == "nothing_held"


@pytest.mark.parametrize("trouble", [ProviderUnavailable("down"), OutcomeUnknown("cut off")])
async def test_a_capture_without_an_answer_is_asked_for_again(
    shop: Shop, trouble: ProviderUnavailable | OutcomeUnknown
) -> None:
    started = await held(shop)
    shop.acquirer.next_captures.append(trouble)

    payment = await capture(shop, started, 600)
    assert payment.status is PaymentStatus.PROCESSING
    await shop.wait(capturing.ASK_AFTER)

    assert (await shop.payment(started)).amount_minor == 600
    assert len({key for _, key in shop.acquirer.captures}) == 1


async def test_a_capture_that_is_refused_may_be_asked_for_anew(shop: Shop) -> None:
    started = await held(shop)
    shop.acquirer.next_captures.append(ProviderRejected("not a part"))

    with pytest.raises(Conflict) as refused:
        await capture(shop, started, 600)

    assert refused.value.code == "capture_refused"
    assert (await capture(shop, started)).amount_minor == 1_000


async def test_a_hold_keeps_its_place(shop: Shop) -> None:
    started = await held(shop, max_payments=1)
    await shop.wait(2 * DAY)
    with pytest.raises(LinkNotPayable):
        await shop.pay(await shop.link_of(started), payer="boris")

    await cancel(shop, started)

    await shop.pay(await shop.link_of(started), payer="boris")


async def test_a_hold_that_comes_after_the_end_is_released(shop: Shop) -> None:
    started = await shop.pay(await shop.link(pay_config=MANUAL))
    await shop.hears(started, Cancelled("", expired=True))

    await shop.hears(started, Authorized("", started.attempt.amount))

    assert len(shop.acquirer.cancels) == 1
    assert (await shop.payment(started)).status is PaymentStatus.CANCELLED


async def test_what_is_under_way_is_cancelled_at_the_acquirer_first(shop: Shop) -> None:
    started = await shop.pay(await shop.link())

    payment = await cancel(shop, started)

    assert payment.status is PaymentStatus.CANCELLED
    assert len(shop.acquirer.cancels) == 1
    assert (await cancel(shop, started)).status is PaymentStatus.CANCELLED
    assert await shop.told(started) == ["created", "cancelled"]


async def test_what_the_acquirer_is_deciding_is_not_cancelled(shop: Shop) -> None:
    started = await shop.pay(await shop.link())
    await shop.hears(started, Pending(""))

    with pytest.raises(Conflict):
        await cancel(shop, started)

    assert (await shop.payment(started)).status is PaymentStatus.PROCESSING


async def test_what_is_paid_is_refunded_instead(shop: Shop) -> None:
    started = await shop.pay(await shop.link())
    await shop.charged(started)

    with pytest.raises(Conflict) as refused:
        await cancel(shop, started)

    assert refused.value.code == "already_charged"


async def test_of_cancel_and_capture_at_once_one_wins(shop: Shop) -> None:
    """The race: money is either taken or let go, and the payment says which."""
    for _ in range(10):
        started = await held(shop)

        await asyncio.gather(capture(shop, started), cancel(shop, started), return_exceptions=True)
        await shop.wait(HOUR)

        status = (await shop.payment(started)).status
        known = await shop.acquirer.fetch(started.attempt.reference, started.attempt.id)
        assert (status, isinstance(known, Cancelled)) in (
            (PaymentStatus.CHARGED, False),
            (PaymentStatus.CANCELLED, True),
        )
        assert (await shop.attempt(started)).live is False


def test_a_hold_outlasts_every_other_wait() -> None:
    assert model.HOLD_LIFE > model.PAYMENT_LIFE > model.PLACE_LIFE
