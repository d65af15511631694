"""One place, many who want it: the first who presses Pay has it, and all are told the truth."""

from __future__ import annotations

import asyncio

import pytest

from handbill.kernel.clock import MINUTE, SECOND
from tests.support.payers import Payer, seen
from tests.support.running import JSON, RunningHouse

pytestmark = pytest.mark.anyio

ROUNDS = 20


async def test_of_two_payers_who_press_at_once_exactly_one_gets_to_the_acquirer(
    house: RunningHouse,
) -> None:
    payers = [house.new_payer(), house.new_payer()]
    for _ in range(ROUNDS):
        url = (await house.make_link(max_payments=1))["url"]
        tokens = [(await payer.look(url)).token for payer in payers]
        answers = await asyncio.gather(
            payers[0].press(url, tokens[0], method="card"),
            payers[1].press(url, tokens[1], method="card"),
        )

        won, lost = sorted(answers, key=lambda answer: answer.status_code)
        assert (won.status_code, lost.status_code) == (303, 409)
        assert "/sandbox/pay/" in won.headers["location"]
        assert seen(lost).state == "taken"

    assert len(house.created) == ROUNDS


async def test_another_payer_reads_when_the_place_is_free_again(
    house: RunningHouse, payer: Payer
) -> None:
    link = await house.make_link(max_payments=1, title="The last chair")
    await payer.begin(link["url"])
    house.clock.advance(15 * MINUTE + 13 * SECOND)

    other = await house.new_payer().look(link["url"])

    assert (other.status, other.state) == (409, "taken")
    assert "it is your turn in 0:47." in other.text
    assert "The last chair" in other.text
    assert "Nothing was charged just now." in other.text
    assert other.buttons == {"Look again": link["url"]}


async def test_a_place_that_runs_out_goes_to_whoever_comes_next(
    house: RunningHouse, payer: Payer
) -> None:
    link = await house.make_link(max_payments=1)
    await payer.begin(link["url"])
    await house.pass_time(17 * MINUTE)

    other = house.new_payer()
    status = await other.decide(await other.begin(link["url"]), "approve")
    await house.settle()

    assert (await other.look(status)).state == "charged"
    assert [payment["status"] for payment in await house.payments()] == ["cancelled", "charged"]


async def test_after_the_payment_the_payer_finds_the_receipt_and_others_that_it_is_used(
    house: RunningHouse, payer: Payer
) -> None:
    link = await house.make_link(max_payments=1)
    status = await payer.decide(await payer.begin(link["url"]), "approve")
    await house.settle()

    mine, others = await payer.look(link["url"]), await house.new_payer().look(link["url"])

    assert (mine.status, mine.state) == (200, "paid_by_you")
    assert mine.buttons == {"See your receipt": status}
    assert (others.status, others.state) == (410, "used")
    assert others.buttons == {}
    read = (await house.shop.get(f"/api/v1/links/{link['id']}")).json()["data"]
    assert (read["status"], read["status_reason"], read["payments_count"]) == (
        "closed",
        "limit_reached",
        1,
    )


async def test_a_page_that_was_open_before_another_paid_starts_nothing(
    house: RunningHouse, payer: Payer
) -> None:
    link = await house.make_link(max_payments=1, closed_message="Thanks, I have my bicycle.")
    other = house.new_payer()
    token = (await other.look(link["url"])).token
    await payer.decide(await payer.begin(link["url"]), "approve")
    await house.settle()

    answer = seen(await other.press(link["url"], token, method="card"))
    problem = await house.payer.post(f"/pay/link/{link['id']}", headers=JSON)

    assert (answer.status, answer.state) == (410, "used")
    assert "Thanks, I have my bicycle." in answer.text
    assert (problem.status_code, problem.json()["state"]) == (410, "used")
    assert len(await house.payments()) == 1


async def test_a_link_for_three_takes_three_and_says_so_to_the_fourth(
    house: RunningHouse,
) -> None:
    link = await house.make_link(max_payments=3)
    payers = [house.new_payer() for _ in range(4)]
    places = [await payer.begin(link["url"]) for payer in payers[:3]]

    waiting = await payers[3].look(link["url"])
    assert (waiting.status, waiting.state) == (409, "taken")
    assert "The places that are left are all being paid for right now." in waiting.text

    for payer, place in zip(payers, places, strict=False):
        await payer.decide(place, "approve")
    await house.settle()

    full = await payers[3].look(link["url"])
    assert (full.status, full.state) == (410, "full")
    assert (await payers[0].look(link["url"])).state == "paid_by_you"
    assert [payment["status"] for payment in await house.payments()] == ["charged"] * 3


async def test_a_reusable_link_takes_as_many_as_come(house: RunningHouse, payer: Payer) -> None:
    link = await house.make_link()
    for one in (payer, payer, house.new_payer()):
        await one.decide(await one.begin(link["url"]), "approve")
        await house.settle()
    assert [payment["status"] for payment in await house.payments()] == ["charged"] * 3
