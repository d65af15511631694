"""Quantities, tips and suggested amounts under a payer's hands: with script and without."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from playwright.async_api import Browser, Page

from handbill.kernel.money import Money, parse_typed
from handbill.merchants.fees import Fee, FeeRule
from handbill.web.pages.forms import Form
from handbill.web.pages.language import english
from tests.browser.asked_samples import WITH_FEE
from tests.browser.devices import open_device
from tests.browser.samples import PAY, TOKEN
from tests.browser.stage import Stage
from tests.support.running import RunningHouse

pytestmark = pytest.mark.anyio

CHOOSE = "How should this card payment go?"


async def breakfast(house: RunningHouse, **config: Any) -> str:
    espresso = await house.make_product(header="Espresso", price=15_000)
    bread = await house.make_product(header="Bread", price=110_050)
    link = await house.make_link(
        title="Breakfast",
        amount={"default": 125_050, "currency": "RUB"},
        products=[espresso["id"], bread["id"]],
        pay_config={"methods": ["card"], "quantity_max": 20, "tips": [500, 1000], **config},
    )
    return str(link["url"])


async def charged(house: RunningHouse) -> int:
    return int((await house.payment())["amount_with_fee"])


async def sums(page: Page) -> dict[str, str]:
    """What can be seen of how the total comes about."""
    rows = page.locator(".sums [data-row]:visible")
    pairs = [await row.locator("dt, dd").all_inner_texts() for row in await rows.all()]
    return {pair[0]: pair[1] for pair in pairs}


async def test_with_script_the_total_runs_along_and_pay_is_the_next_press(
    house: RunningHouse, chromium: Browser
) -> None:
    await house.change_merchant(fee_rule=FeeRule(payer=Fee(333)))
    device = await open_device(chromium, "phone")
    page = device.page
    await page.goto(await breakfast(house))
    assert not await page.get_by_role("button", name="Update the total").is_visible()
    await page.get_by_role("button", name="One more: Espresso").tap()
    await page.get_by_role("button", name="One fewer: Bread").tap()
    await page.get_by_role("button", name="One fewer: Bread").tap()  # none is the least
    await page.get_by_role("radio", name="10%", exact=True).check()
    await device.see("Breakfast", "quantities")
    assert await sums(page) == {
        "Price": "₽300.00",
        "Tip": "₽30.00",
        "Fee for paying online": "₽10.99",
        "Total": "₽340.99",
    }
    assert await page.locator(".total").inner_text() == "₽340.99"

    await device.press("Pay ₽340.99")
    await page.get_by_role("heading", name=CHOOSE).wait_for()
    assert await charged(house) == 34_099
    assert device.troubles == []
    # Back from the acquirer, the total is that of what stands in the fields then.
    await page.go_back()
    await page.get_by_role("radio", name="5%", exact=True).check()
    total = (await sums(page))["Total"]
    assert await page.get_by_role("button", name=f"Pay {total}").is_visible()
    await device.close()


async def test_a_keyboard_reaches_and_changes_everything(
    house: RunningHouse, chromium: Browser
) -> None:
    device = await open_device(chromium, "desk")
    page = device.page
    await page.goto(await breakfast(house))
    keys, seen = page.keyboard, list[str]()
    for _ in range(20):
        await keys.press("Tab")
        seen.append(
            await page.evaluate(
                "() => document.activeElement.ariaLabel || document.activeElement.innerText"
                " || document.activeElement.parentElement.innerText"
            )
        )
        if seen[-1] == "Quantity: Espresso":
            await keys.press("ArrowUp")
        if seen[-1] == "No tip":
            await keys.press("ArrowRight")
            await keys.press("ArrowRight")
        if seen[-1].startswith("Pay"):
            break
    assert seen == [
        *("One fewer: Espresso", "Quantity: Espresso", "One more: Espresso"),
        *("One fewer: Bread", "Quantity: Bread", "One more: Bread"),
        *("No tip", "Pay ₽1,540.55"),
    ]
    async with page.expect_navigation():
        await keys.press("Enter")
    assert await charged(house) == 154_055  # (2 espressos and a bread) and a tenth
    assert device.troubles == []
    await device.close()


async def test_without_script_the_total_is_shown_before_anything_is_charged(
    house: RunningHouse, chromium: Browser
) -> None:
    device = await open_device(chromium, "phone-without-script")
    page = device.page
    await page.goto(await breakfast(house))
    await page.get_by_role("spinbutton", name="Quantity: Espresso").fill("3")
    await page.get_by_role("radio", name="5%", exact=True).check()
    await device.press("Update the total")
    assert await page.locator(".total").inner_text() == "₽1,628.03"
    await page.get_by_role("spinbutton", name="Quantity: Bread").fill("0")
    await device.press("Pay ₽1,628.03")  # of another choice: the page says what it comes to now
    await device.see("Breakfast", "quantities-again")
    assert "The total is ₽472.50." in await page.locator(".note").inner_text()
    assert await house.payments() == []
    await device.press("Pay ₽472.50")
    await page.get_by_role("heading", name=CHOOSE).wait_for()
    assert await charged(house) == 47_250
    await device.close()


@pytest.mark.parametrize("name", ["phone", "phone-without-script"])
async def test_a_suggested_amount_is_one_touch_and_another_opens_its_field(
    house: RunningHouse, chromium: Browser, name: str
) -> None:
    device = await open_device(chromium, name)
    page = device.page
    amount = {"default": 0, "currency": "RUB", "min": 10_000}
    link = await house.make_link(
        amount_type="dynamic",
        amount=amount,
        pay_config={"methods": ["card"], "suggestions": [20_000, 50_000]},
    )
    await page.goto(link["url"])
    field = page.get_by_role("textbox", name="Amount")
    assert not await field.is_visible()
    await page.get_by_role("radio", name="Another amount").check()
    await field.fill("1 234,50")
    await page.get_by_role("radio", name="₽500.00").check()
    assert not await field.is_visible()
    await device.press("Pay")
    await page.get_by_role("heading", name=CHOOSE).wait_for()
    assert await charged(house) == 50_000
    assert device.troubles == []
    await device.close()


TYPED = (
    *("1 234,50", "1,234.50", "1.234,50", "1'234.5", "1,234", "1.234", "12", ".5", "5.", "007"),
    *("1,234,567.8", "\u0661\u0662", "\u06f1,\u06f5", "1\u00a0234", "0.01", "1\u202f000,00"),
    *("0", "", "-5", "1e3", "1,23,456", "1234,567", "0,500", "1.234.56", "ten", "1,2.3,4"),
)


async def test_a_script_reads_an_amount_as_the_server_does(chromium: Browser, stage: Stage) -> None:
    page = await chromium.new_page()
    view = msgspec.structs.replace(PAY["dynamic"], form=Form(live=WITH_FEE))
    await stage.show(page, stage.renderer.pay(view, english()).with_token(TOKEN), scripts=True)
    for typed in TYPED:
        await page.get_by_role("textbox", name="Amount").fill(typed)
        minor = parse_typed(typed, "RUB")
        total = minor + (minor * 5 + 50) // 100 if minor else None
        sent = await page.locator("[name=total]").input_value()
        assert (typed, sent) == (typed, f"{total} RUB" if total else "")
        row = page.locator(".sums-total dd")
        shown = await row.inner_text() if await row.is_visible() else None
        assert shown == (f"₽{Money(total, 'RUB').decimal():,}" if total else None)
    await page.close()
