"""A link that is over, or not open: the page says which of these, and that nothing was charged."""

from __future__ import annotations

import msgspec
import pytest

from handbill.kernel.clock import MINUTE
from tests.support.payers import Payer, seen
from tests.support.running import JSON, RunningHouse

pytestmark = pytest.mark.anyio

EXPIRES = "2026-03-01T10:05:00+00:00"


async def change(house: RunningHouse, path: str, **fields: object) -> None:
    answer = await house.shop.patch(f"/api/v1/{path}", json=fields)
    assert answer.status_code == 200, answer.text


async def test_a_link_that_expires_while_its_page_is_open_starts_nothing(
    house: RunningHouse, payer: Payer
) -> None:
    link = await house.make_link(expires_at=EXPIRES)
    token = (await payer.look(link["url"])).token
    house.clock.advance(5 * MINUTE)

    answer = seen(await payer.press(link["url"], token, method="card"))

    assert (answer.status, answer.state) == (410, "expired")
    assert "Nothing was charged just now." in answer.text
    assert (await payer.look(link["url"])).status == 410
    assert await house.payments() == []
    await house.settle()
    read = (await house.shop.get(f"/api/v1/links/{link['id']}")).json()["data"]
    assert (read["status"], read["status_reason"]) == ("closed", "expired")


async def test_who_began_before_the_end_is_led_to_their_payment_and_may_finish_it(
    house: RunningHouse, payer: Payer
) -> None:
    link = await house.make_link(expires_at=EXPIRES)
    acquirer = await payer.begin(link["url"])
    await house.pass_time(6 * MINUTE)

    page = await payer.look(link["url"])
    assert (page.status, page.state) == (200, "begun_by_you")
    assert "charged" not in page.text
    [status] = page.buttons.values()
    assert (await payer.look(status)).buttons["Continue paying"] == acquirer

    await payer.decide(acquirer, "approve")
    await house.settle()
    assert (await payer.look(status)).state == "charged"
    assert (await payer.look(link["url"])).state == "paid_by_you"


async def test_a_paused_link_can_be_paid_again_when_it_is_resumed(
    house: RunningHouse, payer: Payer
) -> None:
    link = await house.make_link(closed_message="Back in <spring>.")
    token = (await payer.look(link["url"])).token
    await change(house, f"links/{link['id']}", status="paused")

    page = await payer.look(link["url"])
    pressed = seen(await payer.press(link["url"], token, method="card"))
    assert (page.status, page.state) == (pressed.status, pressed.state) == (409, "paused")
    assert "Back in <spring>." in page.text

    await change(house, f"links/{link['id']}", status="active")
    assert (await payer.press(link["url"], token, method="card")).status_code == 303


async def test_nothing_of_a_paused_merchant_can_be_paid(house: RunningHouse, payer: Payer) -> None:
    link, product = await house.make_link(), await house.make_product()
    token = (await payer.look(link["url"])).token
    await house.pause()

    for address in (link["url"], product["url"]):
        page = await payer.look(address)
        assert (page.status, page.state) == (409, "paused")
    assert (await payer.press(link["url"], token, method="card")).status_code == 409


async def test_a_deleted_link_or_product_is_gone(house: RunningHouse, payer: Payer) -> None:
    link, product = await house.make_link(title="Old"), await house.make_product()
    token = (await payer.look(link["url"])).token
    await house.shop.delete(f"/api/v1/links/{link['id']}")
    await house.shop.delete(f"/api/v1/products/{product['id']}")

    for address in (link["url"], product["url"], f"/pay/link/{product['link']}"):
        page = await payer.look(address)
        assert (page.status, page.state) == (410, "deleted"), address
    assert (await payer.press(link["url"], token, method="card")).status_code == 410


async def test_a_merchant_without_an_acquirer_is_not_open_yet(
    house: RunningHouse, payer: Payer
) -> None:
    shop = house.client({"x-api-key": house.merchant.api_keys["live"]})
    body = {"amount": {"default": 500, "currency": "EUR"}, "amount_type": "fixed", "pay_config": {}}
    made = (await shop.post("/api/v1/links", json=body)).json()

    page = await payer.look(made["data"]["url"])

    assert (page.status, page.state) == (409, "not_open_yet")
    assert [warned["code"] for warned in made["warnings"]] == ["no_account"]


async def test_a_method_that_went_while_the_page_was_open_starts_nothing(
    house: RunningHouse, payer: Payer
) -> None:
    link = await house.make_link(pay_config={"methods": ["card", "sbp"]})
    token = (await payer.look(link["url"])).token
    await change(house, f"links/{link['id']}", pay_config={"methods": ["sbp"]})

    answer = seen(await payer.press(link["url"], token, method="card"))

    assert (answer.status, answer.state) == (409, "stale")
    assert answer.buttons == {"Open it again": link["url"]}


async def test_a_price_that_changes_is_shown_at_once_and_never_changes_a_payment(
    house: RunningHouse, payer: Payer
) -> None:
    link = await house.make_link()
    assert (await house.new_payer().look(link["url"])).amount == "₽10.00"
    acquirer = await payer.begin(link["url"])
    await change(house, f"links/{link['id']}", amount={"default": 2_000})

    assert (await house.new_payer().look(link["url"])).amount == "₽20.00"
    await payer.decide(acquirer, "approve")
    await house.settle()
    assert (await house.payment())["amount"] == 1_000


async def test_nobody_pays_another_sum_than_the_one_on_their_page(
    house: RunningHouse, payer: Payer
) -> None:
    link = await house.make_link()
    token = (await payer.look(link["url"])).token
    await change(house, f"links/{link['id']}", amount={"default": 2_000})

    page = seen(await payer.press(link["url"], token, method="card"))

    assert (page.status, page.amount) == (409, "₽20.00")
    assert "The amount has changed since you opened this page. Nothing was started." in page.text
    assert await house.payments() == []
    again = await payer.press(link["url"], page.token, method="card")
    assert again.status_code == 303
    assert (await house.payment())["amount"] == 2_000


async def test_an_address_that_leads_nowhere_says_so(house: RunningHouse, payer: Payer) -> None:
    for path in ("/pay/link/nonsense", "/pay/product/1", "/pay/status/x", "/pay/payment/x", "/pay"):
        page = await payer.look(path)
        problem = await house.payer.get(path, headers=JSON)
        assert (page.status, page.state) == (404, "not_found")
        assert problem.headers["content-type"] == "application/problem+json"
        assert msgspec.json.decode(problem.content)["status"] == 404
