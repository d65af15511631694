"""What came by each code of a link is counted, by the day."""

from __future__ import annotations

import msgspec
import pytest

from handbill.infra.database import Tx
from handbill.kernel.clock import DAY
from handbill.links import placement_store, traffic
from handbill.links.model import Link
from handbill.links.traffic import Traffic, Way
from tests.support.placements import placed
from tests.support.shop import Shop

pytestmark = pytest.mark.anyio


def opened(tx: Tx, link: Link, code: str, times: int = 1) -> None:
    traffic.add_opens(tx, {Way(link.id, code, traffic.day_of(tx.now)): times})


async def test_opens_of_a_day_add_up_for_each_code(shop: Shop) -> None:
    link = await shop.link()
    await shop.write(lambda tx: opened(tx, link, link.code, 2))
    await shop.write(lambda tx: opened(tx, link, link.code, 3))
    await shop.write(lambda tx: opened(tx, link, "WINDOW"))

    codes = [link.code, "WINDOW", "NOBODYCAME"]
    found = await shop.db.read(lambda tx: traffic.totals(tx, link.id, codes))
    assert found == {
        link.code: Traffic(opens=5),
        "WINDOW": Traffic(opens=1),
        "NOBODYCAME": Traffic(),
    }
    assert await shop.db.read(lambda tx: traffic.totals(tx, link.id, [])) == {}


async def test_a_payment_counts_for_the_placement_where_it_began(shop: Shop) -> None:
    link, other = await shop.link(), await shop.link()
    window = await shop.write(lambda tx: placed(tx, link, "Window"))

    def count(tx: Tx) -> None:
        traffic.count_start(tx, link.id, window.id)
        traffic.count_start(tx, link.id, None)
        moved = msgspec.structs.replace(window, link_id=other.id)
        placement_store.save(tx, moved)
        traffic.count_paid(tx, link.id, window.id)

    await shop.write(count)
    found = await shop.db.read(lambda tx: traffic.totals(tx, link.id, [window.code, link.code]))
    assert found == {window.code: Traffic(starts=1, paid=1), link.code: Traffic(starts=1)}
    assert await shop.db.read(lambda tx: traffic.totals(tx, other.id, [window.code])) == {
        window.code: Traffic()
    }


async def test_days_are_told_apart_and_bounded(shop: Shop) -> None:
    link = await shop.link()
    today = traffic.day_of(shop.clock.now())
    await shop.write(lambda tx: opened(tx, link, link.code))
    shop.clock.advance(DAY)
    await shop.write(lambda tx: opened(tx, link, link.code, 2))
    await shop.write(lambda tx: opened(tx, link, "WINDOW", 4))

    both = await shop.db.read(lambda tx: traffic.by_day(tx, link.id, today, today + 1))
    assert list(both.items()) == [(today, Traffic(opens=1)), (today + 1, Traffic(opens=6))]
    window = await shop.db.read(lambda tx: traffic.by_day(tx, link.id, today, today, ["WINDOW"]))
    assert window == {}


async def test_of_many_days_the_latest_are_given(shop: Shop) -> None:
    link = await shop.link()
    days = range(1, traffic.DAYS_MAX + 3)
    opens = {Way(link.id, link.code, day): 1 for day in days}
    await shop.write(lambda tx: traffic.add_opens(tx, opens))

    found = await shop.db.read(lambda tx: traffic.by_day(tx, link.id, 0, days[-1]))
    assert list(found) == list(days[2:])
