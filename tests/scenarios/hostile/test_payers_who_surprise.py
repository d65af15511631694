"""Payers who click twice before they are known, or type what nobody should type."""

from __future__ import annotations

import pytest

from tests.support.payers import Payer, seen
from tests.support.running import RunningHouse

pytestmark = pytest.mark.anyio

CARD = "4111 1111 1111 1111"


async def press_twice(house: RunningHouse, address: str) -> tuple[str, str, Payer]:
    """Both clicks of a double click leave before any answer came, so neither knows of a cookie;
    the browser keeps what the second is answered."""
    page = await house.new_payer().look(address)
    first, browser = house.new_payer(), house.new_payer()
    led = [await payer.press(address, page.token, method="card") for payer in (first, browser)]
    return led[0].headers["location"], led[1].headers["location"], browser


async def test_a_double_click_of_a_new_payer_does_not_lock_them_out(house: RunningHouse) -> None:
    link = await house.make_link(max_payments=1)

    first, second, browser = await press_twice(house, link["url"])
    back = await browser.look(link["url"])

    assert first == second
    assert len(await house.payments()) == 1
    assert back.state == "pay"
    assert first in back.buttons.values()


async def test_somebody_else_is_still_told_that_the_place_is_taken(house: RunningHouse) -> None:
    link = await house.make_link(max_payments=1)
    await press_twice(house, link["url"])

    assert (await house.new_payer().look(link["url"])).state == "taken"


async def test_two_new_payers_do_not_get_the_same_cookie(house: RunningHouse) -> None:
    link = await house.make_link()
    payers = [house.new_payer() for _ in range(2)]

    cookies = {(await p.pay(link["url"])).headers["set-cookie"].partition(";")[0] for p in payers}

    assert len(cookies) == 2


async def test_a_typed_card_number_is_refused_and_not_shown_again(house: RunningHouse) -> None:
    link = await house.make_link(amount_type="dynamic", amount={"default": 0, "currency": "RUB"})
    payer = house.new_payer()

    for number in (CARD, CARD.replace(" ", "")):
        page = seen(await payer.pay(link["url"], amount=number))
        assert page.status == 422
        assert "This looks like a card number." in page.text
        assert number not in page.html
        assert page.typed == ""
    assert await house.payments() == []


async def test_a_method_that_a_merchant_named_twice_is_one_button(house: RunningHouse) -> None:
    link = await house.make_link(pay_config={"methods": ["sbp", "card", "sbp"]})

    page = await house.new_payer().look(link["url"])

    assert list(page.buttons.values()) == ["sbp", "card"]
    assert page.html.count('value="sbp"') == 1
