"""Somebody new opens the front door, pays the sample link and sees its webhook come in."""

from __future__ import annotations

import pytest
from playwright.async_api import Browser

from tests.browser.devices import LOOK_MILLISECONDS, open_device
from tests.support.running import RunningHouse

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("name", ["desk", "phone"])
async def test_from_the_front_door_to_the_first_webhook(
    house: RunningHouse, chromium: Browser, name: str
) -> None:
    await house.change_merchant(notify_url=f"{house.url}/sandbox/inbox")
    await house.make_link(title="A coffee from the sample shop")
    device = await open_device(chromium, name)
    page, inbox = device.page, await device.new_tab()
    await inbox.clock.install()

    await page.goto(house.url)
    await device.see("Handbill", "home")
    await inbox.goto(f"{house.url}/sandbox/inbox")
    await device.see("Nothing yet", "inbox-1", inbox)

    async with page.expect_navigation():
        await page.get_by_role("link", name="Sample link").click()
    await device.press("Pay ₽10.00")
    await device.press("Approve")
    await house.settle()
    await inbox.clock.run_for(LOOK_MILLISECONDS)

    await device.see("link · charged", "inbox-2", inbox)
    assert await inbox.get_by_text("Signature verified").is_visible()
    assert await inbox.get_by_text("Nothing yet").count() == 0
    await inbox.get_by_text("5 headers").click()
    assert await inbox.get_by_text("webhook-signature").is_visible()
    assert device.troubles == []
    await device.close()


async def test_the_inbox_says_when_a_signature_does_not_fit(
    house: RunningHouse, chromium: Browser
) -> None:
    forged = {"webhook-id": "msg_1", "webhook-timestamp": "1", "webhook-signature": "v1,AAAA"}
    await house.payer.post("/sandbox/inbox", headers=forged, json={"status": "charged"})
    device = await open_device(chromium, "phone")
    await device.page.goto(f"{house.url}/sandbox/inbox")
    await device.see("charged", "inbox-forged")
    assert await device.page.get_by_text("Not verified").is_visible()
    await device.close()


async def test_a_developer_reads_the_reference(house: RunningHouse, chromium: Browser) -> None:
    device = await open_device(chromium, "phone")
    await device.page.goto(f"{house.url}/docs")
    await device.see("Handbill API", "reference")
    assert device.troubles == []
    await device.close()
