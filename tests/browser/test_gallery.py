"""Every state of every page in a real browser: small, quiet, within the screen, readable by all.
What the pages look like, `pictures.py` draws for people."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser, BrowserContext, Page, ViewportSize

from handbill.kernel.languages import LanguageCode
from handbill.web.pages.language import Language, english, speak
from tests.browser import judging
from tests.browser.samples import gallery
from tests.browser.stage import Shown, Stage

pytestmark = pytest.mark.anyio

SCREENS = {360: 740, 768: 1024, 1280: 800}
NARROWEST: ViewportSize = {"width": 320, "height": 256}
"""A screen of 1280 by 1024 at 400 %, WCAG 2.2, 1.4.10."""
HTML_BYTES_MAX = 15 * 1024
PAGES = gallery()
DISTINCT_ENDS = {"end-used", "end-taken", "end-asked", "end-refunded_to_you", "end-server_error"}
"""One of each kind. The others differ from these in their words alone, and are judged by
`bin/test --slow`."""
EACH = [
    pytest.param(name, marks=pytest.mark.slow)
    if name.startswith("end-") and name not in DISTINCT_ENDS
    else name
    for name in PAGES
]
LANGUAGES: tuple[LanguageCode, ...] = ("en", "ru", "ar", "ja")


@pytest.fixture(scope="module")
async def context(chromium: Browser) -> AsyncIterator[BrowserContext]:
    context = await chromium.new_context()
    yield context
    await context.close()


@pytest.fixture
async def screen(context: BrowserContext) -> AsyncIterator[Page]:
    page = await context.new_page()
    yield page
    await page.close()


async def show(name: str, screen: Page, stage: Stage, language: Language) -> Shown:
    html = PAGES[name](stage.renderer, language)
    assert len(html) <= HTML_BYTES_MAX
    return await stage.show(screen, html, scripts=b"<script" in html)


@pytest.mark.parametrize("name", EACH)
async def test_a_page_fits_every_screen_and_axe_finds_nothing(
    name: str, screen: Page, stage: Stage
) -> None:
    await screen.emulate_media(color_scheme="light")
    shown = await show(name, screen, stage, english())
    assert await judging.faults_of_order(screen) == []
    for width, height in SCREENS.items():
        await screen.set_viewport_size({"width": width, "height": height})
        assert await judging.overflow(screen) <= 0
        assert await judging.small_targets(screen) == []
    assert not (faults := await judging.faults_by_axe(screen)), faults
    # The dark changes nothing but colours.
    await screen.emulate_media(color_scheme="dark")
    assert not (faults := await judging.faults_by_axe(screen, ["color-contrast"])), faults
    assert shown.troubles == []


@pytest.mark.parametrize("name", EACH)
async def test_a_page_four_times_as_large_fits_however_far_its_letters_stand_apart(
    name: str, screen: Page, stage: Stage
) -> None:
    await screen.emulate_media(color_scheme="light")
    await screen.set_viewport_size(NARROWEST)
    shown = await show(name, screen, stage, speak("ar"))
    assert await screen.evaluate("document.dir") == "rtl"
    assert await judging.overflow(screen) <= 0
    await judging.space_out(screen)
    assert await judging.overflow(screen) <= 0
    assert await judging.cut_off(screen) == []
    assert shown.troubles == []


@pytest.mark.slow
@pytest.mark.parametrize("code", LANGUAGES)
@pytest.mark.parametrize("name", PAGES)
async def test_axe_finds_nothing_in_any_direction_colour_and_width(
    name: str, code: LanguageCode, screen: Page, stage: Stage
) -> None:
    shown = await show(name, screen, stage, speak(code))
    assert await screen.get_attribute("html", "lang") == code
    for scheme in ("light", "dark"):
        await screen.emulate_media(color_scheme=scheme)
        for width in (360, 1280):
            await screen.set_viewport_size({"width": width, "height": SCREENS[width]})
            assert not (faults := await judging.faults_by_axe(screen)), faults
    assert shown.troubles == []
