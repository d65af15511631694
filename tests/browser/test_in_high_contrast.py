"""Pages in the few colours that the reader's system prescribes: nothing is told by ours alone."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from playwright.async_api import Browser, Page

from handbill.web.pages.language import english
from tests.browser import judging
from tests.browser.samples import gallery
from tests.browser.stage import Stage

pytestmark = pytest.mark.anyio

PAGES = gallery()
STYLE = "one => { const style = getComputedStyle(one); return [style.%s, style.%s]; }"


@pytest.fixture
async def screen(chromium: Browser) -> AsyncIterator[Page]:
    context = await chromium.new_context(
        viewport={"width": 360, "height": 740}, forced_colors="active"
    )
    yield await context.new_page()
    await context.close()


async def show(name: str, screen: Page, stage: Stage) -> None:
    html = PAGES[name](stage.renderer, english())
    await stage.show(screen, html, scripts=b"<script" in html)
    assert await screen.evaluate("matchMedia('(forced-colors: active)').matches")


async def test_the_chosen_answer_and_the_focus_are_seen(screen: Page, stage: Stage) -> None:
    await show("pay-quantities", screen, stage)

    async def look(which: str) -> Any:
        chip = screen.locator(f".chip input{which} + span").first
        return await chip.evaluate(STYLE % ("backgroundColor", "color"))

    assert await look(":checked") != await look(":not(:checked)")
    assert len(await judging.walk(screen)) >= 12


@pytest.mark.parametrize("name", ["pay-fee", "pay-dynamic-refused", "end-used", "status-charged"])
async def test_buttons_and_fields_keep_an_edge(name: str, screen: Page, stage: Stage) -> None:
    await show(name, screen, stage)
    edged = screen.locator("button, a.button, .blank")
    edges = await edged.evaluate_all(
        "all => all.map(one => getComputedStyle(one).borderTopColor !=="
        " getComputedStyle(document.body).backgroundColor"
        " && parseFloat(getComputedStyle(one).borderTopWidth) >= 1)"
    )
    assert edges
    assert all(edges)
