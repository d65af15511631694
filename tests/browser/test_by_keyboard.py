"""Paying with the keyboard alone: everything can be reached, the focus is always seen, nothing
holds it, and nothing happens by reaching."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser, Page

from handbill.web.pages.language import english
from tests.browser import judging
from tests.browser.devices import open_device
from tests.browser.samples import gallery
from tests.browser.stage import Stage
from tests.support.running import RunningHouse

pytestmark = pytest.mark.anyio

TABS_MAX = 60


@pytest.fixture
async def phone(chromium: Browser) -> AsyncIterator[Page]:
    """Small enough for the bars at the top and at the foot of the screen."""
    context = await chromium.new_context(viewport={"width": 360, "height": 640})
    yield await context.new_page()
    await context.close()


async def tab_to(page: Page, words: str) -> None:
    named = page.get_by_role("button", name=words).or_(page.get_by_role("link", name=words))
    for _ in range(TABS_MAX):
        await page.keyboard.press("Tab")
        if await named.evaluate("one => one === document.activeElement"):
            return
    raise AssertionError(f"the Tab key never comes to {words}")


async def test_from_the_page_to_the_receipt_and_back_to_the_shop(
    house: RunningHouse, chromium: Browser
) -> None:
    link = await house.make_link(title="Espresso", return_url="https://shop.example/thanks")
    device = await open_device(chromium, "desk")
    page = device.page
    await page.goto(link["url"])
    for words in ("Pay ₽10.00", "Approve"):
        await tab_to(page, words)
        async with page.expect_navigation():
            await page.keyboard.press("Enter")
    await house.settle()
    await device.look_again()

    await page.get_by_role("heading", name="Paid", exact=True).wait_for()
    await tab_to(page, "Back to Sample shop")
    assert device.troubles == []
    await device.close()


@pytest.mark.parametrize(
    "name", ["pay-quantities", "pay-suggested", "pay-test", "end-taken", "inbox"]
)
async def test_what_has_the_focus_is_seen_beneath_no_bar(
    name: str, phone: Page, stage: Stage
) -> None:
    html = gallery()[name](stage.renderer, english())
    await stage.show(phone, html, scripts=b"<script" in html)
    reached = await judging.walk(phone)
    assert len(reached) >= 12  # the languages at the foot alone are as many
