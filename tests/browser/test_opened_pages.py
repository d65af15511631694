"""A page tells that it was opened: once for each visit, with script and without."""

from __future__ import annotations

import pytest
from playwright.async_api import Browser, Page

from handbill.links import store as links
from handbill.links import traffic
from tests.support.running import RunningHouse

pytestmark = pytest.mark.anyio

PHONE = "Mozilla/5.0 (Android 15; Mobile) AppleWebKit/537.36 Chrome/131.0 Mobile Safari/537.36"


async def opens(house: RunningHouse, link_id: str) -> int:
    await house.settle()
    found = await house.house.db.read(lambda tx: links.find_for_page(tx, link_id))
    assert found is not None
    days = await house.house.db.read(lambda tx: traffic.by_day(tx, link_id, 0, 10**6))
    return sum(day.opens for day in days.values())


async def quiet(page: Page) -> None:
    """Everything that the page wants to say has been said."""
    await page.wait_for_load_state("networkidle")


async def test_a_visit_counts_once_whatever_is_done_in_it(
    house: RunningHouse, chromium: Browser
) -> None:
    link = await house.make_link()
    context = await chromium.new_context(user_agent=PHONE)
    page, troubles = await context.new_page(), list[str]()
    page.on("console", lambda message: troubles.append(message.text))
    async with page.expect_response("**/pay/opened") as told:
        await page.goto(link["url"])
    assert (await told.value).status == 204
    assert await opens(house, link["id"]) == 1

    await page.reload()
    await quiet(page)
    async with page.expect_navigation():
        await page.get_by_role("link", name="Deutsch").click()
    await quiet(page)
    assert page.url == f"{link['url']}?lang=de"
    await page.go_back()
    await quiet(page)

    assert await opens(house, link["id"]) == 1
    assert len(house.road.heard("POST", "/pay/opened")) == 1
    assert await context.cookies() == []
    assert await page.evaluate("sessionStorage.length + localStorage.length") == 0
    assert troubles == []
    await context.close()


async def test_without_script_a_picture_tells_it(house: RunningHouse, chromium: Browser) -> None:
    link = await house.make_link()
    context = await chromium.new_context(user_agent=PHONE, java_script_enabled=False)
    page = await context.new_page()
    await page.goto(link["url"])
    await quiet(page)
    assert await opens(house, link["id"]) == 1
    await context.close()
