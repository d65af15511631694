"""The till as an app of its own: its manifest, its worker, and what they must never keep."""

from __future__ import annotations

import io
import re

import msgspec
import pytest
from PIL import Image

from tests.support.cashier import Cashier
from tests.support.running import RunningHouse

pytestmark = pytest.mark.anyio


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """One database will do: nothing here depends on which."""
    return sqlite_url


async def test_the_manifest_names_icons_that_are_there(house: RunningHouse) -> None:
    stranger = house.client()  # browsers ask for it without cookies
    answer = await stranger.get("/till/manifest.webmanifest")
    assert answer.headers["content-type"] == "application/manifest+json"
    said = answer.json()
    assert (said["scope"], said["start_url"], said["display"]) == ("/till", "/till", "standalone")
    assert {icon["purpose"] for icon in said["icons"]} == {"any", "maskable"}
    for icon in said["icons"]:
        picture = Image.open(io.BytesIO((await stranger.get(icon["src"])).content))
        assert (picture.format, f"{picture.width}x{picture.height}") == ("PNG", icon["sizes"])


async def test_the_worker_keeps_the_shell_and_nothing_that_tells_of_money(
    house: RunningHouse,
) -> None:
    stranger = house.client()
    answer = await stranger.get("/till/worker.js")
    assert answer.headers["service-worker-allowed"] == "/till"
    assert answer.headers["cache-control"] == "no-cache"
    told = re.match(r"const SHELL = (\{.*\});\n", answer.text)
    assert told is not None
    shell = msgspec.json.decode(told[1])
    assert shell["scope"] == "/till"
    for file in shell["files"]:
        assert file.startswith("/static/")
        assert "immutable" in (await stranger.get(file)).headers["cache-control"]


async def test_the_page_for_no_network_says_nothing_of_any_shop(
    house: RunningHouse, cashier: Cashier
) -> None:
    page = await cashier.look("/offline")
    assert (page.status, "No network" in page.text) == (200, True)
    assert "Sample shop" not in page.html


async def test_pages_of_a_till_are_never_kept(cashier: Cashier) -> None:
    for path in ("", "/sales", "/places", await cashier.sell("5")):
        policy = (await cashier.look(path)).headers
        assert policy["cache-control"] == "no-store"
        for words in ("worker-src 'self'", "manifest-src 'self'", "frame-ancestors 'none'"):
            assert words in policy["content-security-policy"]
