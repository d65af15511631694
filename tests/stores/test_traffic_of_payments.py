"""Payments count once for the code that led to them: in the transaction that makes them, and in the
one that takes their money."""

from __future__ import annotations

import asyncio

import pytest

from handbill.infra.database import Database, open_database
from handbill.kernel import ids
from handbill.kernel.clock import DAY
from handbill.links import traffic
from handbill.links.model import Link
from handbill.links.traffic import Traffic, Way
from handbill.payments import model
from handbill.providers.contract import Charged, Declined
from tests.support.placements import placed
from tests.support.shop import Shop

pytestmark = pytest.mark.anyio

PAYERS = 50


async def counted(shop: Shop, link: Link, code: str) -> Traffic:
    return (await shop.db.read(lambda tx: traffic.totals(tx, link.id, [code])))[code]


async def test_fifty_payers_at_once_are_fifty(shop: Shop, database_url: str) -> None:
    """At two processes: what keeps their counts apart is the database."""
    link = await shop.link()
    window = await shop.write(lambda tx: placed(tx, link, "Window"))
    database = open_database(database_url, shop.clock)
    other = Shop(database, shop.clock, shop.merchant)
    other.acquirer.known = shop.acquirer.known
    way = Way(link.id, window.code, traffic.day_of(shop.clock.now()))

    async def opens(db: Database) -> None:
        await db.write(lambda tx: traffic.add_opens(tx, {way: 3}), merchant=shop.merchant.id)

    async def pays(number: int) -> None:
        at = window.id if number % 2 else None
        seller = shop if number % 3 else other
        started = await seller.pay(link, payer=f"payer {number}", placement_id=at)
        account = await shop.account_of(started)
        seller.says(started, Charged("", started.attempt.amount))
        for _ in range(2):  # acquirers repeat themselves
            await seller.notified(account, f"event {number}", started)

    try:
        await asyncio.gather(
            *(pays(number) for number in range(PAYERS)),
            *(opens(db) for db in [shop.db, database] * 5),
        )
        await asyncio.gather(shop.work(), other.work())
        await shop.work()
    finally:
        database.close()
    half = PAYERS // 2
    assert await counted(shop, link, window.code) == Traffic(opens=30, starts=half, paid=half)
    assert await counted(shop, link, link.code) == Traffic(starts=half, paid=half)


async def test_one_payer_counts_once_however_they_come_to_pay(shop: Shop) -> None:
    link = await shop.link()
    window = await shop.write(lambda tx: placed(tx, link, "Window"))
    click = ids.new_id(shop.clock.now())
    for _ in range(2):
        first = await shop.pay(link, attempt_id=click, placement_id=window.id)
    await shop.hears(first, Declined("", "card_declined", "The bank declined."))
    again = await shop.pay(link, method="sbp")  # at the link's own page, by now
    await shop.hears(again, Charged("", again.attempt.amount))
    await shop.hears(first, Charged("", first.attempt.amount))  # surplus

    assert again.payment.placement_id == window.id
    assert await counted(shop, link, window.code) == Traffic(starts=1, paid=1)
    assert await counted(shop, link, link.code) == Traffic()


async def test_late_money_counts_and_money_that_goes_back_is_left(shop: Shop) -> None:
    link = await shop.link()
    started = await shop.pay(link)
    await shop.hears(started, Declined("", "card_declined", "The bank declined."))
    await shop.wait(model.GIVE_UP_AFTER)
    shop.clock.advance(DAY)
    await shop.charged(started)
    await shop.refund(started)
    await shop.work()

    day = traffic.day_of(shop.clock.now())
    days = await shop.db.read(lambda tx: traffic.by_day(tx, link.id, day - 1, day))
    assert days == {day - 1: Traffic(starts=1), day: Traffic(paid=1)}


async def test_events_and_webhooks_tell_the_placement(shop: Shop) -> None:
    link = await shop.link()
    window = await shop.write(lambda tx: placed(tx, link, "Window"))
    there = await shop.pay(link, payer="anna", placement_id=window.id)
    here = await shop.pay(link, payer="boris")
    for started, placement in ((there, window.id), (here, None)):
        await shop.charged(started)
        event = (await shop.events(started.payment.id))[-1]
        assert event.data["placement"] == placement
        assert event.data["webhook"]["body"].get("placement") == placement
