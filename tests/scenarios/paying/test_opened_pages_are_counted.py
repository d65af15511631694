"""A page that stands before somebody is counted for the code that led there; what nobody sees, and
what is said twice, is not."""

from __future__ import annotations

import re
from pathlib import Path

import httpx2
import pytest

from handbill.infra.database import open_database
from handbill.kernel.clock import DAY, MINUTE, ManualClock
from handbill.links import store as links
from handbill.links import traffic
from handbill.links.traffic import Traffic
from handbill.web.pages import beacons
from tests.scenarios.paying.test_scanned_placements import hung, page_of
from tests.support.payers import Payer, Seen
from tests.support.running import RunningHouse, running_house

pytestmark = pytest.mark.anyio

PHONE = {"user-agent": "Mozilla/5.0 (Android 15; Mobile; rv:133.0) Gecko/133.0 Firefox/133.0"}


@pytest.fixture
def payer(house: RunningHouse) -> Payer:
    return house.new_payer(**PHONE)


async def say(payer: Payer, page: Seen, **headers: str) -> httpx2.Response:
    """As the script of the page does."""
    kind = {"content-type": "text/plain;charset=UTF-8", **headers}
    address = re.search(r'data-opened="([^"]+)"', page.html)
    assert address
    return await payer.http.post(address[1], content=page.token, headers=kind)


async def opens(house: RunningHouse, link_id: str, code: str = "") -> int:
    await house.settle()
    found = await house.house.db.read(lambda tx: links.find_for_page(tx, link_id))
    assert found is not None
    wanted = code or found.code
    totals = await house.house.db.read(lambda tx: traffic.totals(tx, link_id, [wanted]))
    return totals[wanted].opens


async def test_looks_are_counted_by_code(house: RunningHouse, payer: Payer) -> None:
    link = await house.make_link()
    window = await hung(house, link)
    for address in (link["url"], page_of(house, window), page_of(house, window)):
        page = await payer.look(address)
        answer = await say(payer, page)
        assert (answer.status_code, answer.content) == (204, b"")
        assert answer.headers["cache-control"] == "no-store"
        assert "set-cookie" not in answer.headers
    assert await opens(house, link["id"]) == 1
    assert await opens(house, link["id"], window.code) == 2


async def test_a_product_page_counts_for_its_link(house: RunningHouse, payer: Payer) -> None:
    product = await house.make_product()
    await say(payer, await payer.look(product["url"]))
    assert await opens(house, product["link"]) == 1


async def test_without_script_a_picture_says_it(house: RunningHouse, payer: Payer) -> None:
    link = await house.make_link()
    page = await payer.look(link["url"])
    picture = re.search(r'<noscript><img src="([^"]+)" alt=""', page.html)
    assert picture
    await payer.http.head(picture[1])
    assert await opens(house, link["id"]) == 0
    answer = await payer.http.get(picture[1])
    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/gif")
    assert answer.headers["cache-control"] == "no-store"
    assert await opens(house, link["id"]) == 1


async def test_a_look_counts_once_and_only_while_it_is_fresh(
    house: RunningHouse, payer: Payer
) -> None:
    link = await house.make_link()
    page, late = await payer.look(link["url"]), await payer.look(link["url"])
    for _ in range(5):
        assert (await say(payer, page)).status_code == 204
    house.clock.advance(16 * MINUTE)
    await say(payer, late)
    assert await opens(house, link["id"]) == 1


async def test_what_no_page_said_counts_nothing(house: RunningHouse, payer: Payer) -> None:
    link = await house.make_link()
    page = await payer.look(link["url"])
    for forged in ("", "x", page.token[:-1], page.token.swapcase(), "é" * 100):
        answer = await payer.http.post(beacons.PATH, content=forged.encode())
        assert answer.status_code == 204
        assert (await payer.http.get(f"{beacons.PATH}/{forged or 'x'}")).status_code == 200
    assert (await payer.http.post(beacons.PATH, content="x" * 500)).status_code == 413
    assert await opens(house, link["id"]) == 0


@pytest.mark.parametrize(
    "headers", [{"user-agent": "TelegramBot (like TwitterBot)"}, {"sec-purpose": "prefetch"}]
)
async def test_previews_and_what_is_fetched_ahead_are_left_out(
    house: RunningHouse, payer: Payer, headers: dict[str, str]
) -> None:
    link = await house.make_link()
    await say(payer, await payer.look(link["url"]), **headers)
    assert await opens(house, link["id"]) == 0


async def test_a_page_that_is_shown_again_or_is_over_says_nothing(
    house: RunningHouse, payer: Payer
) -> None:
    link = await house.make_link(amount_type="dynamic", amount={"default": 0, "currency": "RUB"})
    refused = await payer.pay(link["url"], amount="nothing")
    assert refused.status_code == 422
    assert "data-opened" not in refused.text
    await house.shop.patch(f"/api/v1/links/{link['id']}", json={"status": "paused"})
    assert "opened" not in (await payer.look(link["url"])).html


async def test_one_network_counts_for_a_crowd_and_not_for_more(
    house: RunningHouse, payer: Payer
) -> None:
    link = await house.make_link()
    for _ in range(beacons.AT_ONCE + 10):
        await say(payer, await payer.look(link["url"]))
    assert await opens(house, link["id"]) == beacons.AT_ONCE


async def test_the_last_looks_are_stored_when_the_server_stops(
    database_url: str, tmp_path: Path, clock: ManualClock
) -> None:
    async with running_house(database_url, tmp_path / "data", clock) as house:
        link = await house.make_link()
        payer = house.new_payer(**PHONE)
        await say(payer, await payer.look(link["url"]))
    database = open_database(database_url, clock)
    try:
        day = traffic.day_of(clock.now())
        found = await database.read(lambda tx: traffic.by_day(tx, link["id"], day, day))
    finally:
        database.close()
    assert found == {day: Traffic(opens=1)}


async def test_days_are_told_by_the_clock_of_the_look(house: RunningHouse, payer: Payer) -> None:
    link = await house.make_link()
    day = traffic.day_of(house.clock.now())
    await say(payer, await payer.look(link["url"]))
    house.clock.advance(DAY)
    await say(payer, await payer.look(link["url"]))
    await house.settle()
    found = await house.house.db.read(lambda tx: traffic.by_day(tx, link["id"], day, day + 1))
    assert found == {day: Traffic(opens=1), day + 1: Traffic(opens=1)}
