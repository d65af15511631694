"""The requisites of a bank transfer are copied one by one, also without script."""

from __future__ import annotations

import pytest
from playwright.async_api import Browser

from handbill.web.pages.language import english
from tests.browser.samples import ORIGIN, STATUS
from tests.browser.stage import Stage

pytestmark = pytest.mark.anyio

PURPOSE = "7KX2M4QF9T Breakfast for two"


async def test_a_value_is_copied_by_its_button(chromium: Browser, stage: Stage) -> None:
    context = await chromium.new_context()
    await context.grant_permissions(["clipboard-read", "clipboard-write"], origin=ORIGIN)
    page = await context.new_page()
    html = stage.renderer.status(STATUS["transfer"], english())
    shown = await stage.show(page, html, scripts=True)

    row = page.locator(".requisites div", has_text="Purpose of the payment")
    await row.get_by_role("button", name="Copy").click()
    await row.get_by_role("button", name="Copied").wait_for()

    assert await page.evaluate("navigator.clipboard.readText()") == PURPOSE
    assert shown.troubles == []
    await context.close()


async def test_without_script_one_tap_selects_a_whole_value(
    chromium: Browser, stage: Stage
) -> None:
    context = await chromium.new_context(java_script_enabled=False)
    page = await context.new_page()
    await stage.show(page, stage.renderer.status(STATUS["transfer"], english()))

    assert await page.locator(".copy").count() == 0
    value = page.locator(".value", has_text=PURPOSE)
    assert await value.evaluate("one => getComputedStyle(one).userSelect") == "all"
    await context.close()
