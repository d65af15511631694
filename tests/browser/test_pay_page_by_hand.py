"""The pay page as hands meet it: by keyboard, on a phone, without script, on paper."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Literal

import msgspec
import pytest
from playwright.async_api import Browser, Page, Request

from handbill.web.pages.language import english
from tests.browser.samples import PAY, STATUS, TOKEN
from tests.browser.stage import Stage

pytestmark = pytest.mark.anyio


@pytest.fixture
async def phone(chromium: Browser) -> AsyncIterator[Page]:
    """A phone whose owner has switched scripts off."""
    context = await chromium.new_context(
        viewport={"width": 360, "height": 640},
        is_mobile=True,
        has_touch=True,
        java_script_enabled=False,
        color_scheme="dark",
    )
    yield await context.new_page()
    await context.close()


@pytest.fixture
async def desk(chromium: Browser) -> AsyncIterator[Page]:
    context = await chromium.new_context(viewport={"width": 1280, "height": 800})
    yield await context.new_page()
    await context.close()


async def open_pay(stage: Stage, page: Page, name: str) -> None:
    await stage.show(page, stage.renderer.pay(PAY[name], english()).with_token(TOKEN))


async def sent_by(page: Page, press: str) -> Request:
    async with page.expect_request(lambda request: request.method == "POST") as waiting:
        await page.get_by_role("button", name=press).click(no_wait_after=True)
    return await waiting.value


@pytest.mark.parametrize(
    ("name", "press", "method", "amount"),
    [
        ("fixed", "Pay ₽1,980.50", "card", None),
        ("products", "SBP", "sbp", None),
        ("dynamic", "Bank card", "card", "1 234,50"),
    ],
)
async def test_one_press_sends_method_token_and_amount_without_script(
    phone: Page, stage: Stage, name: str, press: str, method: str, amount: str | None
) -> None:
    await open_pay(stage, phone, name)
    if amount is not None:
        await phone.get_by_label("Amount").last.fill(amount)
    request = await sent_by(phone, press)
    expected = {"attempt": TOKEN, "method": method}
    if amount is not None:
        expected["amount"] = amount
    assert request.post_data_json == expected
    assert request.url.endswith(PAY[name].action)


async def test_pay_is_at_hand_on_a_phone_before_the_payer_scrolls(
    phone: Page, stage: Stage
) -> None:
    await open_pay(stage, phone, "product")
    button = await phone.get_by_role("button", name="Pay ₽380.50").bounding_box()
    assert button is not None
    assert button["y"] + button["height"] <= 640


@pytest.mark.parametrize("name", ["fixed", "products", "fee", "long", "kuwait", "test"])
async def test_the_amount_is_the_largest_text(desk: Page, stage: Stage, name: str) -> None:
    for width in (320, 360, 768, 1280):
        await desk.set_viewport_size({"width": width, "height": 800})
        await open_pay(stage, desk, name)
        sizes = await desk.evaluate(
            "() => [...document.querySelectorAll('main *')].filter(one => one.innerText).map(one =>"
            " [one.closest('.total') !== null, parseFloat(getComputedStyle(one).fontSize)])"
        )
        largest = max(size for _, size in sizes)
        assert {is_total for is_total, size in sizes if size == largest} == {True}


async def test_the_keyboard_reaches_every_method_and_shows_where_it_is(
    desk: Page, stage: Stage
) -> None:
    await open_pay(stage, desk, "fee")
    for method in PAY["fee"].methods:
        await desk.keyboard.press("Tab")
        name, outline = await desk.evaluate(
            "() => [document.activeElement.value, getComputedStyle(document.activeElement).outline]"
        )
        assert name == method.name
        assert "3px" in outline


async def test_enter_in_the_amount_field_pays_with_the_first_method(
    desk: Page, stage: Stage
) -> None:
    await open_pay(stage, desk, "dynamic")
    async with desk.expect_request(lambda request: request.method == "POST") as waiting:
        await desk.get_by_label("Amount").last.press("Enter", no_wait_after=True)
    assert (await waiting.value).post_data_json == {
        "attempt": TOKEN,
        "amount": "500",
        "method": "card",
    }


async def test_a_refused_amount_comes_back_as_typed_with_the_reason_at_the_field(
    desk: Page, stage: Stage
) -> None:
    await open_pay(stage, desk, "dynamic-refused")
    field = desk.locator("#amount")
    asked = PAY["dynamic-refused"].asked
    assert asked is not None
    assert await field.input_value() == asked.typed
    assert await field.evaluate("one => one === document.activeElement")
    assert await field.get_attribute("aria-invalid") == "true"
    names = (await field.get_attribute("aria-describedby") or "").split()
    described = [await desk.locator(f"#{name}").inner_text() for name in names]
    assert described[0] == asked.fault
    assert "₽100.00" in described[1]


async def test_the_code_stays_black_on_white_in_the_dark(phone: Page, stage: Stage) -> None:
    await stage.show(phone, stage.renderer.status(STATUS["scan"], english()))
    picture = phone.locator("img.code").first
    assert (
        await picture.evaluate("one => getComputedStyle(one).backgroundColor")
        == "rgb(255, 255, 255)"
    )
    assert await picture.evaluate("one => getComputedStyle(one).filter") == "none"


async def test_a_phone_opens_the_bank_and_has_the_code_one_step_away(
    phone: Page, stage: Stage
) -> None:
    await stage.show(phone, stage.renderer.status(STATUS["scan"], english()))
    assert await phone.get_by_role("link", name="Open my bank's app").is_visible()
    code = phone.locator(".code:visible")
    assert await code.count() == 0
    await phone.get_by_text("Pay from another device").click()
    assert await code.count() == 1


async def test_a_desk_shows_the_code_and_has_the_bank_one_step_away(
    desk: Page, stage: Stage
) -> None:
    await stage.show(desk, stage.renderer.status(STATUS["scan"], english()))
    assert await desk.locator(".code:visible").count() == 1
    assert not await desk.get_by_role("link", name="Open my bank's app").is_visible()
    assert await desk.get_by_role("link", name="Open the bank on this device").is_visible()


async def test_a_large_screen_that_is_touched_is_taken_for_a_phone(
    chromium: Browser, stage: Stage
) -> None:
    tablet = await chromium.new_page(
        viewport={"width": 1024, "height": 768}, is_mobile=True, has_touch=True
    )
    await stage.show(tablet, stage.renderer.status(STATUS["scan"], english()))
    assert await tablet.get_by_role("link", name="Open my bank's app").is_visible()
    await tablet.close()


async def test_a_printed_page_has_the_code_and_nothing_to_press(phone: Page, stage: Stage) -> None:
    await stage.show(phone, stage.renderer.status(STATUS["scan"], english()))
    await phone.emulate_media(media="print")
    assert await phone.locator(".code:visible").count() == 1
    assert await phone.locator(".button:visible").count() == 0


async def test_the_countdown_of_a_code_goes_on_and_its_end_is_looked_for(
    chromium: Browser, stage: Stage
) -> None:
    page = await chromium.new_page()
    await page.clock.install()
    scan = STATUS["scan"].scan
    assert scan is not None
    soon = msgspec.structs.replace(scan, seconds_left=3)
    view = msgspec.structs.replace(STATUS["scan"], scan=soon)
    shown = await stage.show(page, stage.renderer.status(view, english()), scripts=True)
    assert await page.get_by_role("timer").inner_text() == "0:03"
    await page.clock.run_for(1_000)
    assert await page.get_by_role("timer").inner_text() == "0:02"
    shown.html = stage.renderer.status(STATUS["code-over"], english())
    await page.clock.run_for(3_000)
    await page.get_by_role("link", name="Get a new code").wait_for()
    await page.close()


async def test_nothing_moves_for_those_who_asked_for_rest(chromium: Browser, stage: Stage) -> None:
    html = stage.renderer.status(STATUS["waiting"], english())
    moving: dict[str, list[float]] = {}
    wishes: tuple[Literal["reduce", "no-preference"], ...] = ("reduce", "no-preference")
    for wish in wishes:
        context = await chromium.new_context(reduced_motion=wish)
        page = await context.new_page()
        await stage.show(page, html)
        moving[wish] = await page.evaluate(
            "document.getAnimations().map(one => one.effect.getComputedTiming().endTime)"
        )
        await context.close()
    assert moving["reduce"] == []
    [milliseconds] = moving["no-preference"]
    assert milliseconds < 5_000  # WCAG 2.2, 2.2.2: then it comes to rest by itself


async def test_a_printed_receipt_has_the_facts_and_no_buttons(desk: Page, stage: Stage) -> None:
    await stage.show(desk, stage.renderer.status(STATUS["charged"], english()))
    await desk.emulate_media(media="print")
    assert await desk.get_by_text("2026-000031").is_visible()
    assert not await desk.get_by_role("link", name="Back to Café Morgenrot").is_visible()
