"""Pay is pressed again: the same click twice, another method, another amount, another person."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from handbill.kernel.clock import MINUTE, SECOND
from handbill.kernel.errors import Conflict, Invalid, LinkNotPayable, NotFound, OutcomeUnknown
from handbill.kernel.ids import new_id
from handbill.links.model import AmountType, PayConfig
from handbill.merchants import service as merchants
from handbill.payments import model
from handbill.payments.model import AttemptStatus, PaymentStatus
from handbill.payments.order import Order
from handbill.providers.contract import ActionRequired, Charged, Declined, Pending
from tests.support.shop import FIVE_PERCENT, Shop

pytestmark = pytest.mark.anyio


async def test_the_same_click_twice_is_one_attempt(shop: Shop) -> None:
    link, click = await shop.link(), new_id(shop.clock.now())

    first, second = await asyncio.gather(
        shop.pay(link, attempt_id=click), shop.pay(link, attempt_id=click)
    )

    assert first.attempt.id == second.attempt.id == click
    assert first.payment.id == second.payment.id
    assert len(shop.acquirer.charges) == 1
    assert (await shop.pay(link, attempt_id=click)).redirect_url is not None


async def test_the_same_click_after_a_decline_asks_nobody_again(shop: Shop) -> None:
    link, click = await shop.link(), new_id(shop.clock.now())
    started = await shop.pay(link, attempt_id=click)
    await shop.hears(started, Declined("", "card_declined"))

    again = await shop.pay(link, attempt_id=click)

    assert (again.attempt.status, again.redirect_url) == (AttemptStatus.DECLINED, None)
    assert len(shop.acquirer.charges) == 1


async def test_a_click_belongs_to_its_page(shop: Shop) -> None:
    click = new_id(shop.clock.now())
    await shop.pay(await shop.link(), attempt_id=click)
    another = await shop.link()

    with pytest.raises(NotFound):
        await shop.pay(another, attempt_id=click)


async def test_a_kept_page_on_which_the_payer_now_chooses_otherwise_is_a_new_click(
    shop: Shop,
) -> None:
    link, click = await shop.link(), new_id(shop.clock.now())
    by_card = await shop.pay(link, attempt_id=click)

    by_sbp = await shop.pay(link, method="sbp", attempt_id=click)

    assert by_sbp.attempt.method == "sbp"
    assert by_sbp.attempt.id != by_card.attempt.id
    assert by_sbp.payment.id == by_card.payment.id


async def test_pay_again_leads_back_to_the_attempt_that_is_open(shop: Shop) -> None:
    link = await shop.link()
    first = await shop.pay(link)

    second = await shop.pay(link)

    assert second.redirect_url == first.redirect_url
    assert len(shop.acquirer.charges) == 1


async def test_another_method_ends_the_earlier_attempt_at_the_acquirer_first(shop: Shop) -> None:
    link = await shop.link()
    by_card = await shop.pay(link, method="card")

    by_sbp = await shop.pay(link, method="sbp")

    old = await shop.attempt(by_card)
    assert old.status is AttemptStatus.CANCELLED
    assert shop.acquirer.cancels == [(old.reference, f"{old.id}:switch")]
    assert by_sbp.payment.id == by_card.payment.id
    assert (await shop.charged(by_sbp)).status is PaymentStatus.CHARGED
    assert await shop.told(by_sbp) == ["created", "charged"]


async def test_who_was_charged_meanwhile_does_not_pay_twice_for_switching(shop: Shop) -> None:
    link = await shop.link()
    by_card = await shop.pay(link, method="card")
    shop.says(by_card, Charged("", by_card.attempt.amount))

    again = await shop.pay(link, method="sbp")

    assert (again.payment.id, again.redirect_url) == (by_card.payment.id, None)
    assert again.payment.status is PaymentStatus.CHARGED
    assert len(shop.acquirer.charges) == 1


@pytest.mark.parametrize("answer", [Pending(""), OutcomeUnknown("no answer")])
async def test_an_attempt_that_may_still_be_paid_is_not_left_for_another(
    shop: Shop, answer: Pending | OutcomeUnknown
) -> None:
    link = await shop.link()
    by_card = await shop.pay(link, method="card")
    shop.says(by_card, answer)

    with pytest.raises(Conflict):
        await shop.pay(link, method="sbp")

    assert (await shop.attempt(by_card)).live
    assert len(shop.acquirer.charges) == 1


async def test_an_attempt_on_its_way_is_ended_once_it_is_found(shop: Shop) -> None:
    link = await shop.link()
    shop.acquirer.creates.append(OutcomeUnknown("no answer"))
    lost = await shop.pay(link, method="card")
    with pytest.raises(Conflict):
        await shop.pay(link, method="sbp")

    shop.says(lost, ActionRequired("", redirect_url="https://bank.example/lost"))
    found = await shop.pay(link, method="sbp")

    assert found.attempt.method == "sbp"
    assert (await shop.attempt(lost)).status is AttemptStatus.CANCELLED


async def test_an_abandoned_switch_is_cancelled_at_the_payments_deadline(shop: Shop) -> None:
    link = await shop.link()
    by_card = await shop.pay(link, method="card")
    by_sbp = await shop.pay(link, method="sbp")
    shop.says(by_sbp, OutcomeUnknown("no answer"))
    with pytest.raises(Conflict):
        await shop.pay(link, method="card")
    shop.says(by_sbp, ActionRequired("", qr_payload="https://qr.example/1"))

    await shop.wait(model.PAYMENT_LIFE)

    assert (await shop.payment(by_card)).status is PaymentStatus.CANCELLED
    assert await shop.told(by_card) == ["created", "cancelled"]


async def test_another_typed_amount_is_another_payment(shop: Shop) -> None:
    link = await shop.link(amount_type=AmountType.DYNAMIC, amount_minor=0)
    first = await shop.pay(link, amount_typed="10,50")

    second = await shop.pay(link, amount_typed="20")

    assert (first.payment.amount_minor, second.payment.amount_minor) == (1_050, 2_000)
    assert second.payment.id != first.payment.id
    assert (await shop.attempt(first)).status is AttemptStatus.CANCELLED
    await shop.wait(model.PAYMENT_LIFE)
    assert (await shop.payment(first)).status is PaymentStatus.CANCELLED


@pytest.mark.parametrize("change", [{"amount_minor": 2_000}, {"currency": "USD"}])
async def test_an_edited_link_asks_its_new_price_and_leaves_the_started_payment(
    shop: Shop, change: dict[str, Any]
) -> None:
    link = await shop.link()
    first = await shop.pay(link)
    await shop.hears(first, Declined("", "card_declined"))
    changed = (await shop.change_link(link, **change)).full.link

    second = await shop.pay(link)

    assert second.payment.id != first.payment.id
    assert second.attempt.amount == changed.amount
    assert (await shop.payment(first)).amount_minor == 1_000


async def test_a_new_fee_is_a_new_payment(shop: Shop) -> None:
    link = await shop.link()
    first = await shop.pay(link)
    await shop.write(lambda tx: merchants.change(tx, shop.merchant.id, {"fee_rule": FIVE_PERCENT}))

    second = await shop.pay(link)

    assert second.payment.id != first.payment.id
    assert second.attempt.amount_minor == 1_050


async def test_payers_do_not_meet(shop: Shop) -> None:
    link = await shop.link()

    anna = await shop.pay(link, payer="anna")
    boris = await shop.pay(link, payer="boris")
    nobody = await shop.pay(link, payer=None)
    nobody_else = await shop.pay(link, payer=None)

    assert len({s.payment.id for s in (anna, boris, nobody, nobody_else)}) == 4


async def test_an_amount_that_is_no_amount_is_refused(shop: Shop) -> None:
    link = await shop.link(
        amount_type=AmountType.DYNAMIC, amount_minor=0, min_minor=100, max_minor=50_000
    )

    for typed in (None, "", " ", "ten", "0", "0,99", "500,01", "1e2"):
        with pytest.raises(Invalid) as refused:
            await shop.pay(link, amount_typed=typed)
        assert list(refused.value.faults) == ["amount"]
    for minor in (-100, 0, 99, 50_001):
        with pytest.raises(Invalid):
            await shop.pay(link, amount_minor=minor)
    assert shop.acquirer.charges == []


async def test_a_typed_amount_within_its_bounds_is_asked(shop: Shop) -> None:
    bounds = {"min_minor": 100, "max_minor": 50_000}
    link = await shop.link(amount_type=AmountType.DYNAMIC, amount_minor=0, **bounds)

    for typed, minor in (("1", 100), ("500", 50_000), ("1,50", 150)):
        started = await shop.pay(link, payer=None, amount_typed=typed)
        assert started.attempt.amount_minor == minor


async def test_a_method_is_chosen_among_those_that_are_offered(shop: Shop) -> None:
    link = await shop.link()
    with pytest.raises(Invalid):
        await shop.pay(link, method=None)
    with pytest.raises(Invalid):
        await shop.pay(link, method="lightning")
    await shop.change_link(link, pay_config=PayConfig(methods=("sbp", "transfer")))
    with pytest.raises(Invalid):
        await shop.pay(link, method="card")

    started = await shop.pay(link, method=None)  # one is left: it need not be named

    assert started.attempt.method == "sbp"
    await shop.change_link(link, pay_config=PayConfig(methods=("transfer",)))
    with pytest.raises(LinkNotPayable) as refused:
        await shop.pay(link)
    assert refused.value.state == "not_open_yet"


async def test_nothing_is_paid_where_there_is_nothing_to_pay(shop: Shop) -> None:
    for order in (
        Order(link_id=new_id(shop.clock.now())),
        Order(link_id="nonsense"),
        Order(token="nonsense"),
        Order(),
    ):
        with pytest.raises(NotFound):
            await shop.payments.start(shop.db, order)


async def test_a_paused_merchant_takes_no_payments(shop: Shop) -> None:
    link = await shop.link()
    await shop.write(lambda tx: merchants.set_paused(tx, shop.merchant.id, paused=True))

    with pytest.raises(LinkNotPayable) as refused:
        await shop.pay(link)

    assert refused.value.state == "paused"


async def test_an_end_is_told_before_a_missing_choice(shop: Shop) -> None:
    link = await shop.link(expires_at=shop.clock.now() + MINUTE)
    shop.clock.advance(MINUTE + SECOND)

    with pytest.raises(LinkNotPayable) as refused:
        await shop.pay(link, method=None)

    assert refused.value.state == "expired"
