"""Browsers of payers: a desk, a phone, and a phone whose owner has switched scripts off."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, BrowserContext, Page, Request

PICTURES = Path(__file__).parents[2] / "screenshots"
LEFT = "net::ERR_ABORTED"
LOOK_MILLISECONDS = 2_000
OVERFLOW = "document.documentElement.scrollWidth - document.documentElement.clientWidth"

PHONE: dict[str, Any] = {
    "viewport": {"width": 360, "height": 740},
    "is_mobile": True,
    "has_touch": True,
}
DEVICES: dict[str, dict[str, Any]] = {
    "desk": {"viewport": {"width": 1280, "height": 800}},
    "phone": PHONE,
    "phone-without-script": {**PHONE, "java_script_enabled": False, "color_scheme": "dark"},
}


class Device:
    """One browser of one payer. Whatever a page complains about is kept in `troubles`: a picture
    that did not load, a policy that was broken, an error of a script."""

    def __init__(self, name: str, context: BrowserContext, page: Page) -> None:
        self.name = name
        self.context = context
        self.page = page
        self.troubles: list[str] = []
        self.watch(page)

    def watch(self, page: Page) -> None:
        page.on("console", lambda message: self.troubles.append(message.text))
        page.on("pageerror", lambda error: self.troubles.append(str(error)))
        page.on("requestfailed", self._note_failure)

    def _note_failure(self, request: Request) -> None:
        # What was still loading when its page was left is given up by the browser, not by us.
        if request.failure != LEFT:
            self.troubles.append(f"failed: {request.url} {request.failure}")

    @property
    def has_script(self) -> bool:
        return "without-script" not in self.name

    async def new_tab(self) -> Page:
        page = await self.context.new_page()
        self.watch(page)
        return page

    async def press(self, words: str, page: Page | None = None) -> None:
        """A button, or a link that looks like one, by what it says. Goes on when the next page is
        there."""
        page = page or self.page
        named = page.get_by_role("button", name=words).or_(page.get_by_role("link", name=words))
        async with page.expect_navigation():
            await named.click()

    async def see(self, words: str, picture: str, page: Page | None = None) -> None:
        """The page says this in its heading, fits its screen, and axe has nothing to say. Leaves a
        picture for people."""
        page = page or self.page
        await page.get_by_role("heading", name=words).first.wait_for()
        PICTURES.mkdir(exist_ok=True)
        path = PICTURES / f"paying-{picture}-{self.name}.png"
        await page.screenshot(path=path, full_page=True)
        if self.has_script:  # axe is a script itself
            assert await page.evaluate(OVERFLOW) <= 0
            found = await Axe().run(page)
            assert found.violations_count == 0, found.generate_report()

    async def look_again(self) -> None:
        """What the page does by itself every two seconds, or what its owner does by hand."""
        if self.has_script:
            await self.page.clock.run_for(LOOK_MILLISECONDS)
        else:
            await self.page.reload()

    async def close(self) -> None:
        await self.context.close()


async def open_device(chromium: Browser, name: str) -> Device:
    context = await chromium.new_context(**DEVICES[name])
    page = await context.new_page()
    if "without-script" not in name:
        await page.clock.install()
    return Device(name, context, page)
