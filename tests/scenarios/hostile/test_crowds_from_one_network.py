"""A network that floods what needs no key is told to slow down; nobody else notices."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import httpx2
import pytest

from handbill.kernel.clock import SECOND, ManualClock
from tests.support.payers import seen
from tests.support.running import HTML, JSON, RunningHouse, running_house

pytestmark = pytest.mark.anyio

BURST = 20
OPTIONS = {
    "trusted_proxies": "127.0.0.0/8",
    "network_rate_limit": "2",
    "network_rate_burst": str(BURST),
}


@pytest.fixture
async def house(sqlite_url: str, tmp_path: Path, clock: ManualClock) -> AsyncIterator[RunningHouse]:
    async with running_house(sqlite_url, tmp_path / "data", clock, **OPTIONS) as running:
        yield running


def stranger(house: RunningHouse, address: str, **headers: str) -> httpx2.AsyncClient:
    return house.client({**HTML, "x-forwarded-for": address, **headers})


async def flood(client: httpx2.AsyncClient, address: str) -> None:
    for _ in range(BURST):
        assert (await client.get(address)).status_code != 429


@pytest.mark.parametrize(
    ("flooder", "neighbour", "other"),
    [
        ("203.0.113.9", "203.0.113.200", "203.0.114.9"),
        ("2001:db8:1:2ab::1", "2001:db8:1:2ff:5::9", "2001:db8:1:300::1"),
        ("::ffff:203.0.113.9", "203.0.113.200", "203.0.114.9"),
    ],
)
async def test_a_flood_of_pages_is_slowed_down(
    house: RunningHouse, flooder: str, neighbour: str, other: str
) -> None:
    url = (await house.make_link())["url"]
    client = stranger(house, flooder)
    await flood(client, url)

    page = seen(await client.get(url))
    assert (page.status, page.state) == (429, "too_many")
    assert page.headers["retry-after"] == "1"
    assert page.headers["ratelimit-policy"] == f'"network";q={BURST};w=10'
    assert page.headers["ratelimit"] == '"network";r=0;t=10'
    assert page.headers["x-request-id"]
    assert (await stranger(house, neighbour).get(url)).status_code == 429
    assert (await stranger(house, other).get(url)).status_code == 200
    assert (await house.client(HTML).get(url)).status_code == 200  # this machine

    problem = await stranger(house, neighbour, **JSON).post(url, data={"method": "card"})
    assert (problem.status_code, problem.json()["error"]) == (429, "rate_limited")
    assert (await client.get("/healthz")).status_code == 200
    style = page.html.partition('rel="stylesheet" href="')[2].partition('"')[0]
    assert (await client.get(style)).status_code == 200
    house.clock.advance(SECOND)
    assert (await client.get(url)).status_code == 200


async def test_notifications_and_calls_without_a_key_count_and_calls_with_one_do_not(
    house: RunningHouse,
) -> None:
    knocking = stranger(house, "203.0.113.9")
    for _ in range(BURST // 2):
        await knocking.post("/notifications/sandbox/guessed", content=b"{}")
        assert (await knocking.get("/api/v1/links")).status_code == 401
    refused = await knocking.get("/api/v1/links", headers={"x-api-key": "hb_live_guessed"})
    assert refused.status_code == 429
    assert refused.headers["ratelimit"] == '"network";r=0;t=10'
    assert (await knocking.post("/notifications/sandbox/x", content=b"{}")).status_code == 429

    key = {"x-api-key": house.merchant.api_keys["test"]}
    for _ in range(BURST + 1):
        assert (await knocking.get("/api/v1/links", headers=key)).status_code == 200


async def test_a_limit_of_nought_is_no_limit(
    sqlite_url: str, tmp_path: Path, clock: ManualClock
) -> None:
    options = {**OPTIONS, "network_rate_limit": "0"}
    async with running_house(sqlite_url, tmp_path / "data", clock, **options) as house:
        client = stranger(house, "203.0.113.9")
        await flood(client, "/")
        assert (await client.get("/")).status_code == 200
