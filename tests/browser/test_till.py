"""The till in a real browser: a phone and a tablet behind a counter, a payer before it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, BrowserContext, Page

from handbill.infra.database import Tx
from handbill.merchants import keys, store
from tests.browser.devices import OVERFLOW, PHONE, PICTURES
from tests.support.cashier import till_key
from tests.support.running import RunningHouse
from tests.unit.qr.reading import open_png, read_picture

pytestmark = pytest.mark.anyio

TILLS: dict[str, dict[str, Any]] = {
    "phone": PHONE,
    "tablet": {"viewport": {"width": 1024, "height": 768}, "has_touch": True},
}
PIN = "4821"
LISTENING = """
for (const [kind, verb] of [[AudioContext, "createOscillator"], [WakeLock, "request"]]) {
  const real = kind.prototype[verb];
  window[verb] = 0;
  kind.prototype[verb] = function (...given) { window[verb] += 1; return real.apply(this, given); };
}
"""
"""Counts the tones that are played and the times that the screen is kept awake."""
SOON_SECONDS = 10.0
"""A bound for machines with much else to do. That the server tells it within two seconds is held
where no browser is in the way: `test_till_is_told.py`."""
LONG_MILLISECONDS = 15_000


class Till:
    """A browser on a counter. `troubles` is what its pages complain about."""

    def __init__(self, name: str, context: BrowserContext, page: Page) -> None:
        self.name, self.context, self.page = name, context, page
        self.troubles: list[str] = []
        page.on("console", lambda message: self.troubles.append(message.text))
        page.on("pageerror", lambda error: self.troubles.append(str(error)))

    async def open(self, house: RunningHouse) -> str:
        key = await till_key(house)
        await self.page.goto(f"{house.url}/till#{key}")
        await self.page.get_by_role("button", name="Charge").wait_for()
        return key

    async def type_amount(self, digits: str) -> None:
        for digit in digits:
            await self.page.locator(f'[data-key="{digit}"]').click()

    async def charge(self, words: str) -> None:
        await self.page.get_by_role("button", name=words).click()
        await self.see("Scan to pay", "scan")

    async def see(self, words: str, picture: str) -> None:
        """The heading says this, the page fits its screen, and axe has nothing to say."""
        await self.page.get_by_role("heading", name=words, exact=True).wait_for()
        await self.judge(picture)

    async def judge(self, picture: str) -> None:
        PICTURES.mkdir(exist_ok=True)
        path = PICTURES / f"till-{picture}-{self.name}.png"
        await self.page.screenshot(path=path, full_page=True, animations="disabled")
        assert await self.page.evaluate(OVERFLOW) <= 0
        found = await Axe().run(self.page)
        assert found.violations_count == 0, found.generate_report()

    async def code(self) -> str:
        shown = await self.page.locator(".sale-code img").screenshot()
        return read_picture(open_png(shown)).text


@pytest.fixture(params=TILLS)
async def till(request: pytest.FixtureRequest, chromium: Browser) -> AsyncIterator[Till]:
    context = await chromium.new_context(**TILLS[request.param])
    context.set_default_timeout(LONG_MILLISECONDS)
    await context.add_init_script(LISTENING)
    yield Till(request.param, context, await context.new_page())
    await context.close()


async def revoke(house: RunningHouse) -> None:
    def end(tx: Tx) -> None:
        for key in store.list_keys(tx, house.merchant.id):
            if key.scopes == ("till",):
                keys.revoke(tx, key.id)

    await house.house.db.write(end)


async def payer_page(chromium: Browser, address: str) -> Page:
    context = await chromium.new_context(**PHONE)
    page = await context.new_page()
    await page.goto(address)
    return page


async def test_a_sale_is_charged_scanned_paid_and_seen_to_be_paid(
    house: RunningHouse, chromium: Browser, till: Till
) -> None:
    coffee = await house.make_product()
    key = await till.open(house)
    assert till.page.url == f"{house.url}/till"
    await till.judge("new")
    if till.name == "phone":
        await till.page.get_by_role("radio", name="Products").check()
    await till.page.get_by_text("Coffee").click()
    await till.page.get_by_text("Coffee").click()
    await till.judge("products")
    if till.name == "phone":
        await till.page.get_by_role("radio", name="Amount").check()
    await till.type_amount("125.5")
    await till.charge("Charge ₽825.50")
    assert coffee["header"] in await till.page.locator(".sale-lines").inner_text()

    payer = await payer_page(chromium, await till.code())
    await payer.get_by_role("button", name="Bank card").click()
    await till.see("Being paid", "paying")
    await payer.get_by_role("button", name="Approve").click()
    await house.settle()
    async with asyncio.timeout(SOON_SECONDS):
        await till.page.get_by_role("heading", name="Paid", exact=True).wait_for()
    assert await till.page.locator("[data-said]").inner_text() == "Paid: ₽825.50"
    await till.see("Paid", "paid")
    assert await till.page.evaluate("createOscillator") == 2
    assert await till.page.evaluate("request") >= 1

    await payer.get_by_role("heading", name="Paid", exact=True).wait_for()
    marks = [page.locator(".same-mark").first for page in (till.page, payer)]
    assert len({await mark.inner_text() for mark in marks}) == 1
    assert len({await mark.locator("svg").inner_html() for mark in marks}) == 1
    kept = "JSON.stringify([location.href, localStorage, sessionStorage, document.cookie])"
    assert key not in await till.page.evaluate(kept) + await till.page.content()
    assert till.troubles == []
    await payer.context.close()


async def test_without_network_nothing_is_believed_and_back_again_it_is_right(
    house: RunningHouse, till: Till
) -> None:
    await till.open(house)
    await till.page.get_by_role("button", name="Mute").click()
    await till.page.evaluate("navigator.serviceWorker.ready.then(() => 1)")
    await till.type_amount("5")
    await till.charge("Charge ₽5.00")
    [payment] = await house.payments()
    payer = house.new_payer()
    acquirer = await payer.begin(payment["payment_url"].replace("/status/", "/payment/"))
    await till.see("Being paid", "paying-again")

    await till.context.set_offline(True)
    banner = till.page.get_by_role("alert")
    await banner.get_by_text("No network: do not trust what you see here.").wait_for()
    assert await till.page.locator("main > *").first.evaluate("part => part.inert")
    await till.judge("cut")
    await payer.decide(acquirer, "approve")
    await house.settle()
    assert await till.page.get_by_text("Paid", exact=True).count() == 0

    await till.context.set_offline(False)
    await till.see("Paid", "back")
    assert await till.page.evaluate("createOscillator") == 0
    assert await banner.count() == 0
    assert not await till.page.locator("main > *").first.evaluate("part => part.inert")

    await till.context.set_offline(True)
    await till.page.reload()
    await till.see("No network", "offline")
    assert await till.page.get_by_text("Paid").count() == 0
    await till.context.set_offline(False)
    await till.see("Paid", "back-again")


async def test_every_other_screen(house: RunningHouse, till: Till) -> None:
    await till.page.goto(f"{house.url}/till")
    await till.page.get_by_label("Key of this till").fill("hb_test_wrong")
    await till.page.get_by_role("button", name="Open the till").click()
    await till.page.get_by_text("This key does not open a till.").wait_for()
    await till.see("Open the till", "door")
    await till.open(house)
    await till.page.get_by_role("button", name="Charge").click()
    await till.page.get_by_text("Type an amount, or choose a product.").wait_for()
    assert await till.page.evaluate("document.activeElement.id") == "amount"
    await till.judge("refused")
    await till.type_amount("7")
    await till.charge("Charge ₽7.00")
    await till.page.get_by_role("button", name="Cancel this sale").click()
    await till.see("Cancelled", "cancelled")

    link = await house.make_link(title="The last chair", max_payments=1)
    payer = house.new_payer()
    acquirer = await payer.begin(link["url"])
    await till.page.get_by_role("link", name="Held places").click()
    await till.see("Held places", "places")
    await payer.decide(acquirer, "approve")
    await house.settle()
    await till.page.get_by_text("Paid: ₽10.00").last.wait_for()
    await till.page.get_by_text("No place is held now.").wait_for()
    await till.page.get_by_role("link", name="Last sales").click()
    await till.see("Last sales", "sales")

    await house.shop.patch("/api/v1/merchant", json={"till_pin": PIN})
    await till.page.get_by_role("link", name="The last chair").click()
    await till.page.get_by_role("link", name="Refund").click()
    await till.page.get_by_label("PIN for refunds").fill("0000")
    await till.page.get_by_role("button", name="Give the money back").click()
    await till.page.get_by_text("4 tries are left.").wait_for()
    await till.see("Refund", "refund")
    await till.page.get_by_label("PIN for refunds").fill(PIN)
    await till.page.keyboard.press("Enter")
    await house.settle()
    await till.see("Refunded", "refunded")
    await revoke(house)
    await till.page.get_by_role("heading", name="Open the till").wait_for()


@pytest.mark.parametrize("how", ["dark", "zoomed", "arabic"])
async def test_the_till_reads_in_the_dark_at_twice_the_size_and_from_right_to_left(
    house: RunningHouse, chromium: Browser, how: str
) -> None:
    tablet: dict[str, Any] = {"viewport": {"width": 768, "height": 1024}}
    looks: dict[str, dict[str, Any]] = {
        "dark": {**tablet, "color_scheme": "dark"},
        "zoomed": {"viewport": {"width": 384, "height": 512}, "reduced_motion": "reduce"},
        "arabic": {**tablet, "locale": "ar"},
    }
    await house.make_product(header="Flat white with oat milk and cinnamon")
    context = await chromium.new_context(**looks[how])
    till = Till(how, context, await context.new_page())
    await till.page.goto(f"{house.url}/till#{await till_key(house)}")
    await till.page.locator("#amount").fill("12.50")
    await till.judge("new")
    await till.page.locator("#amount").press("Enter")
    await till.page.locator(".sale-open").wait_for()
    await till.judge("scan")
    assert (await till.code()).startswith(f"{house.url}/pay/payment/")
    [payment] = await house.payments()
    payer = house.new_payer()
    page = payment["payment_url"].replace("/status/", "/payment/")
    await payer.decide(await payer.begin(page), "approve")
    await house.settle()
    await till.page.locator(".sale-paid").wait_for()
    await till.judge("paid")
    assert till.troubles == []
    await context.close()


async def test_without_script_a_sale_is_made_and_seen_to_be_paid(
    house: RunningHouse, chromium: Browser
) -> None:
    context = await chromium.new_context(**PHONE, java_script_enabled=False)
    page = await context.new_page()
    await page.goto(f"{house.url}/till")
    await page.get_by_label("Key of this till").fill(await till_key(house))
    await page.get_by_role("button", name="Open the till").click()
    await page.get_by_label("Amount").last.fill("5")
    await page.get_by_role("button", name="Charge").click()
    await page.get_by_role("heading", name="Scan to pay").wait_for()
    [payment] = await house.payments()
    payer = house.new_payer()
    at = payment["payment_url"].replace("/status/", "/payment/")
    await payer.decide(await payer.begin(at), "approve")
    await house.settle()
    await page.reload()
    await page.get_by_role("heading", name="Paid", exact=True).wait_for()
    await context.close()
