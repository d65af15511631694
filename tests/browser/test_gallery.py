"""Every state of every page in a real browser: small, quiet, within the screen, readable by all.

The pictures are left in `screenshots/` for people to look at; nothing is compared with them.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, BrowserContext, Page

from handbill.web.pages.language import english, speak
from tests.browser.samples import gallery
from tests.browser.stage import Stage

pytestmark = pytest.mark.anyio

PICTURES = Path(__file__).parents[2] / "screenshots"
SCREENS = {360: 740, 768: 1024, 1280: 800}
HTML_BYTES_MAX = 15 * 1024
TARGET_PIXELS_MIN = 44
PAGES = gallery()

OVERFLOW = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
# Whatever is pressed or typed into must be large enough for a thumb.
SMALL_TARGETS = """least =>
    [...document.querySelectorAll("button, input:not([type=hidden]), a.button")]
    .filter(one => one.getClientRects().length > 0)
    .filter(one => one.getBoundingClientRect().height < least)
    .map(one => one.outerHTML)"""


@pytest.fixture(scope="module")
async def context(chromium: Browser) -> AsyncIterator[BrowserContext]:
    PICTURES.mkdir(exist_ok=True)
    context = await chromium.new_context()
    yield context
    await context.close()


@pytest.fixture
async def screen(context: BrowserContext) -> AsyncIterator[Page]:
    page = await context.new_page()
    yield page
    await page.close()


@pytest.mark.parametrize("name", PAGES)
async def test_a_page_fits_every_screen_and_axe_finds_nothing(
    name: str, screen: Page, stage: Stage
) -> None:
    html = PAGES[name](stage.renderer, english())
    shown = await stage.show(screen, html, scripts=b"<script" in html)
    (PICTURES / f"{name}.html").write_bytes(html)
    assert len(html) <= HTML_BYTES_MAX
    await screen.emulate_media(color_scheme="light")
    for width, height in SCREENS.items():
        await screen.set_viewport_size({"width": width, "height": height})
        await screen.screenshot(path=PICTURES / f"{name}-{width}.png", full_page=True)
        assert await screen.evaluate(OVERFLOW) <= 0
        assert await screen.evaluate(SMALL_TARGETS, TARGET_PIXELS_MIN) == []
    found = await Axe().run(screen)
    assert found.violations_count == 0, found.generate_report()
    # The dark changes nothing but colours.
    await screen.emulate_media(color_scheme="dark")
    await screen.screenshot(path=PICTURES / f"{name}-dark.png", full_page=True)
    found = await Axe().run(screen, options={"runOnly": ["color-contrast"]})
    assert found.violations_count == 0, found.generate_report()
    assert shown.troubles == []


@pytest.mark.parametrize("name", PAGES)
async def test_a_page_fits_the_narrowest_screen_read_from_right_to_left(
    name: str, screen: Page, stage: Stage
) -> None:
    html = PAGES[name](stage.renderer, speak("ar"))
    await screen.emulate_media(color_scheme="light")
    await screen.set_viewport_size({"width": 320, "height": 560})
    shown = await stage.show(screen, html, scripts=b"<script" in html)
    await screen.screenshot(path=PICTURES / f"{name}-320-rtl.png", full_page=True)
    assert await screen.evaluate("document.dir") == "rtl"
    assert await screen.evaluate(OVERFLOW) <= 0
    assert shown.troubles == []
