"""Links with a limit: a place is held while its payer pays, and nobody gets a place too many."""

from __future__ import annotations

import pytest

from handbill.kernel.clock import MINUTE
from handbill.kernel.errors import LinkNotPayable
from handbill.links.model import ClosedReason, LinkStatus
from handbill.payments import model
from handbill.payments.model import PaymentStatus
from handbill.providers.contract import Cancelled, Declined, Pending
from tests.support.shop import Shop

pytestmark = pytest.mark.anyio


async def test_the_place_of_a_one_time_link_is_held_for_its_payer(shop: Shop) -> None:
    link = await shop.link(max_payments=1)
    anna = await shop.pay(link, payer="anna")
    assert anna.attempt.expires_at == shop.clock.now() + model.PLACE_LIFE

    with pytest.raises(LinkNotPayable) as refused:
        await shop.pay(link, payer="boris")

    assert refused.value.state == "taken"
    assert refused.value.free_at == anna.attempt.expires_at + model.PLACE_GRACE
    assert (await shop.pay(link, payer="anna")).attempt.id == anna.attempt.id


async def test_the_charge_closes_the_link_for_good(shop: Shop) -> None:
    link = await shop.link(max_payments=1)
    await shop.charged(await shop.pay(link, payer="anna"))

    for payer in ("anna", "boris"):
        with pytest.raises(LinkNotPayable) as refused:
            await shop.pay(link, payer=payer)
        assert refused.value.state == "used"
    closed = await shop.link_now(link)
    assert (closed.status, closed.status_reason) == (LinkStatus.CLOSED, ClosedReason.LIMIT_REACHED)
    assert closed.payments_count == 1
    assert [event.type for event in await shop.events(link.id)] == ["link.created", "link.closed"]


@pytest.mark.parametrize("end", [Declined("", "card_declined"), Cancelled("")])
async def test_a_place_is_free_when_its_payer_does_not_pay(
    shop: Shop, end: Declined | Cancelled
) -> None:
    link = await shop.link(max_payments=1)
    await shop.hears(await shop.pay(link, payer="anna"), end)

    boris = await shop.pay(link, payer="boris")

    assert boris.redirect_url is not None
    with pytest.raises(LinkNotPayable):
        await shop.pay(link, payer="anna")


async def test_a_payer_who_switches_keeps_the_place(shop: Shop) -> None:
    link = await shop.link(max_payments=1)
    await shop.pay(link, payer="anna", method="card")

    switched = await shop.pay(link, payer="anna", method="sbp")

    assert switched.attempt.method == "sbp"
    with pytest.raises(LinkNotPayable):
        await shop.pay(link, payer="boris")


async def test_an_attempt_is_ended_before_its_place_is_given_away(shop: Shop) -> None:
    link = await shop.link(max_payments=1)
    anna = await shop.pay(link, payer="anna")

    shop.clock.advance(model.PLACE_LIFE)
    with pytest.raises(LinkNotPayable):
        await shop.pay(link, payer="boris")
    await shop.work()

    assert len(shop.acquirer.cancels) == 1
    assert (await shop.payment(anna)).status is PaymentStatus.CANCELLED
    assert (await shop.pay(link, payer="boris")).redirect_url is not None


async def test_a_place_runs_out_where_nobody_works(shop: Shop) -> None:
    link = await shop.link(max_payments=1)
    await shop.pay(link, payer="anna")

    shop.clock.advance(model.PLACE_LIFE + model.PLACE_GRACE)

    assert (await shop.pay(link, payer="boris")).redirect_url is not None


async def test_while_the_acquirer_decides_the_place_is_held(shop: Shop) -> None:
    link = await shop.link(max_payments=1)
    anna = await shop.pay(link, payer="anna")
    await shop.hears(anna, Pending(""))

    for _ in range(12):
        await shop.wait(15 * MINUTE)
        with pytest.raises(LinkNotPayable):
            await shop.pay(link, payer="boris")

    assert (await shop.charged(anna)).surplus is False


async def test_money_for_a_place_that_ran_out_is_surplus_and_not_counted(shop: Shop) -> None:
    link = await shop.link(max_payments=1)
    anna = await shop.pay(link, payer="anna")
    shop.clock.advance(model.PLACE_LIFE + model.PLACE_GRACE)
    boris = await shop.pay(link, payer="boris")
    await shop.charged(boris)

    paid_twice = await shop.charged(anna)

    assert (paid_twice.status, paid_twice.surplus) == (PaymentStatus.REFUNDED, True)
    assert (await shop.payment(boris)).surplus is False
    assert await shop.told(anna) == ["created", "cancelled", "charged", "surplus", "refunded"]
    body = (await shop.events(anna.payment.id))[2].data["webhook"]["body"]
    assert (body["late"], body["surplus"]) == (True, True)
    assert (await shop.link_now(link)).payments_count == 1


async def test_three_places_are_three_payers_at_once(shop: Shop) -> None:
    link = await shop.link(max_payments=3)
    payers = [await shop.pay(link, payer=name) for name in ("anna", "boris", "clara")]
    with pytest.raises(LinkNotPayable) as refused:
        await shop.pay(link, payer="dmitri")
    assert refused.value.state == "taken"

    for started in payers:
        await shop.charged(started)

    with pytest.raises(LinkNotPayable) as refused:
        await shop.pay(link, payer="dmitri")
    assert refused.value.state == "full"
    assert (await shop.link_now(link)).payments_count == 3


async def test_a_link_that_ended_meanwhile_still_takes_the_money_that_was_started(
    shop: Shop,
) -> None:
    link = await shop.link(expires_at=shop.clock.now() + MINUTE)
    started = await shop.pay(link)
    await shop.wait(MINUTE)
    assert (await shop.link_now(link)).status is LinkStatus.CLOSED

    assert (await shop.charged(started)).status is PaymentStatus.CHARGED

    after = await shop.link_now(link)
    assert (after.status_reason, after.payments_count) == (ClosedReason.EXPIRED, 1)
