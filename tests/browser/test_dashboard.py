"""The dashboard in a real browser: every page and state of it on a phone and on a desk, by night,
from right to left, by keyboard and without script."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from playwright.async_api import Browser, BrowserContext, Page

from tests.browser import judging
from tests.browser.devices import PHONE, PICTURES
from tests.support.clerk import dashboard_key
from tests.support.running import RunningHouse

pytestmark = pytest.mark.anyio

SCREENS: dict[str, dict[str, Any]] = {
    "phone": PHONE,
    "desk": {"viewport": {"width": 1280, "height": 800}},
    "tablet": {"viewport": {"width": 768, "height": 1024}},
    "dark": {"viewport": {"width": 1280, "height": 800}, "color_scheme": "dark"},
    "arabic": {"viewport": {"width": 1280, "height": 800}, "locale": "ar"},
    "arabic-phone": {**PHONE, "locale": "ar", "color_scheme": "dark"},
}
PREFIX = "dashboard-"
LONG_MILLISECONDS = 30_000
REFUSED = "the server responded with a status of 4"
"""What a browser says to a form that is shown again."""


class Desk:
    """A browser of somebody who sells. `troubles` is what its pages complain about."""

    def __init__(self, name: str, context: BrowserContext, page: Page) -> None:
        self.name, self.context, self.page = name, context, page
        self.troubles: list[str] = []
        page.on("console", lambda message: self.troubles.append(message.text))
        page.on("pageerror", lambda error: self.troubles.append(str(error)))

    async def open(self, house: RunningHouse) -> None:
        key = await dashboard_key(house)
        await self.page.goto(f"{house.url}/dashboard#{key}")
        await self.page.locator("#amount").wait_for()
        assert key not in self.page.url + await self.page.content()

    async def go(self, house: RunningHouse, path: str, picture: str) -> None:
        await self.page.goto(f"{house.url}/dashboard{path}")
        await self.judge(picture)

    async def submit(self, selector: str, picture: str) -> None:
        async with self.page.expect_navigation():
            await self.page.locator(selector).click()
        await self.judge(picture)

    async def judge(self, picture: str) -> None:
        """It fits its screen, its targets are large enough, its order is sound, and axe has nothing
        to say. Leaves a picture for people."""
        await self.page.wait_for_load_state("networkidle")
        await self.page.evaluate("scrollTo(0, 0)")
        PICTURES.mkdir(exist_ok=True)
        path = PICTURES / f"{PREFIX}{picture}-{self.name}.png"
        await self.page.screenshot(path=path, full_page=True, animations="disabled")
        assert await judging.overflow(self.page) <= 0
        assert await judging.small_targets(self.page) == []
        assert await judging.faults_of_order(self.page) == []
        assert not (faults := await judging.faults_by_axe(self.page)), faults


@pytest.fixture
async def desk(request: pytest.FixtureRequest, chromium: Browser) -> AsyncIterator[Desk]:
    name = getattr(request, "param", "phone")
    context = await chromium.new_context(**SCREENS[name])
    context.set_default_timeout(LONG_MILLISECONDS)
    yield Desk(name, context, await context.new_page())
    await context.close()


async def test_a_form_that_was_refused_and_the_page_of_a_print(
    house: RunningHouse, desk: Desk
) -> None:
    await desk.open(house)
    await desk.page.locator("#codes").fill("Table 9..3")
    await desk.submit(".new .bar .button", "new-refused")
    await desk.page.locator("#amount").fill("1234.50")
    await desk.page.locator("#codes").fill("Table 1..2")
    await desk.submit(".new .bar .button", "print-many")
    reached = await judging.walk(desk.page)
    for part in ("which", "template", "summary", "mark-print", "place-", "codes"):
        assert any(part in one for one in reached), part
    assert [one for one in desk.troubles if REFUSED not in one] == []


@pytest.mark.slow
@pytest.mark.parametrize("desk", SCREENS, indirect=True)
async def test_every_page_and_state(house: RunningHouse, desk: Desk) -> None:
    page = desk.page
    await page.goto(f"{house.url}/dashboard")
    await page.locator("#key").fill("hb_test_wrong")
    await desk.submit(".door .button", "door")
    await desk.open(house)
    await desk.judge("new")
    await desk.go(house, "/links", "links-empty")
    await desk.go(house, "/links/x", "trouble")

    await house.make_product(header="Flat white with oat milk")
    await page.goto(f"{house.url}/dashboard")
    await page.locator("#amount").fill("12,,5")
    await page.locator("#title").fill("Table service")
    await page.locator("#codes").fill("Table 9..3\nWindow\nWindow")
    await desk.submit(".new .bar .button", "new-refused")
    await page.locator("#amount").fill("1234.50")
    await page.locator("#codes").fill("Table 1..3\nWindow")
    await desk.submit(".new .bar .button", "print-many")
    link = page.url.partition("/dashboard")[2]

    await page.locator(".press .more summary").last.click()
    await page.locator(".codes-change summary").first.click()
    await desk.judge("print-open")
    await page.locator(".codes-edit [name=name]").first.fill("Window")
    await desk.submit(".codes-edit .button >> nth=0", "print-name-refused")
    await page.locator("#codes").last.fill("Bar\nBar")
    await desk.submit(".add > .button", "print-names-refused")
    await desk.go(house, "/links?q=nothing+like+it", "links-none")
    await house.make_link(title="", amount={"default": 99, "currency": "JPY"})
    await desk.go(house, "/links", "links")

    await house.shop.patch(f"/api/v1{link}", json={"amount": {"default": 99_00}})
    await page.goto(f"{house.url}/dashboard{link}")
    await page.locator("[name=force]").evaluate("box => box.required = false")
    await page.locator("form.press").evaluate("form => form.target = '_self'")
    await desk.submit(".press .bar .button >> nth=0", "print-refused")
    await page.locator("[value=poster]").check()
    await page.locator("#proof[src*='/preview/poster/large.png']").wait_for()
    assert [one for one in desk.troubles if REFUSED not in one] == []
