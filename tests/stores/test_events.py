"""Events: numbered without gaps for each merchant and each object, whoever writes."""

from __future__ import annotations

import asyncio
from random import Random

import pytest

from handbill import events
from handbill.events import Event
from handbill.infra.database import Database, Tx, open_database
from handbill.kernel.clock import ManualClock
from handbill.kernel.ids import new_id
from handbill.merchants import service as merchants
from tests.support.shop import CRYPTO

pytestmark = pytest.mark.anyio


async def merchant(db: Database) -> int:
    return (await db.write(lambda tx: merchants.create(tx, CRYPTO, "Shop", None))).id


def tell(tx: Tx, merchant_id: int, object_id: str, *, first: bool = False) -> None:
    data = {"id": object_id}
    events.record(
        tx,
        "link.updated",
        merchant_id=merchant_id,
        test=True,
        object_id=object_id,
        data=data,
        first=first,
    )


async def told(db: Database, merchant_id: int, after: int = 0) -> list[Event]:
    return await db.read(lambda tx: events.after(tx, merchant_id, after, 10_000))


async def test_an_event_is_read_as_it_was_recorded(db: Database, clock: ManualClock) -> None:
    merchant_id, object_id = await merchant(db), new_id(0)

    await db.write(lambda tx: tell(tx, merchant_id, object_id, first=True), merchant=merchant_id)

    [event] = await told(db, merchant_id)
    assert (event.type, event.object_id, event.data) == (
        "link.updated",
        object_id,
        {"id": object_id},
    )
    assert (event.sequence, event.object_sequence) == (1, 1)
    assert (event.merchant_id, event.test, event.created_at) == (merchant_id, True, clock.now())
    assert await db.read(lambda tx: events.merchant_of(tx, event.id)) == merchant_id
    assert await db.read(lambda tx: events.merchant_of(tx, new_id(0))) is None


async def test_an_unknown_type_is_refused(db: Database) -> None:
    merchant_id = await merchant(db)

    with pytest.raises(ValueError, match=r"link\.bent"):
        await db.write(
            lambda tx: events.record(
                tx, "link.bent", merchant_id=merchant_id, test=True, object_id="1", data={}
            )
        )


async def test_an_event_lives_and_dies_with_its_change(db: Database) -> None:
    merchant_id, kept, lost = await merchant(db), new_id(0), new_id(0)

    def fails(tx: Tx) -> None:
        tell(tx, merchant_id, lost)
        tx.run("UPDATE merchants SET name = 'Lost' WHERE id = :id", id=merchant_id)
        raise RuntimeError("after the write")

    failed, _ = await asyncio.gather(
        db.write(fails, merchant=merchant_id),
        db.write(lambda tx: tell(tx, merchant_id, kept), merchant=merchant_id),
        return_exceptions=True,
    )

    assert isinstance(failed, RuntimeError)
    assert [(e.object_id, e.sequence) for e in await told(db, merchant_id)] == [(kept, 1)]


async def test_several_events_of_one_transaction_keep_their_order(db: Database) -> None:
    merchant_id = await merchant(db)
    one, two = new_id(0), new_id(0)

    def three_and_one(tx: Tx) -> None:
        tell(tx, merchant_id, one, first=True)
        tell(tx, merchant_id, two, first=True)
        tell(tx, merchant_id, one)

    await db.write(three_and_one, merchant=merchant_id)
    await db.write(lambda tx: tell(tx, merchant_id, one), merchant=merchant_id)

    found = [(e.sequence, e.object_id, e.object_sequence) for e in await told(db, merchant_id)]
    assert found == [(1, one, 1), (2, two, 1), (3, one, 2), (4, one, 3)]


async def test_reading_goes_on_where_it_ended(db: Database) -> None:
    merchant_id = await merchant(db)
    for _ in range(5):
        await db.write(lambda tx: tell(tx, merchant_id, new_id(0)), merchant=merchant_id)

    assert [e.sequence for e in await told(db, merchant_id, after=3)] == [4, 5]
    assert await told(db, merchant_id, after=5) == []
    two = await db.read(lambda tx: events.after(tx, merchant_id, 1, 2))
    assert [e.sequence for e in two] == [2, 3]


async def test_concurrent_writers_leave_no_gap_and_no_double(
    db: Database, database_url: str, clock: ManualClock
) -> None:
    """Two processes' worth of writers, three merchants, and functions that fail in between."""
    rng = Random(3)
    shops = [await merchant(db) for _ in range(3)]
    objects = {shop: [new_id(0) for _ in range(4)] for shop in shops}
    other = open_database(database_url, clock)

    async def write(number: int) -> None:
        shop = rng.choice(shops)
        picked = rng.choices(objects[shop], k=rng.randint(1, 3))
        fails = rng.random() < 0.2

        def fn(tx: Tx) -> None:
            for object_id in picked:
                tell(tx, shop, object_id)
            if fails:
                tx.run("UPDATE merchants SET updated_at = 0 WHERE id = :id", id=shop)
                raise RuntimeError("on purpose")

        try:
            await (db, other)[number % 2].write(fn, merchant=shop)
        except RuntimeError:
            assert fails

    try:
        await asyncio.gather(*(write(number) for number in range(200)))
    finally:
        other.close()

    heads = {head.merchant_id: head.sequence for head in await db.read(events.heads)}
    for shop in shops:
        found = await told(db, shop)
        assert [event.sequence for event in found] == list(range(1, heads[shop] + 1))
        for object_id in objects[shop]:
            numbers = [e.object_sequence for e in found if e.object_id == object_id]
            assert numbers == list(range(1, len(numbers) + 1))


async def is_announced(db: Database, merchant_id: int, event_type: str) -> bool:
    """Whether recording it wakes the relay."""
    with db.subscription(events.TOPIC) as news, db.subscription("done") as done:

        def record(tx: Tx) -> None:
            events.record(
                tx,
                event_type,
                merchant_id=merchant_id,
                test=True,
                object_id=new_id(0),
                data={},
                first=True,
            )
            tx.announce("done")

        await db.write(record, merchant=merchant_id)
        await done.wait(10)
        return await news.wait(0)


async def test_an_event_that_nobody_follows_wakes_nobody(db: Database) -> None:
    shop, other = await merchant(db), await merchant(db)
    assert not await is_announced(db, shop, "link.created")

    await db.write(lambda tx: events.follow(tx, shop, ["link.created"]), merchant=shop)

    assert await is_announced(db, shop, "link.created")
    assert not await is_announced(db, shop, "link.updated")
    assert not await is_announced(db, other, "link.created")

    await db.write(lambda tx: events.follow(tx, shop, []), merchant=shop)
    assert not await is_announced(db, shop, "link.created")
