"""The bank says no: the attempt is over, the payment is not, until the payer gives up."""

from __future__ import annotations

import pytest

from handbill.kernel.clock import MINUTE, SECOND
from tests.support.payers import Payer
from tests.support.running import RunningHouse

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize(
    ("button", "code", "words"),
    [
        (
            "decline_insufficient_funds",
            "insufficient_funds",
            "There is not enough money on the card or account.",
        ),
        ("decline_generic", "card_declined", "The bank did not allow it and gave no reason."),
        ("decline_fraud", "do_not_honour", "The bank did not allow it and gave no reason."),
    ],
)
async def test_the_payer_reads_why_and_that_nothing_was_charged(
    house: RunningHouse, payer: Payer, button: str, code: str, words: str
) -> None:
    link = await house.make_link(fail_url="https://shop.example/basket", title="Espresso")
    status = await payer.decide(await payer.begin(link["url"]), button)
    await house.settle()

    page = await payer.look(status)
    assert page.state == "declined"
    assert "You have not been charged." in page.text
    assert words in page.text
    assert page.buttons == {
        "Try again": link["url"],
        "Back to Sample shop": "https://shop.example/basket",
    }
    payment = await house.payment()
    assert (payment["status"], payment["error_code"]) == ("pending", code)
    assert house.told == []


async def test_after_a_decline_the_payer_tries_again_on_the_same_payment_and_is_charged(
    house: RunningHouse, payer: Payer
) -> None:
    link = await house.make_link(pay_config={"methods": ["card", "sbp"]})
    declined = await payer.decide(await payer.begin(link["url"]), "decline_generic")
    await house.settle()
    [again] = [url for words, url in (await payer.look(declined)).buttons.items()]

    second = await payer.begin(again)
    status = await payer.decide(second, "approve")
    await house.settle()

    assert status == declined
    assert (await payer.look(status)).state == "charged"
    assert (await house.payment())["error_code"] is None
    assert len({one["attempt_id"] for one in house.created}) == 2
    assert [(body["status"], body["error_description"]) for body in house.told] == [("charged", "")]
    await house.pass_time(31 * MINUTE)
    assert len(house.told) == 1


@pytest.mark.parametrize("asked", [{}, {"tips": [5, 10], "suggestions": [50_000, 90_000]}])
async def test_who_tries_again_does_not_type_the_amount_again(
    house: RunningHouse, payer: Payer, asked: dict[str, object]
) -> None:
    link = await house.make_link(
        amount={"default": 50_000, "currency": "RUB", "max": 500_000},
        amount_type="dynamic",
        pay_config={"methods": ["card"], **asked},
    )
    begun = await payer.begin(link["url"], amount="1 234,50", amount_minor="", tip="0")
    await payer.decide(begun, "decline_generic")
    await house.settle()

    page = await payer.look(link["url"])

    assert page.typed == "1234.50"
    assert 'class="fault"' not in page.html
    assert (await house.new_payer().look(link["url"])).typed != "1234.50"


async def test_half_an_hour_after_the_last_decline_the_payment_has_failed_once(
    house: RunningHouse, payer: Payer
) -> None:
    link = await house.make_link()
    await payer.decide(await payer.begin(link["url"]), "decline_generic")
    await house.settle()
    await house.pass_time(20 * MINUTE)
    status = await payer.decide(await payer.begin(link["url"]), "decline_insufficient_funds")
    await house.settle()
    await house.pass_time(29 * MINUTE)
    assert (await house.payment())["status"] == "pending"

    await house.pass_time(MINUTE + SECOND)

    payment = await house.payment()
    assert (payment["status"], payment["error_code"]) == ("failed", "insufficient_funds")
    page = await payer.look(status)
    assert (page.state, page.buttons) == ("declined", {"Try again": link["url"]})
    await house.pass_time(120 * MINUTE)
    [body] = house.told
    assert (body["status"], body["amount_dest"]) == ("failed", 0)
    assert body["error_description"] == "There is not enough money on the account."


async def test_whoever_comes_back_after_the_failure_pays_anew(
    house: RunningHouse, payer: Payer
) -> None:
    link = await house.make_link(max_payments=1)
    await payer.decide(await payer.begin(link["url"]), "decline_generic")
    await house.settle()
    await house.pass_time(31 * MINUTE)

    status = await payer.decide(await payer.begin(link["url"]), "approve")
    await house.settle()

    assert (await payer.look(status)).state == "charged"
    assert [payment["status"] for payment in await house.payments()] == ["failed", "charged"]


@pytest.mark.parametrize(
    ("button", "state", "told"),
    [("pending_then_success", "charged", ["charged"]), ("pending_then_fail", "declined", [])],
)
async def test_a_slow_bank_is_waited_for_and_nobody_is_asked_to_pay_twice(
    house: RunningHouse, payer: Payer, button: str, state: str, told: list[str]
) -> None:
    link = await house.make_link(pay_config={"methods": ["card", "sbp"]})
    status = await payer.decide(await payer.begin(link["url"]), button)
    await house.settle()

    waiting = await payer.look(status)
    assert (waiting.state, waiting.buttons) == ("waiting", {})
    assert (await house.payment())["status"] == "processing"
    assert "Continue that payment" in (await payer.look(link["url"])).buttons

    await house.pass_time(5 * SECOND)

    assert (await payer.look(status)).state == state
    assert [body["status"] for body in house.told] == told
