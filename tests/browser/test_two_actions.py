"""From scan to paid: the payer scans and presses Pay, and does nothing more on pages of ours."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser

from tests.browser.devices import Device, open_device
from tests.support.running import RunningHouse
from tests.unit.qr.reading import open_png, read_picture

pytestmark = pytest.mark.anyio

# Whatever a person can do to a page arrives there as one of these.
WATCH = """for (const deed of ["click", "keydown", "input"])
    addEventListener(deed, ({ type }) => deeds(location.origin + " " + type), true);"""


class Watched:
    """A device that remembers what its owner did on pages of ours."""

    def __init__(self, device: Device, house: RunningHouse) -> None:
        self.device = device
        self.house = house
        self.deeds: list[str] = []

    async def scan(self, qr_url: str) -> None:
        """The address is the one in the code, decoded by somebody else's reader."""
        page = self.device.page
        await page.expose_function("deeds", self._note)
        await page.add_init_script(WATCH)
        code = await self.house.payer.get(qr_url)
        self.deeds.append("scan")
        await page.goto(read_picture(open_png(code.content)).text)

    def _note(self, deed: str) -> None:
        origin, _, kind = deed.partition(" ")
        if origin == self.house.url:  # elsewhere the payer is with the acquirer
            self.deeds.append(kind)


@pytest.fixture(params=["desk", "phone"])
async def watched(
    request: pytest.FixtureRequest, chromium: Browser, house: RunningHouse
) -> AsyncIterator[Watched]:
    device = await open_device(chromium, request.param)
    yield Watched(device, house)
    await device.close()


@pytest.mark.parametrize(
    ("methods", "button"), [(["card"], "Pay ₽10.00"), (["sbp", "card"], "Bank card")]
)
async def test_two_actions_lead_to_the_acquirer_and_none_follows_after_it(
    house: RunningHouse, watched: Watched, methods: list[str], button: str
) -> None:
    link = await house.make_link(pay_config={"methods": methods})
    device = watched.device
    await watched.scan(link["qr_url"])
    await device.press(button)
    assert not device.page.url.startswith(house.url)
    assert watched.deeds == ["scan", "click"]

    await device.press("Approve")
    await house.settle()
    await device.page.get_by_role("heading", name="Paid").wait_for()
    assert watched.deeds == ["scan", "click"]


async def test_an_sbp_code_on_a_desk_needs_no_third_action_either(
    house: RunningHouse, watched: Watched
) -> None:
    link = await house.make_link(pay_config={"methods": ["sbp"]})
    await watched.scan(link["qr_url"])
    await watched.device.press("Pay ₽10.00")

    await watched.device.page.get_by_role("heading", name="Pay in your bank's app").wait_for()
    assert watched.deeds == ["scan", "click"]
