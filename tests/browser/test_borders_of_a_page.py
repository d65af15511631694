"""What a browser lets a page of ours do and what it refuses, by the headers that the house sends:
who may show it in a frame, and where its form may lead."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser, BrowserContext, FrameLocator, Page, Route

from tests.support.running import RunningHouse

pytestmark = pytest.mark.anyio

SHOP, STRANGER = "https://shop.example", "https://stranger.example"
PAY = "Pay ₽10.00"


@pytest.fixture
async def browser(chromium: Browser, house: RunningHouse) -> AsyncIterator[BrowserContext]:
    """Sites from outside may ask this machine, as they may ask any other server."""
    context = await chromium.new_context(permissions=["local-network-access"])
    await house.change_merchant(frame_origins=(SHOP,))
    yield context
    await context.close()


async def framed(browser: BrowserContext, site: str, address: str) -> tuple[Page, FrameLocator]:
    """A page of that site, with the address in a frame."""

    async def serve(route: Route) -> None:
        html = f'<!doctype html><title>Shop</title><iframe src="{address}"></iframe>'
        await route.fulfill(content_type="text/html", body=html)

    page = await browser.new_page()
    await page.route(f"{site}/**", serve)
    await page.goto(f"{site}/")
    return page, page.frame_locator("iframe")


async def test_a_page_is_framed_by_the_site_that_was_named_and_by_no_other(
    house: RunningHouse, browser: BrowserContext
) -> None:
    link = await house.make_link(max_payments=1)
    refusals: list[str] = []
    browser.on("console", lambda message: refusals.append(message.text))

    _, inside = await framed(browser, SHOP, link["url"])
    await inside.get_by_role("button", name=PAY).wait_for()
    assert refusals == []

    _, inside = await framed(browser, STRANGER, link["url"])
    await inside.locator("body").wait_for(state="attached")
    assert await inside.get_by_role("button", name=PAY).count() == 0
    assert any("frame-ancestors" in words for words in refusals)


async def test_who_pays_in_a_frame_goes_on_in_the_whole_window_and_is_known_there(
    house: RunningHouse, browser: BrowserContext
) -> None:
    link = await house.make_link(max_payments=1)
    page, inside = await framed(browser, SHOP, link["url"])

    async with page.expect_navigation(url="http://127.0.0.1:*/**"):
        await inside.get_by_role("button", name=PAY).click()
    assert await page.locator("iframe").count() == 0

    # Back on the site, the frame shows a payer whom no cookie tells from any other.
    await page.go_back()
    await inside.get_by_role("heading", name="Somebody is paying right now").wait_for()
    async with page.expect_navigation(url=link["url"]):
        await inside.get_by_role("link", name="Look again").click()
    await page.get_by_role("link", name="Continue that payment").wait_for()


async def test_the_form_leads_to_no_host_but_the_acquirers(
    house: RunningHouse, browser: BrowserContext
) -> None:
    link = await house.make_link()
    page, asked = await browser.new_page(), list[str]()

    async def lead_astray(route: Route) -> None:
        if route.request.method != "POST":
            await route.fallback()
            return
        await route.fulfill(status=303, headers={"location": f"{STRANGER}/card-number"})

    await page.route(f"{link['url']}*", lead_astray)
    await page.route(f"{STRANGER}/**", lambda route: asked.append(route.request.url))
    await page.goto(link["url"])
    async with page.expect_console_message(lambda message: "form-action" in message.text):
        await page.get_by_role("button", name=PAY).click(no_wait_after=True)

    assert asked == []
    assert page.url == link["url"]
