"""The daily job that forgets: there once, a few rows at a time, every row in the end."""

from __future__ import annotations

import asyncio

import pytest

from handbill import inbox
from handbill.infra import jobs
from handbill.infra.database import Database, Tx, open_database
from handbill.infra.jobs import Worker
from handbill.kernel import ids
from handbill.kernel.clock import DAY
from handbill.merchants import accounts
from handbill.payments import payers
from handbill.payments.model import Customer
from handbill.privacy import retention
from handbill.privacy.retention import ROWS_MAX, SWEEP, Retention
from handbill.providers.contract import Notification
from handbill.webhooks import received
from tests.support.shop import CRYPTO, Shop

pytestmark = pytest.mark.anyio

ANNA = Customer(email="anna@mail.example")


async def add_payers(shop: Shop, count: int) -> None:
    def add(tx: Tx) -> None:
        for _ in range(count):
            payers.add(tx, shop.tenant, ANNA)

    await shop.db.write(add)


async def known(shop: Shop) -> int:
    count: int = await shop.db.read(
        lambda tx: tx.value("SELECT COUNT(*) FROM payers WHERE email IS NOT NULL")
    )
    return count


def worker(shop: Shop, payer_days: int = 400, db: Database | None = None) -> Worker:
    return Worker(db or shop.db, {SWEEP: Retention(payer_days, 90).sweep}, shop.clock)


async def waiting(shop: Shop) -> list[int]:
    """When the job is due, as often as it is there."""
    count = await shop.db.read(lambda tx: tx.value("SELECT COUNT(*) FROM jobs"))
    due = await shop.db.read(jobs.next_due)
    return [due - shop.clock.now() if due is not None else -1] * count


async def test_it_is_there_once_however_often_a_server_starts(shop: Shop) -> None:
    await shop.db.write(retention.schedule)
    await shop.db.write(retention.schedule)
    assert await waiting(shop) == [0]

    await worker(shop).step()
    await shop.db.write(retention.schedule)

    assert await waiting(shop) == [DAY]


async def test_servers_that_start_together_have_it_once(shop: Shop, database_url: str) -> None:
    other = open_database(database_url, shop.clock)

    await asyncio.gather(*(one.write(retention.schedule) for one in (shop.db, other) * 5))
    assert await waiting(shop) == [0]
    took = await asyncio.gather(*(worker(shop, db=one).step() for one in (shop.db, other) * 5))

    assert sum(took) == 1
    assert await waiting(shop) == [DAY]
    other.close()


async def test_many_rows_are_forgotten_a_few_at_a_time(shop: Shop) -> None:
    await add_payers(shop, 2 * ROWS_MAX + 1)
    await shop.db.write(retention.schedule)
    shop.clock.advance(401 * DAY)
    daily, left = worker(shop), []
    for _ in range(4):
        await daily.step()
        left.append(await known(shop))
        shop.clock.advance(retention.PAUSE)

    assert left == [ROWS_MAX + 1, 1, 0, 0]
    assert await waiting(shop) == [DAY - retention.PAUSE]


async def test_a_row_is_forgotten_on_its_day_and_not_before(shop: Shop) -> None:
    await add_payers(shop, 1)
    shop.clock.advance(400 * DAY)
    await shop.db.write(retention.schedule)
    daily = worker(shop)
    await daily.step()
    assert await known(shop) == 1

    shop.clock.advance(DAY)
    await daily.step()

    assert await known(shop) == 0


async def test_a_time_that_is_made_shorter_goes_on_from_where_the_longer_was(shop: Shop) -> None:
    for _ in range(3):
        await add_payers(shop, 1)
        shop.clock.advance(10 * DAY)
    await shop.db.write(retention.schedule)
    await worker(shop, payer_days=25).step()
    assert await known(shop) == 2

    shop.clock.advance(retention.PAUSE)
    await worker(shop, payer_days=15).step()

    assert await known(shop) == 1


async def test_a_notification_without_its_text_is_known_as_a_repeat(shop: Shop) -> None:
    account = await shop.db.read(lambda tx: accounts.offered(tx, shop.tenant, "RUB")["card"])
    hint = Notification("event 1", "ref-1")

    def receive(tx: Tx) -> None:
        inbox.receive(tx, account, hint, {"user-agent": "acquirer"}, b"anna@mail.example")

    await shop.write(receive)
    await shop.db.write(retention.schedule)
    shop.clock.advance(91 * DAY)
    await worker(shop).step()

    await shop.write(receive)

    assert await shop.db.read(lambda tx: tx.value("SELECT body FROM notifications")) == ""
    assert await shop.db.read(lambda tx: tx.value("SELECT headers_json FROM notifications")) == "{}"


async def test_what_the_built_in_receiver_got_goes_as_a_whole(shop: Shop) -> None:
    await shop.db.write(lambda tx: received.keep(tx, CRYPTO, {}, b"old"))
    await shop.db.write(retention.schedule)
    shop.clock.advance(91 * DAY)
    await shop.db.write(lambda tx: received.keep(tx, CRYPTO, {}, b"young"))

    await worker(shop).step()

    left = await shop.db.read(lambda tx: received.latest(tx, 10))
    assert [one.body for one in left] == ["young"]


def test_an_id_of_a_time_is_above_all_earlier_and_below_all_later() -> None:
    at = 1_772_359_200_000

    assert ids.new_id(at - 1) < ids.first_id(at) < ids.new_id(at)
    assert ids.first_id(-1) < ids.new_id(0)
