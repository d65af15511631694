"""Paying in a real browser, the acquirer on another origin: desk, phone, and without script."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser

from handbill.merchants.fees import Fee, FeeRule
from tests.browser.devices import DEVICES, Device, open_device
from tests.browser.stage import photo
from tests.support.running import RunningHouse
from tests.unit.qr.reading import open_png, read_picture

pytestmark = pytest.mark.anyio

ACQUIRER = "http://127.0.0.1:"
CHOOSE = "How should this card payment go?"


@pytest.fixture(params=DEVICES)
async def device(request: pytest.FixtureRequest, chromium: Browser) -> AsyncIterator[Device]:
    device = await open_device(chromium, request.param)
    yield device
    await device.close()


async def a_photo(house: RunningHouse) -> str:
    files = {"image": ("photo.png", photo(), "image/png")}
    answer = await house.shop.post("/api/v1/images", files=files)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["data"]["url"])


async def approve(house: RunningHouse, device: Device) -> None:
    """At the acquirer, until our own page knows."""
    assert device.page.url.startswith(ACQUIRER)
    await device.press("Approve")
    assert device.page.url.startswith(f"{house.url}/pay/status/")
    await house.settle()
    await device.look_again()


async def test_a_fixed_link_is_paid(house: RunningHouse, device: Device) -> None:
    await house.change_merchant(
        fee_rule=FeeRule(payer=Fee(500)),
        legal_name="Sample Shop Ltd",
        tax_id="7701234567",
        support_contact="hello@shop.example",
    )
    link = await house.make_link(
        amount={"default": 198_000, "currency": "RUB"},
        title="Two hours of mathematics",
        return_url="https://shop.example/thanks",
    )
    await device.page.goto(link["url"])
    await device.see("Two hours of mathematics", "fixed-1")
    await device.press("Pay ₽2,079.00")
    await device.see(CHOOSE, "fixed-2")
    await approve(house, device)
    await device.see("Paid", "fixed-3")

    assert await device.page.get_by_role("link", name="Back to Sample shop").is_visible()
    assert [body["status"] for body in house.told] == ["charged"]
    assert device.troubles == []


async def test_a_typed_amount_is_refused_and_then_paid(house: RunningHouse, device: Device) -> None:
    link = await house.make_link(
        amount_type="dynamic",
        amount={"default": 0, "currency": "RUB", "min": 10_000, "max": 500_000},
        title="Keep the reading room open",
        description="Every donation buys coal, light and new books.",
        pay_config={"methods": ["card", "sbp"], "label": "donate"},
    )
    await device.page.goto(link["url"])
    await device.page.get_by_role("textbox", name="Amount").fill("12 rubles")
    await device.press("Bank card")
    await device.see("Keep the reading room open", "dynamic-1")
    field = device.page.get_by_role("textbox", name="Amount")
    assert await field.input_value() == "12 rubles"
    assert await device.page.get_by_text("Type an amount such as 1234.50.").is_visible()

    await field.fill("1 234,50")
    await device.press("Bank card")
    await device.see(CHOOSE, "dynamic-2")
    await approve(house, device)
    await device.see("Paid", "dynamic-3")

    assert (await house.payment())["amount"] == 123_450
    # Chromium notes every answer of 4xx that it shows; this one is the page with the reason.
    assert [trouble for trouble in device.troubles if "422" not in trouble] == []


async def test_a_product_is_paid_from_its_code(house: RunningHouse, device: Device) -> None:
    product = await house.make_product(image=await a_photo(house))
    code = await house.payer.get(product["qr_url"])
    await device.page.goto(read_picture(open_png(code.content)).text)
    await device.see("Coffee", "product-1")
    await device.press("Bank card")
    await approve(house, device)
    await device.see("Paid", "product-3")
    assert device.troubles == []


async def test_back_from_the_acquirer_leads_to_the_payers_own_payment(
    house: RunningHouse, device: Device
) -> None:
    link = await house.make_link(
        title="The last chair", max_payments=1, pay_config={"methods": ["card", "sbp"]}
    )
    await device.page.goto(link["url"])
    await device.press("Bank card")
    acquirer = device.page.url
    await device.page.go_back()
    await device.see("The last chair", "back-1")
    await device.press("Continue that payment")
    assert device.page.url == acquirer

    await device.page.go_back()
    await device.press("SBP")
    await device.see("Pay in your bank's app", "back-2")
    assert len(await house.payments()) == 1
    assert device.troubles == []


async def test_after_a_decline_the_payer_tries_again(house: RunningHouse, device: Device) -> None:
    link = await house.make_link(title="Espresso", fail_url="https://shop.example/basket")
    await device.page.goto(link["url"])
    await device.press("Pay ₽10.00")
    await device.press("Not enough money")
    await house.settle()
    await device.look_again()
    await device.see("Not paid", "decline-1")

    await device.press("Try again")
    await device.press("Pay ₽10.00")
    await device.press("Ask the payer's bank")
    await device.see("Your pretend bank asks: is it you?", "decline-2")
    await device.press("Confirm")
    await house.settle()
    await device.look_again()
    await device.see("Paid", "decline-3")

    assert [body["status"] for body in house.told] == ["charged"]
    assert device.troubles == []


async def test_a_code_is_paid_in_another_tab_and_the_first_one_notices(
    house: RunningHouse, device: Device
) -> None:
    link = await house.make_link(title="Espresso", pay_config={"methods": ["sbp"]})
    await device.page.goto(link["url"])
    await device.press("Pay ₽10.00")
    await device.see("Pay in your bank's app", "sbp-1")
    if device.name != "desk":
        await device.page.get_by_text("Pay from another device").click()
    shown = await device.page.locator(".code:visible").screenshot()
    bank = await device.new_tab()
    await bank.goto(read_picture(open_png(shown)).text)
    await device.see("Your pretend bank", "sbp-2", bank)
    await device.press("Scan only", bank)
    await device.press("Pay The money is taken.", bank)
    await house.settle()

    await device.look_again()
    await device.see("Paid", "sbp-3")
    assert device.troubles == []


async def test_a_place_that_gets_free_is_offered_to_who_waits(
    house: RunningHouse, device: Device
) -> None:
    link = await house.make_link(title="The last chair", max_payments=1)
    other = house.new_payer()
    acquirer = await other.begin(link["url"])
    await device.page.goto(link["url"])
    await device.see("Somebody is paying right now", "taken-1")

    await other.decide(acquirer, "cancel")
    await house.settle()
    await device.look_again()

    await device.see("The last chair", "taken-2")
    await device.press("Pay ₽10.00")
    assert device.page.url.startswith(ACQUIRER)
    assert [trouble for trouble in device.troubles if "409" not in trouble] == []
