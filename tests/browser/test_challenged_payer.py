"""A payer whose network is under suspicion: a moment's work of the browser, or a clear wait."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Browser

from handbill.kernel.clock import MINUTE, ManualClock
from tests.browser.devices import DEVICES, Device, open_device
from tests.support.roads import Server
from tests.support.running import JSON, RunningHouse, open_acquirer, running_house

pytestmark = pytest.mark.anyio

THERE = {"x-forwarded-for": "203.0.113.9"}


@pytest.fixture
async def house(sqlite_url: str, tmp_path: Path, clock: ManualClock) -> AsyncIterator[RunningHouse]:
    server = Server()
    url = f"http://127.0.0.1:{server.port}"
    async with running_house(
        sqlite_url, tmp_path / "data", clock, sandbox_url=url, trusted_proxies="127.0.0.0/8"
    ) as running:
        open_acquirer(running, server, url)
        yield running
        await server.close()


@pytest.fixture(params=DEVICES)
async def device(request: pytest.FixtureRequest, chromium: Browser) -> AsyncIterator[Device]:
    device = await open_device(chromium, request.param)
    await device.context.set_extra_http_headers(THERE)
    yield device
    await device.close()


async def test_a_browser_solves_the_puzzle_and_the_payer_pays(
    house: RunningHouse, device: Device
) -> None:
    url = (await house.make_link(title="Espresso"))["url"]
    thief = house.client({**JSON, **THERE})
    for _ in range(5):
        begun = await thief.post(url, data={"method": "card"})
        acquirer = begun.json()["data"]["payment_url"]
        await thief.post(acquirer, data={"decision": "decline_generic"})
        await house.settle()

    await device.page.goto(url)
    await device.press("Pay ₽10.00")
    if not device.has_script:
        await device.see("Please wait a while", "challenged-1")
        words = "Try again in 10 minutes, or from another network."
        assert await device.page.get_by_text(words).is_visible()
        house.clock.advance(10 * MINUTE)
        await device.page.go_back()
        await device.press("Pay ₽10.00")
    await device.page.wait_for_url("http://127.0.0.1:*/**")
    await device.press("Approve")
    await house.settle()
    await device.look_again()
    await device.see("Paid", "challenged-2")

    # Chromium notes every answer of 4xx that it shows.
    assert [trouble for trouble in device.troubles if "403" not in trouble] == []
