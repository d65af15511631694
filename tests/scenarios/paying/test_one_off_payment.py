"""A payment that the merchant's own system ordered: its page is its own, and so is its end."""

from __future__ import annotations

from typing import Any

import pytest

from handbill.kernel.clock import DAY, HOUR, MINUTE
from tests.support.payers import Payer
from tests.support.running import JSON, RunningHouse

pytestmark = pytest.mark.anyio


async def order(house: RunningHouse, **params: object) -> dict[str, Any]:
    given = {"type": "payment", "amount": 120_000, "currency": "RUB", "txid": "order-1001"}
    body = {"params": {**given, "description": "Order 1001\nTwo bicycles", **params}}
    answer = await house.shop.post("/api/v1/transactions", json=body)
    assert answer.status_code == 201, answer.text
    return dict(answer.json()["data"])


async def opened(payer: Payer, address: str) -> str:
    """`payment_url` leads to the page on which one pays."""
    answer = await payer.http.get(address)
    assert answer.status_code == 303, answer.text
    return str(answer.headers["location"])


async def test_the_payment_url_is_opened_and_paid(house: RunningHouse, payer: Payer) -> None:
    made = await order(
        house,
        returnUrl="https://shop.example/thanks?{PAYMENT_ID}",
        customer={"email": "payer@example.com"},
        metadata={"cart": "7"},
    )
    page_url = await opened(payer, made["payment_url"])

    page = await payer.look(page_url)
    assert (page.status, page.amount) == (200, "₽1,200.00")
    assert '<h1 dir="auto">Order 1001</h1>' in page.html
    assert "Two bicycles" in page.text

    status = await payer.decide(await payer.begin(page_url), "approve")
    await house.settle()

    assert status == made["payment_url"]
    receipt = await payer.look(status)
    assert receipt.state == "charged"
    assert receipt.buttons["Back to Sample shop"] == f"https://shop.example/thanks?{made['id']}"
    assert "order-1001" in receipt.text
    assert house.created[0]["payer"]["email"] == "payer@example.com"
    [body] = house.told
    assert (body["type"], body["txid"], body["metadata"]) == (
        "payment",
        "order-1001",
        {"cart": "7"},
    )


async def test_pay_pressed_twice_and_in_two_browsers_is_one_attempt(
    house: RunningHouse, payer: Payer
) -> None:
    page_url = await opened(payer, (await order(house))["payment_url"])
    first = await payer.begin(page_url)
    assert await payer.begin(page_url) == first
    assert await house.new_payer().begin(page_url) == first
    assert len(house.created) == 1
    assert (await payer.look(page_url)).buttons["Continue that payment"] == first


async def test_a_decline_may_be_followed_by_another_way(house: RunningHouse, payer: Payer) -> None:
    page_url = await opened(payer, (await order(house))["payment_url"])
    status = await payer.decide(await payer.begin(page_url, "card"), "decline_fraud")
    await house.settle()
    assert (await payer.look(status)).buttons == {"Try again": page_url}

    await payer.begin(page_url, "sbp")
    page = await payer.look(status)
    assert page.state == "scan"
    await house.new_payer().decide(page.buttons["Open my bank's app"], "sbp_paid")
    await house.settle()

    assert (await payer.look(status)).state == "charged"
    over = await payer.http.get(page_url)
    assert (over.status_code, over.headers["location"]) == (303, status)
    pressed = await payer.http.post(page_url, data={"method": "card"})
    assert (pressed.status_code, pressed.headers["location"]) == (303, status)
    problem = await payer.http.post(page_url, headers=JSON, data={"method": "card"})
    assert (problem.status_code, problem.json()["error"]) == (410, "link_not_payable")


async def test_an_attempt_that_ran_out_may_be_repeated_within_a_day(
    house: RunningHouse, payer: Payer
) -> None:
    page_url = await opened(payer, (await order(house))["payment_url"])
    await payer.begin(page_url)
    await house.pass_time(61 * MINUTE)
    status = page_url.replace("/payment/", "/status/")
    page = await payer.look(status)
    assert (page.state, page.buttons) == ("expired", {"Try again": page_url})

    await payer.decide(await payer.begin(page_url), "approve")
    await house.settle()
    assert (await payer.look(status)).state == "charged"


async def test_a_payment_that_nobody_makes_ends_after_a_day(
    house: RunningHouse, payer: Payer
) -> None:
    made = await order(house)
    page_url = await opened(payer, made["payment_url"])
    await house.pass_time(DAY - HOUR)
    assert (await payer.look(page_url)).status == 200
    await house.pass_time(HOUR)

    page = await payer.look(made["payment_url"])
    assert (page.state, page.buttons) == ("expired", {})
    assert (await payer.http.post(page_url)).headers["location"] == made["payment_url"]
    assert (await house.payment())["status"] == "cancelled"
    assert [body["status"] for body in house.told] == ["cancelled"]


async def test_what_is_not_a_one_off_payment_has_no_page_of_that_kind(
    house: RunningHouse, payer: Payer
) -> None:
    status = await payer.decide(await payer.begin((await house.make_link())["url"]), "approve")
    page_url = status.replace("/status/", "/payment/")
    assert (await payer.look(page_url)).status == 404
    assert (await payer.http.post(page_url)).status_code == 404
