"""The payer's network address reaches the acquirer; a forged one does not."""

from __future__ import annotations

from pathlib import Path

import pytest

from handbill.kernel.clock import ManualClock
from tests.support.running import RunningHouse, running_house

pytestmark = pytest.mark.anyio

FORWARDED = {"x-forwarded-for": "203.0.113.9, 198.51.100.7"}


async def told_to_the_acquirer(house: RunningHouse, **headers: str) -> object:
    payer = house.new_payer(**headers)
    await payer.begin((await house.make_link())["url"])
    return house.created[-1]["payer"]


async def test_without_a_trusted_proxy_nobody_believes_x_forwarded_for(
    house: RunningHouse,
) -> None:
    assert await told_to_the_acquirer(house) == {"address": "127.0.0.1"}
    assert await told_to_the_acquirer(house, **FORWARDED) == {"address": "127.0.0.1"}


@pytest.mark.parametrize(
    ("trusted", "address"),
    [
        ("127.0.0.0/8", "198.51.100.7"),
        ("127.0.0.1,198.51.100.0/24", "203.0.113.9"),
        ("10.0.0.0/8", "127.0.0.1"),
    ],
)
async def test_a_trusted_proxy_names_the_last_address_that_is_not_a_proxys(
    sqlite_url: str, tmp_path: Path, clock: ManualClock, trusted: str, address: str
) -> None:
    folder = tmp_path / "data"
    async with running_house(sqlite_url, folder, clock, trusted_proxies=trusted) as house:
        assert await told_to_the_acquirer(house, **FORWARDED) == {"address": address}
        assert await told_to_the_acquirer(house) == {"address": "127.0.0.1"}
