"""Pages that look again by themselves: the page of a payment and the sandbox inbox."""

from __future__ import annotations

from collections.abc import AsyncIterator

import msgspec
import pytest
from playwright.async_api import Browser, Page

from handbill.web.pages.language import english
from handbill.web.pages.render import taken_page
from tests.browser.samples import INBOX, ORIGIN, STATUS
from tests.browser.stage import Stage
from tests.support.running import RunningHouse
from tests.unit.qr.reading import rasterised_svg, read_picture

pytestmark = pytest.mark.anyio

LOOK_MILLISECONDS = 2_000
TOLD_MILLISECONDS_MAX = 2_000
FAR = "2100-01-01T00:00:00Z"


@pytest.fixture
async def page(chromium: Browser) -> AsyncIterator[Page]:
    """Its timers are wound by hand."""
    context = await chromium.new_context()
    page = await context.new_page()
    await page.clock.install()
    yield page
    await context.close()


async def let_it_look(page: Page) -> None:
    async with page.expect_response(f"{ORIGIN}/page"):
        await page.clock.run_for(LOOK_MILLISECONDS)


async def test_a_waiting_page_shows_the_result_when_it_is_there(page: Page, stage: Stage) -> None:
    shown = await stage.show(
        page, stage.renderer.status(STATUS["waiting"], english()), scripts=True
    )
    shown.html = stage.renderer.status(STATUS["charged"], english())
    await let_it_look(page)
    await page.get_by_role("heading", name="Paid", exact=True).wait_for()
    assert shown.troubles == []


async def test_a_waiting_page_is_left_in_peace_while_nothing_has_changed(
    page: Page, stage: Stage
) -> None:
    shown = await stage.show(
        page, stage.renderer.status(STATUS["waiting"], english()), scripts=True
    )
    await page.evaluate("document.body.dataset.read = 'halfway'")
    await let_it_look(page)
    await let_it_look(page)
    assert await page.evaluate("document.body.dataset.read") == "halfway"
    assert shown.troubles == []


async def test_a_page_that_is_told_does_not_have_to_look(page: Page, house: RunningHouse) -> None:
    link = await house.make_link(pay_config={"methods": ["sbp"]})
    status = await house.new_payer().begin(link["url"], "sbp")
    picture = await house.payer.get(f"{status}/qr.svg")
    bank = read_picture(rasterised_svg(picture.content)).text
    await page.clock.pause_at(FAR)  # its timers stand still: nothing is looked for

    async with page.expect_response(f"{status}/events"):
        await page.goto(status)
    await house.new_payer().decide(bank, "sbp_paid")
    await house.settle()

    heading = page.get_by_role("heading", name="Paid", exact=True)
    await heading.wait_for(timeout=TOLD_MILLISECONDS_MAX)


async def test_a_button_to_go_on_with_comes_with_the_acquirers_answer(
    page: Page, stage: Stage
) -> None:
    before = msgspec.structs.replace(STATUS["waiting"], continue_url=None)
    shown = await stage.show(page, stage.renderer.status(before, english()), scripts=True)
    assert await page.get_by_role("link", name="Continue paying").count() == 0
    shown.html = stage.renderer.status(STATUS["waiting"], english())
    await let_it_look(page)
    await page.get_by_role("link", name="Continue paying").wait_for()
    assert shown.troubles == []


async def test_the_countdown_of_a_taken_place_goes_on(page: Page, stage: Stage) -> None:
    shown = await stage.show(page, stage.renderer.end(taken_page(47)), scripts=True)
    shown.html = stage.renderer.end(taken_page(45))
    await let_it_look(page)
    await page.get_by_text("your turn in 0:45").wait_for()


async def test_a_result_is_final_and_not_asked_for_again(page: Page, stage: Stage) -> None:
    for state in ("charged", "declined", "cancelled", "expired", "refunded"):
        html = stage.renderer.status(STATUS[state], english())
        assert b"<script" not in html
        assert b"http-equiv" not in html


async def test_a_new_webhook_comes_on_top_and_closes_nothing(page: Page, stage: Stage) -> None:
    newest, oldest = INBOX.received
    before = msgspec.structs.replace(INBOX, received=(oldest,))
    shown = await stage.show(page, stage.renderer.inbox(before, english()), scripts=True)
    await page.get_by_text("0 headers").click()
    shown.html = stage.renderer.inbox(INBOX, english())
    await let_it_look(page)
    await page.get_by_text("link · charged").wait_for()
    assert await page.locator(".received h2").all_inner_texts() == [newest.heading, oldest.heading]
    assert await page.locator("details[open]").count() == 1
    assert shown.troubles == []


async def test_the_first_webhook_takes_the_place_of_the_explanation(
    page: Page, stage: Stage
) -> None:
    empty = msgspec.structs.replace(INBOX, received=())
    shown = await stage.show(page, stage.renderer.inbox(empty, english()), scripts=True)
    assert await page.get_by_text("Nothing yet").is_visible()
    shown.html = stage.renderer.inbox(INBOX, english())
    await let_it_look(page)
    await page.get_by_text("link · charged").wait_for()
    assert await page.get_by_text("Nothing yet").count() == 0
