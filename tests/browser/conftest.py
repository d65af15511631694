"""A headless Chromium for each module, pages that no server sends, and a house that does."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, async_playwright

from handbill.kernel.clock import ManualClock
from tests.browser.stage import Stage
from tests.support.roads import Server
from tests.support.running import RunningHouse, open_acquirer, running_house

CHROMIUM = "/usr/bin/chromium"
QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@pytest.fixture(scope="module")
async def chromium(anyio_backend: str) -> AsyncIterator[Browser]:
    """Asynchronous like the house it looks at: the synchronous kind would hold this thread's event
    loop, and every other test of the process would stumble over it."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=list(QUIET))
        yield browser
        await browser.close()


@pytest.fixture(scope="session")
def stage() -> Stage:
    return Stage()


@pytest.fixture
async def house(sqlite_url: str, tmp_path: Path, clock: ManualClock) -> AsyncIterator[RunningHouse]:
    """Its acquirer has an origin of its own, as every real one has: what a browser does with a
    form whose answer leads to another origin can be seen in no other way."""
    server = Server()
    url = f"http://127.0.0.1:{server.port}"
    async with running_house(sqlite_url, tmp_path / "data", clock, sandbox_url=url) as running:
        open_acquirer(running, server, url)
        yield running
        await server.close()
