"""From an empty form to paper: three actions for one code, four for forty. Then a phone scans."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import BrowserContext, Page, async_playwright

from handbill.kernel.clock import ManualClock
from tests.browser.conftest import CHROMIUM, QUIET
from tests.support.clerk import dashboard_key
from tests.support.fronting import tls_front
from tests.support.paper import codes_on
from tests.support.running import RunningHouse, running_house

pytestmark = pytest.mark.anyio

HOST = "pay.example.com"
PUBLIC = f"https://{HOST}"
SAVES_PDFS = '{"plugins": {"always_open_pdf_externally": true}}'
PRINT_MILLISECONDS = 30_000
"""A bound for machines with much else to do."""
# Whatever a person can do to a page arrives there as one of these. Typing into a field is one.
WATCH = """for (const deed of ["click", "keydown", "input"])
    addEventListener(deed, ({ type, isTrusted }) => isTrusted && deeds(type), true);"""


@pytest.fixture
async def house(sqlite_url: str, tmp_path: Path, clock: ManualClock) -> AsyncIterator[RunningHouse]:
    """Its public address is one that phones can open: nothing else is printed."""
    folder = tmp_path / "data"
    async with running_house(sqlite_url, folder, clock, public_url=PUBLIC) as running:
        yield running


@pytest.fixture
async def desk(house: RunningHouse, tmp_path: Path) -> AsyncIterator[BrowserContext]:
    """A browser that finds the public address on this machine, and saves PDFs instead of showing
    them."""
    profile = tmp_path / "profile"
    (profile / "Default").mkdir(parents=True)
    (profile / "Default" / "Preferences").write_text(SAVES_PDFS)
    async with (
        tls_front(tmp_path, HOST, house.house.settings.port) as port,
        async_playwright() as playwright,
    ):
        way = f"--host-resolver-rules=MAP {HOST}:443 127.0.0.1:{port}"
        context = await playwright.chromium.launch_persistent_context(
            profile, executable_path=CHROMIUM, args=[*QUIET, way], ignore_https_errors=True
        )
        context.set_default_timeout(PRINT_MILLISECONDS)
        yield context
        await context.close()


class Counted:
    """A page that remembers what was done to it, and what came out of the printer."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.deeds: list[str] = []

    async def open(self, key: str) -> None:
        await self.page.goto(f"{PUBLIC}/dashboard#{key}")
        await self.page.get_by_label("Amount").last.wait_for()
        await self.page.expose_function("deeds", self._note)
        await self.page.add_init_script(WATCH)
        await self.page.reload()

    def _note(self, deed: str) -> None:
        self.deeds.append(deed)

    async def print(self) -> bytes:
        async with self.page.expect_download() as saved:
            await self.page.get_by_role("button", name="Print", exact=True).click()
        return Path(await (await saved.value).path()).read_bytes()


async def test_amount_create_print_and_with_forty_names_one_action_more(
    house: RunningHouse, desk: BrowserContext
) -> None:
    counted = Counted(await desk.new_page())
    page, deeds = counted.page, counted.deeds
    await counted.open(await dashboard_key(house))

    await page.get_by_label("Amount", exact=True).fill("450")
    await page.get_by_role("button", name="Create").click()
    [code] = codes_on(await counted.print())
    assert deeds == ["input", "click", "click"]
    [link] = (await house.shop.get("/api/v1/links")).json()["data"]
    assert (link["amount"]["default"], link["print"]["template"]) == (45_000, "table")
    assert code.startswith(f"https://{HOST.upper()}/L/")

    await page.goto(f"{PUBLIC}/dashboard")
    deeds.clear()
    await page.get_by_label("Amount", exact=True).fill("450")
    await page.get_by_label("Names of the codes").fill("Table 1..40")
    await page.get_by_role("button", name="Create").click()
    codes = codes_on(await counted.print())
    assert deeds == ["input", "input", "click", "click"]
    assert len({*codes}) == len(codes) == 40

    # A phone at the seventh table.
    await page.goto(codes[6])
    await (
        page.get_by_role("button", name="Pay ₽450.00")
        .or_(page.get_by_role("button", name="Bank card"))
        .first.wait_for()
    )
    assert page.url.lower().endswith(f"/pay/at/{codes[6].rpartition('/')[2].lower()}")
    assert await page.locator(".total").inner_text() == "₽450.00"
