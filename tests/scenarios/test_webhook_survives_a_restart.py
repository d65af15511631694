"""At least once: whatever dies, and whenever, every webhook arrives, recognisably the same."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from ipaddress import ip_network
from typing import Any, TypeVar, cast

import pytest

from handbill.infra.database import Database, Tx, open_database
from handbill.infra.outbound import Outbound
from handbill.kernel.clock import ManualClock
from handbill.webhooks import store
from handbill.webhooks.model import DeliveryStatus
from handbill.webhooks.relay import fan_out
from tests.support.receivers import Heard, answer, receiving, silence
from tests.support.webhooks import Postman, attempts_of, deliveries_of, open_shop, record

pytestmark = pytest.mark.anyio

T = TypeVar("T")


class PowerCut(BaseException):
    """Ends a process in the middle of whatever it does."""


class DyingDatabase:
    """The database of a process that dies before its second write: it claims, and records not."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._wrote = False

    async def point(self, fn: Callable[[Tx], T]) -> T:
        return await self._db.point(fn)

    async def write(self, fn: Callable[[Tx], Any], *, merchant: int | None = None) -> Any:
        if self._wrote:
            raise PowerCut
        self._wrote = True
        return await self._db.write(fn, merchant=merchant)


@pytest.fixture
async def outbound() -> AsyncIterator[Outbound]:
    client = Outbound(guarded=True, networks=(ip_network("127.0.0.0/8"),))
    yield client
    await client.close()


async def test_a_process_that_dies_between_sending_and_recording_sends_the_same_again(
    db: Database, clock: ManualClock, outbound: Outbound
) -> None:
    async with receiving(answer()) as receiver:
        shop = await open_shop(db, receiver.url())
        await record(db, shop.id)
        await fan_out(db)
        with pytest.raises(PowerCut):
            await Postman(cast(Database, DyingDatabase(db)), clock, outbound).deliveries.step()

        restarted = Postman(db, clock, outbound)
        assert await restarted.work() == 0  # the lease of the dead process still runs
        clock.advance(store.LEASE)
        assert await restarted.work() == 1

    first, second = receiver.heard
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    assert first.body == second.body
    assert first.headers["webhook-timestamp"] != second.headers["webhook-timestamp"]
    [delivery] = await deliveries_of(db, shop.id)
    assert (delivery.status, delivery.attempts) == (DeliveryStatus.DELIVERED, 1)


async def test_events_of_a_process_that_died_are_fanned_out_by_the_next(
    database_url: str, clock: ManualClock, outbound: Outbound
) -> None:
    before = open_database(database_url, clock)
    async with receiving(answer()) as receiver:
        shop = await open_shop(before, receiver.url())
        for _ in range(3):
            await record(before, shop.id)
        before.close()

        after = open_database(database_url, clock)
        await Postman(after, clock, outbound).work_to_the_end()
        after.close()

    assert len(receiver.heard) == 3


async def test_a_process_that_lost_its_lease_does_not_write_over_the_other_one(
    db: Database, clock: ManualClock, outbound: Outbound
) -> None:
    asleep, wake = asyncio.Event(), asyncio.Event()

    async def first_hangs(heard: Heard, writer: asyncio.StreamWriter) -> None:
        if len(receiver.heard) == 1:
            asleep.set()
            await wake.wait()
        await answer("500 Oops" if len(receiver.heard) == 1 else "200 OK")(heard, writer)

    async with receiving(first_hangs) as receiver:
        shop = await open_shop(db, receiver.url())
        await record(db, shop.id)
        await fan_out(db)
        sleeper = asyncio.create_task(Postman(db, clock, outbound).deliveries.step())
        await asleep.wait()
        clock.advance(store.LEASE)
        await Postman(db, clock, outbound).work()
        wake.set()
        await sleeper

    [delivery] = await deliveries_of(db, shop.id)
    [attempt] = await attempts_of(db, delivery)
    assert (delivery.status, attempt.status_code) == (DeliveryStatus.DELIVERED, 200)
    assert await db.read(store.next_due) is None


async def test_a_server_that_stops_puts_back_what_is_on_its_way(
    db: Database, clock: ManualClock
) -> None:
    over = asyncio.Event()
    outbound = Outbound(guarded=True, networks=(ip_network("127.0.0.0/8"),))
    async with receiving(silence(over)) as receiver:
        shop = await open_shop(db, receiver.url())
        await record(db, shop.id)
        await fan_out(db)
        stepping = asyncio.create_task(Postman(db, clock, outbound, 60).deliveries.step())
        async with asyncio.timeout(10):
            await receiver.has_heard(1)
            await outbound.close()
            await stepping
        over.set()

    [delivery] = await deliveries_of(db, shop.id)
    assert (delivery.status, delivery.attempts) == (DeliveryStatus.PENDING, 1)
    assert delivery.next_at is not None
