"""An installation moves to another address; what hangs on the walls stays as it was printed."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest

from handbill.bootstrap import banner, printed_hosts
from handbill.kernel.clock import ManualClock
from handbill.links.prints import PrintedHost
from tests.support.paper import codes_on
from tests.support.running import RunningHouse, running_house

pytestmark = pytest.mark.anyio


async def lost(house: RunningHouse) -> list[PrintedHost]:
    return await house.house.db.read(partial(printed_hosts.stranded, settings=house.house.settings))


async def test_old_paper_is_paid_at_the_new_address(
    sqlite_url: str, tmp_path: Path, clock: ManualClock
) -> None:
    async with running_house(sqlite_url, tmp_path / "data", clock) as before:
        link = await before.make_link()
        path, order = f"/api/v1/links/{link['id']}/print", {"template": "table", "force": True}
        [code] = codes_on((await before.shop.post(path, json=order)).content)
        former, key = before.house.addresses.host, before.merchant.api_keys["test"]
        assert await lost(before) == []

    async with running_house(sqlite_url, tmp_path / "data", clock) as moved:
        assert await lost(moved) == [PrintedHost(f"http://{former}", 1)]
        assert f"  http://{former}: 1 codes\n" in banner.stranded(await lost(moved))

    options = {"former_hosts": former}
    async with running_house(sqlite_url, tmp_path / "data", clock, **options) as moved:
        assert await lost(moved) == []
        payer = moved.new_payer()
        scanned = await payer.http.get(
            code.removeprefix(f"http://{former.upper()}"), headers={"host": former}
        )
        assert scanned.status_code == 308
        opened = await payer.http.get(scanned.headers["location"])
        await payer.decide(await payer.begin(opened.headers["location"]), "approve")
        await moved.settle()
        shop = moved.client({"x-api-key": key})
        [payment] = (await shop.get("/api/v1/transactions")).json()["data"]
        assert payment["status"] == "charged"
