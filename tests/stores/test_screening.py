"""What became of tries is counted in the transactions of payments, on both databases."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from handbill.infra.database import Database, open_database
from handbill.kernel.clock import DAY, HOUR, ManualClock
from handbill.kernel.errors import Blocked, Challenged
from handbill.links.model import Link
from handbill.providers.contract import Authorized, Cancelled, Declined
from handbill.screening import model, service, store
from tests.support.shop import Shop, open_shop

pytestmark = pytest.mark.anyio

THERE = "a keyed hash of some network"


@pytest.fixture
async def shop(db: Database, clock: ManualClock) -> Shop:
    return await open_shop(db, clock)


async def declined(shop: Shop, link: Link, times: int, **order: Any) -> None:
    for _ in range(times):
        started = await shop.pay(link, None, network=THERE, **order)
        await shop.hears(started, Declined("", "card_declined", "No."))


async def test_the_fifth_refusal_asks_for_work_before_anything_is_written(shop: Shop) -> None:
    link = await shop.link(max_payments=1)
    await declined(shop, link, 5)
    before = len(shop.acquirer.known), await shop.events()

    with pytest.raises(Challenged) as asked:
        await shop.pay(link, None, network=THERE)

    assert asked.value.bits == model.BITS
    assert (len(shop.acquirer.known), await shop.events()) == before
    await declined(shop, link, 1, effort=model.BITS)
    with pytest.raises(Challenged):
        await shop.pay(link, None, network=THERE, effort=model.BITS)


async def test_tries_that_race_are_counted_before_they_begin(shop: Shop) -> None:
    link = await shop.link()
    await declined(shop, link, 1)

    raced = await asyncio.gather(
        *(shop.pay(link, None, network=THERE) for _ in range(40)), return_exceptions=True
    )

    assert sum(not isinstance(one, BaseException) for one in raced) == 4
    assert {type(one) for one in raced if isinstance(one, BaseException)} == {Challenged}


async def test_ten_refusals_block_until_an_hour_after_the_last(
    shop: Shop, clock: ManualClock
) -> None:
    link = await shop.link()
    begun = [await shop.pay(link, None, network=THERE) for _ in range(10)]
    for started in begun:
        await shop.hears(started, Declined("", "do_not_honour", "No."))

    with pytest.raises(Blocked):
        await shop.pay(link, None, network=THERE, effort=99)
    await shop.pay(link, None, network="elsewhere")
    clock.advance(HOUR)
    assert (await shop.pay(link, None, network=THERE)).attempt.live


async def test_a_link_under_attack_from_everywhere_asks_everybody_for_work(
    shop: Shop, clock: ManualClock
) -> None:
    link, quiet = await shop.link(), await shop.link()
    for n in range(model.LINK_AT):
        started = await shop.pay(link, None, network=f"thief {n}")
        await shop.hears(started, Declined("", "card_declined", "No."))

    with pytest.raises(Challenged):
        await shop.pay(link, None, network=THERE)
    assert (await shop.pay(quiet, None, network=THERE)).attempt.live
    await shop.charged(await shop.pay(link, None, network=THERE, effort=model.BITS))
    assert (await shop.pay(link, None, network=THERE)).attempt.live  # one is paid for
    clock.advance(HOUR)
    assert (await shop.pay(link, None, network="another")).attempt.live


async def test_a_charge_pays_for_a_refusal_and_may_follow_one(shop: Shop) -> None:
    link = await shop.link()
    begun = [await shop.pay(link, None, network=THERE) for _ in range(6)]
    for started in begun:
        await shop.hears(started, Declined("", "card_declined", "No."))
    with pytest.raises(Challenged):
        await shop.pay(link, None, network=THERE)

    await shop.charged(begun[0])  # late money: one refusal less, one charge more

    assert (await shop.pay(link, None, network=THERE)).attempt.live


async def test_money_that_is_held_pays_for_a_refusal_too(shop: Shop) -> None:
    link = await shop.link()
    begun = [await shop.pay(link, None, network=THERE) for _ in range(6)]
    await shop.hears(begun[0], Authorized("", begun[0].attempt.amount))
    for started in begun[1:]:
        await shop.hears(started, Declined("", "card_declined", "No."))

    assert (await shop.pay(link, None, network=THERE)).attempt.live


@pytest.mark.parametrize(
    "outcome",
    [Declined("", "provider_unavailable", "No."), Cancelled(""), Cancelled("", expired=True)],
)
async def test_what_no_bank_refused_is_forgotten(shop: Shop, outcome: Declined | Cancelled) -> None:
    link = await shop.link()
    for _ in range(25):
        await shop.hears(await shop.pay(link, None, network=THERE), outcome)


async def test_the_count_holds_over_processes_and_restarts(
    shop: Shop, database_url: str, clock: ManualClock
) -> None:
    link = await shop.link()
    await declined(shop, link, 3)
    beside = open_database(database_url, clock)
    try:
        await declined(Shop(beside, clock, shop.merchant), link, 2)
        with pytest.raises(Challenged):
            await shop.pay(link, None, network=THERE)
    finally:
        beside.close()
    again = open_database(database_url, clock)
    try:
        with pytest.raises(Challenged):
            await Shop(again, clock, shop.merchant).pay(link, None, network=THERE)
    finally:
        again.close()


async def test_rows_are_swept_after_a_day_and_the_sweep_ends_with_them(
    shop: Shop, db: Database
) -> None:
    link = await shop.link()
    await declined(shop, link, 2)

    await shop.wait(DAY)
    assert not await db.read(store.is_empty)
    await shop.wait(HOUR)

    assert await db.read(store.is_empty)
    await shop.wait(HOUR)
    sweeps = "SELECT COUNT(*) FROM jobs WHERE kind = :kind"
    assert await db.read(lambda tx: tx.value(sweeps, kind=service.SWEEP)) == 0
