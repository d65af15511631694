"""An installation that moved: what hangs on walls and lies in mailboxes goes on working."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from handbill.kernel.clock import ManualClock
from tests.support.payers import Payer, seen
from tests.support.running import JSON, RunningHouse, running_house

pytestmark = pytest.mark.anyio

OLD = {"host": "old.example:8443"}


@pytest.fixture
async def house(sqlite_url: str, tmp_path: Path, clock: ManualClock) -> AsyncIterator[RunningHouse]:
    async with running_house(
        sqlite_url, tmp_path / "data", clock, former_hosts="old.example:8443"
    ) as running:
        yield running


async def test_every_page_and_picture_of_the_old_host_is_found_at_the_new_one(
    house: RunningHouse, payer: Payer
) -> None:
    link = await house.make_link()
    page = link["url"].removeprefix(house.url)
    for path in (page, f"{page}?lang=ru", f"{page}/qr.svg?size=300", "/L/0000000000", "/", "/docs"):
        for _ in range(2):  # a page that is kept, too
            await payer.http.get(path)
            moved = await payer.http.get(path, headers=OLD)
            assert (moved.status_code, moved.headers["location"]) == (308, house.url + path)
            assert moved.headers["x-content-type-options"] == "nosniff"


async def test_what_hosts_nobody_named_get_is_what_they_always_got(
    house: RunningHouse, payer: Payer
) -> None:
    link = await house.make_link()
    for host in ("old.example", "elsewhere.example"):
        assert (await payer.http.get(link["url"], headers={"host": host})).status_code == 200


async def test_programs_are_answered_where_they_call(house: RunningHouse, payer: Payer) -> None:
    link = await house.make_link()
    for path in (f"/api/v1/links/{link['id']}", "/healthz", "/readyz"):
        assert (await house.shop.get(path, headers=OLD)).status_code == 200
    told = await house.shop.post("/notifications/sandbox/x", headers=OLD, json={})
    assert told.status_code == 404
    paid = await payer.http.post(link["url"], data={"method": "card"}, headers={**OLD, **JSON})
    assert paid.status_code == 201


async def test_pay_on_a_page_that_was_opened_before_the_move_loses_nothing(
    house: RunningHouse, payer: Payer
) -> None:
    link = await house.make_link()
    page = await payer.look(link["url"])
    pressed = {"attempt": page.token, "method": "card"}

    answer = await payer.http.post(link["url"], data=pressed, headers=OLD)

    assert answer.status_code == 200
    zero, _, where = answer.headers["refresh"].partition(";url=")
    assert zero == "0"
    await payer.decide(where, "approve")
    await house.settle()
    assert (await house.payment())["status"] == "charged"
    refused = await payer.http.post(link["url"], data={"attempt": "x"}, headers=OLD)
    assert seen(refused).state == "stale"
