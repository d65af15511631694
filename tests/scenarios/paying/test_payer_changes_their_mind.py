"""Back from the acquirer's page: the same payer finds their own payment, not a locked door."""

from __future__ import annotations

import pytest

from handbill.kernel.clock import MINUTE
from tests.support.payers import Payer, seen
from tests.support.roads import refused
from tests.support.running import RunningHouse

pytestmark = pytest.mark.anyio

BOTH = {"methods": ["card", "sbp"]}


async def test_back_from_the_acquirer_the_payer_goes_on_or_chooses_another_way(
    house: RunningHouse, payer: Payer
) -> None:
    link = await house.make_link(pay_config=BOTH, max_payments=1)
    acquirer = await payer.begin(link["url"])

    page = await payer.look(link["url"])

    assert page.status == 200
    assert "You started to pay this on 1 March 2026, 10:00 UTC." in page.text
    assert page.buttons == {
        "Continue that payment": acquirer,
        "Bank card": "card",
        "SBP From your bank's app": "sbp",
    }


async def test_the_same_way_again_leads_to_the_same_attempt(
    house: RunningHouse, payer: Payer
) -> None:
    link = await house.make_link(pay_config=BOTH)
    assert await payer.begin(link["url"]) == await payer.begin(link["url"])
    assert len(house.created) == 1


async def test_another_way_ends_the_old_attempt_at_the_acquirer_first(
    house: RunningHouse, payer: Payer
) -> None:
    link = await house.make_link(pay_config=BOTH, max_payments=1)
    card = await payer.begin(link["url"], "card")

    status = await payer.begin(link["url"], "sbp")

    verbs = [one.path.rpartition("/")[2] for one in house.road.heard("POST", "/sandbox/v1/")]
    assert verbs == ["payments", "cancel", "payments"]
    assert (await payer.look(status)).state == "scan"
    late = await payer.http.post(card, data={"decision": "approve"})
    assert late.status_code == 409
    await house.settle()
    assert (await payer.look(status)).state == "scan"
    assert house.told == []
    assert len(await house.payments()) == 1


async def test_a_payer_who_paid_there_meanwhile_does_not_pay_again_by_another_way(
    house: RunningHouse, payer: Payer
) -> None:
    link = await house.make_link(pay_config=BOTH, max_payments=1)
    status = await payer.decide(await payer.begin(link["url"], "card"), "approve")

    assert await payer.begin(link["url"], "sbp") == status  # before any notification came

    assert (await payer.look(status)).state == "charged"
    assert len(house.created) == 1


async def test_while_the_bank_decides_no_other_way_can_be_begun(
    house: RunningHouse, payer: Payer
) -> None:
    link = await house.make_link(pay_config=BOTH)
    status = await payer.decide(await payer.begin(link["url"], "card"), "pending_then_success")

    answer = seen(await payer.pay(link["url"], "sbp"))

    assert (answer.status, answer.state) == (409, "undecided")
    assert "Please do not pay twice." in answer.text
    assert answer.buttons == {"Look at your payment": status}


async def test_an_acquirer_that_cannot_be_asked_to_end_the_first_begins_no_second(
    house: RunningHouse, payer: Payer
) -> None:
    link = await house.make_link(pay_config=BOTH)
    await payer.begin(link["url"], "card")
    for verb, path in (("POST", "/sandbox/v1/payments/"), ("GET", "/sandbox/v1/payments/")):
        house.road.break_next(verb, path, refused(500))

    answer = seen(await payer.pay(link["url"], "sbp"))

    assert (answer.status, answer.state) == (409, "undecided")
    assert len(house.created) == 1


async def test_a_payer_who_cancels_at_the_acquirer_is_told_and_may_begin_again(
    house: RunningHouse, payer: Payer
) -> None:
    link = await house.make_link(
        max_payments=1, return_url="https://shop.example/order?id={PAYMENT_ID}"
    )
    status = await payer.decide(await payer.begin(link["url"]), "cancel")
    await house.settle()

    page = await payer.look(status)
    payment = await house.payment()
    assert page.state == "cancelled"
    assert page.buttons == {
        "Try again": link["url"],
        "Back to Sample shop": f"https://shop.example/order?id={payment['id']}",
    }
    assert (payment["status"], payment["error_code"]) == ("cancelled", None)
    assert [body["status"] for body in house.told] == ["cancelled"]

    paid = await payer.decide(await payer.begin(link["url"]), "approve")
    await house.settle()
    assert (await payer.look(paid)).state == "charged"


async def test_after_its_time_the_payers_attempt_is_not_offered_at_the_acquirer(
    house: RunningHouse, payer: Payer
) -> None:
    link = await house.make_link()
    await payer.begin(link["url"])
    house.clock.advance(61 * MINUTE)  # nobody has looked after it yet

    [token] = {one["payment_url"].rpartition("/")[2] for one in await house.payments()}
    buttons = (await payer.look(link["url"])).buttons

    assert buttons["Continue that payment"] == f"{house.url}/pay/status/{token}"
