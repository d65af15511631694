"""A payer opens a link or a product, presses Pay, is charged, and the merchant hears of it."""

from __future__ import annotations

import asyncio
from urllib.parse import urlsplit

import pytest

from tests.support.payers import Payer, seen
from tests.support.roads import held
from tests.support.running import CREATE, RunningHouse

pytestmark = pytest.mark.anyio


async def test_a_payer_without_script_pays_a_fixed_link(house: RunningHouse, payer: Payer) -> None:
    link = await house.make_link(title="Espresso")

    page = await payer.look(link["url"])
    assert (page.status, page.amount) == (200, "₽10.00")
    assert "Espresso" in page.text
    assert page.buttons == {"Pay ₽10.00": "card"}

    pressed = await payer.press(link["url"], page.token, method="card")
    assert pressed.status_code == 303
    acquirer = pressed.headers["location"]
    assert acquirer.startswith(f"{house.url}/sandbox/pay/")

    status = await payer.decide(acquirer, "approve")
    assert status.startswith(f"{house.url}/pay/status/")
    assert (await payer.look(status)).state == "waiting"
    await house.settle()

    receipt = await payer.look(status)
    assert (receipt.status, receipt.state, receipt.amount) == (200, "charged", "₽10.00")
    payment = await house.payment()
    assert (payment["status"], payment["amount"], payment["link"]) == ("charged", 1000, link["id"])
    assert payment["txid"] in receipt.text
    assert [body["status"] for body in house.told] == ["charged"]


async def test_a_payer_pays_for_a_product_at_its_own_address(
    house: RunningHouse, payer: Payer
) -> None:
    product = await house.make_product()

    page = await payer.look(product["url"])
    assert (page.status, page.amount) == (200, "₽350.00")
    assert "Coffee" in page.text
    assert "Espresso 200ml" in page.text

    status = await payer.decide(await payer.begin(product["url"]), "approve")
    await house.settle()

    assert (await payer.look(status)).state == "charged"
    payment = await house.payment()
    assert (payment["product"], payment["link"]) == (product["id"], product["link"])
    assert house.told[0]["product"] == product["id"]


async def test_the_bill_shows_the_products_with_prices_where_they_add_up(
    house: RunningHouse, payer: Payer
) -> None:
    coffee = await house.make_product()
    rolls = await house.make_product(header="Roll", text=None, price=12_000, qty="2")
    both = [coffee["id"], rolls["id"]]
    adds_up = await house.make_link(
        amount={"default": 59_000, "currency": "RUB"}, products=both, title="Breakfast"
    )
    rounded = await house.make_link(
        amount={"default": 50_000, "currency": "RUB"}, products=both, title="Breakfast"
    )

    bill = await payer.look(adds_up["url"])
    names = await payer.look(rounded["url"])

    assert "Coffee Espresso 200ml ₽350.00 Roll \u00d7 2 ₽240.00" in bill.text
    assert "Coffee Espresso 200ml Roll \u00d7 2" in names.text


async def test_a_link_is_headed_by_the_best_that_it_says_of_itself(
    house: RunningHouse, payer: Payer
) -> None:
    cases: tuple[tuple[dict[str, object], str], ...] = (
        ({"title": "Lesson", "description": "Two hours."}, "Lesson"),
        ({"description": "Two hours of mathematics\nBring a pencil."}, "Two hours of mathematics"),
        ({}, "Payment"),
        ({"pay_config": {"label": "donate"}}, "Donation"),
    )
    for fields, heading in cases:
        page = await payer.look((await house.make_link(**fields))["url"])
        assert f'<h1 dir="auto">{heading}</h1>' in page.html
        assert page.text.count(heading) == 1


async def test_a_link_without_a_title_is_headed_by_what_it_sells(
    house: RunningHouse, payer: Payer
) -> None:
    sold = [await house.make_product(), await house.make_product(header="Roll")]
    one = await house.make_link(products=[sold[0]["id"]])
    two = await house.make_link(products=[product["id"] for product in sold])
    assert '<h1 dir="auto">Coffee</h1>' in (await payer.look(one["url"])).html
    assert '<h1 dir="auto">Coffee and 1 more</h1>' in (await payer.look(two["url"])).html


async def test_a_double_click_on_pay_is_one_attempt(house: RunningHouse, payer: Payer) -> None:
    link = await house.make_link()
    token = (await payer.look(link["url"])).token

    first = await payer.press(link["url"], token, method="card")
    second = await payer.press(link["url"], token, method="card")

    assert first.headers["location"] == second.headers["location"]
    assert len(house.created) == 1
    assert len(await house.payments()) == 1


async def test_the_second_click_waits_for_the_answer_to_the_first(
    house: RunningHouse, payer: Payer
) -> None:
    answered = asyncio.Event()
    house.road.break_next("POST", CREATE, held(answered))
    link = await house.make_link()
    token = (await payer.look(link["url"])).token
    first = asyncio.create_task(payer.press(link["url"], token, method="card"))
    while not house.created:
        await asyncio.sleep(0.001)
    second = asyncio.create_task(payer.press(link["url"], token, method="card"))
    while len(house.road.heard("POST", urlsplit(link["url"]).path)) < 2:
        await asyncio.sleep(0.001)

    answered.set()
    answers = await asyncio.gather(first, second)

    [place] = {answer.headers["location"] for answer in answers}
    assert "/sandbox/pay/" in place
    assert len(house.created) == 1
    # The browser keeps what the second answer set; the payment is still its own.
    assert "Continue that payment" in (await payer.look(link["url"])).buttons


async def test_pay_sent_again_after_the_charge_leads_to_the_receipt_and_takes_nothing(
    house: RunningHouse, payer: Payer
) -> None:
    link = await house.make_link()
    token = (await payer.look(link["url"])).token
    pressed = await payer.press(link["url"], token, method="card")
    status = await payer.decide(pressed.headers["location"], "approve")
    await house.settle()

    reloaded = await payer.press(link["url"], token, method="card")

    assert (reloaded.status_code, reloaded.headers["location"]) == (303, status)
    assert len(await house.payments()) == 1


async def test_a_forged_or_stale_page_starts_nothing(house: RunningHouse, payer: Payer) -> None:
    link, other = await house.make_link(), await house.make_link()
    good = (await payer.look(link["url"])).token
    of_another = (await payer.look(other["url"])).token

    for token in ("", "x", good[:-2] + "AA", of_another, "é" * 40, "A" * 500):
        answer = seen(await payer.press(link["url"], token, method="card"))
        assert (answer.status, answer.state) == (409, "stale"), token
        assert answer.buttons == {"Open it again": link["url"]}

    house.clock.advance(12 * 3_600_000)
    old = seen(await payer.press(link["url"], good, method="card"))
    assert (old.status, old.state) == (409, "stale")
    assert await house.payments() == []
