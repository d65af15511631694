"""Each end that a payer can meet, over HTTP: its own words and status, whom to ask, and what a
program gets in its place. Who did something here themselves reads of that first."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest

from handbill.web.pages.end_words import ENDS
from tests.support.payers import Payer, Seen, seen
from tests.support.running import JSON, RunningHouse

pytestmark = pytest.mark.anyio

CONTACT = "+49 30 1234567"
TITLE = "The last chair"

Arrive = Callable[[RunningHouse, Payer], Awaitable[str]]
"""Gives the address at which the payer then meets the end."""


async def a_link(house: RunningHouse, **fields: object) -> str:
    return str((await house.make_link(title=TITLE, **fields))["url"])


async def paid(house: RunningHouse, payer: Payer, url: str) -> str:
    """The address of the receipt."""
    status = await payer.decide(await payer.begin(url), "approve")
    await house.settle()
    return status


async def change(house: RunningHouse, url: str, **fields: object) -> None:
    answer = await house.shop.patch(f"/api/v1/links/{url.rpartition('/')[2]}", json=fields)
    assert answer.status_code == 200, answer.text


async def after_its_time(house: RunningHouse, _payer: Payer) -> str:
    url = await a_link(house, expires_at="2026-03-01T10:05:00+00:00")
    house.clock.advance(5 * 60_000)
    return url


async def paid_by_somebody(house: RunningHouse, _payer: Payer) -> str:
    url = await a_link(house, max_payments=1)
    await paid(house, house.new_payer(), url)
    return url


async def paid_by_a_faster_one(house: RunningHouse, payer: Payer) -> str:
    url = await a_link(house, max_payments=1)
    await payer.decide(await payer.begin(url), "cancel")
    await house.settle()
    await paid(house, house.new_payer(), url)
    return url


async def paid_by_all(house: RunningHouse, _payer: Payer) -> str:
    url = await a_link(house, max_payments=2)
    for _ in range(2):
        await paid(house, house.new_payer(), url)
    return url


async def taken_down(house: RunningHouse, _payer: Payer) -> str:
    url = await a_link(house)
    await house.shop.delete(f"/api/v1/links/{url.rpartition('/')[2]}")
    return url


async def held_by_another(house: RunningHouse, _payer: Payer) -> str:
    url = await a_link(house, max_payments=1)
    await house.new_payer().begin(url)
    return url


async def paused_by_the_seller(house: RunningHouse, _payer: Payer) -> str:
    url = await a_link(house)
    await change(house, url, status="paused")
    return url


async def without_an_acquirer(house: RunningHouse, _payer: Payer) -> str:
    return await a_link(
        house, amount={"default": 1000, "currency": "RUB"}, pay_config={"methods": ["lightning"]}
    )


async def paid_by_oneself(house: RunningHouse, payer: Payer) -> str:
    url = await a_link(house, max_payments=1)
    await paid(house, payer, url)
    return url


async def paid_and_sent_back(house: RunningHouse, payer: Payer) -> str:
    url = await paid_by_oneself(house, payer)
    payment = (await house.payments())[-1]
    answer = await house.shop.post(f"/api/v1/transactions/{payment['id']}/refunds", json={})
    assert answer.status_code == 201, answer.text
    await house.settle()
    return url


async def begun_before_the_end(house: RunningHouse, payer: Payer) -> str:
    url = await a_link(house)
    await payer.begin(url)
    await change(house, url, status="paused")
    return url


ENDS_OF_A_LINK: dict[str, tuple[Arrive, str]] = {
    "expired": (after_its_time, "expired"),
    "used": (paid_by_somebody, "used"),
    "paid_by_another": (paid_by_a_faster_one, "used"),
    "full": (paid_by_all, "full"),
    "deleted": (taken_down, "deleted"),
    "taken": (held_by_another, "taken"),
    "paused": (paused_by_the_seller, "paused"),
    "not_open_yet": (without_an_acquirer, "not_open_yet"),
    "paid_by_you": (paid_by_oneself, "used"),
    "refunded_to_you": (paid_and_sent_back, "used"),
    "begun_by_you": (begun_before_the_end, "paused"),
}
"""What the payer reads -> how they come to it, and what a program is told of the same link."""


def assert_told(page: Seen, state: str) -> None:
    words = ENDS[state]
    assert (page.status, page.state) == (words.http_status, state)
    said = (words.title, words.words, words.money, words.next_step, TITLE, CONTACT)
    assert [text for text in said if text not in page.text] == []


@pytest.mark.parametrize("state", ENDS_OF_A_LINK)
async def test_a_payer_reads_how_it_ended_and_a_program_gets_its_name(
    house: RunningHouse, payer: Payer, state: str
) -> None:
    await house.change_merchant(support_contact=CONTACT)
    arrive, name = ENDS_OF_A_LINK[state]
    url = await arrive(house, payer)

    assert_told(await payer.look(url), state)
    for answer in (
        await house.payer.get(url, headers=JSON),
        await house.payer.post(url, headers=JSON, data={"method": "card"}),
    ):
        problem = answer.json()
        assert answer.headers["content-type"] == "application/problem+json"
        assert (problem["error"], problem["state"]) == ("link_not_payable", name)
        assert problem["status"] == answer.status_code == ENDS[name].http_status


async def test_who_looks_at_a_used_link_from_another_device_is_not_told_a_lie(
    house: RunningHouse, payer: Payer
) -> None:
    url = await paid_by_oneself(house, payer)

    page = await house.new_payer().look(url)

    assert page.state == "used"
    assert "If it was yours, there is nothing more to do." in page.text


async def test_the_merchants_own_words_do_not_hide_whether_money_moved(
    house: RunningHouse, payer: Payer
) -> None:
    url = await a_link(house, closed_message="See you in spring.")
    await change(house, url, status="paused")

    page = await payer.look(url)

    assert "See you in spring. Nothing was charged just now." in page.text


async def test_a_page_from_yesterday_starts_nothing_and_opens_anew(
    house: RunningHouse, payer: Payer
) -> None:
    await house.change_merchant(support_contact=CONTACT)
    url = await a_link(house)
    token = (await payer.look(url)).token
    await house.pass_time(24 * 3_600_000)

    page = seen(await payer.press(url, token, method="card"))

    assert_told(page, "stale")
    assert page.buttons == {"Open it again": url}
    assert await house.payments() == []


@pytest.mark.parametrize("state", ["paused", "not_open_yet"])
async def test_a_payment_that_the_shop_made_names_the_shop_at_its_end(
    house: RunningHouse, payer: Payer, state: str
) -> None:
    currency = "RUB" if state == "paused" else "EUR"
    mode = "test" if state == "paused" else "live"
    shop = house.client({"x-api-key": house.merchant.api_keys[mode]})
    params = {"type": "payment", "amount": 500, "currency": currency, "description": TITLE}
    made = await shop.post("/api/v1/transactions", json={"params": params})
    await house.change_merchant(support_contact=CONTACT)
    if state == "paused":
        await house.pause()
    shown = await payer.http.get(made.json()["data"]["payment_url"])
    url = shown.headers["location"]

    assert_told(await payer.look(url), state)
    problem = (await payer.http.get(url, headers=JSON)).json()
    assert (problem["error"], problem["state"]) == ("link_not_payable", state)
