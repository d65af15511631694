"""Deliveries, their attempts and the cursor, on both databases."""

from __future__ import annotations

import asyncio
from functools import partial

import msgspec
import pytest

from handbill import events
from handbill.infra.database import Database, Tx, open_database
from handbill.kernel.clock import ManualClock
from handbill.webhooks import store
from handbill.webhooks.model import Attempt, DeliveryStatus
from handbill.webhooks.relay import DELIVERIES_MAX, fan_out, relay
from handbill.webhooks.targets import Target
from tests.support.webhooks import attempts_of, deliveries_of, open_shop, record

pytestmark = pytest.mark.anyio

URL = "https://shop.example/hook"


async def test_an_event_becomes_one_pending_delivery(db: Database, clock: ManualClock) -> None:
    shop = await open_shop(db, URL)
    payment_id = await record(db, shop.id)

    assert await fan_out(db) == 1

    [delivery] = await deliveries_of(db, shop.id)
    assert (delivery.url, delivery.status) == (URL, DeliveryStatus.PENDING)
    assert (delivery.attempts, delivery.next_at) == (0, clock.now())
    assert (delivery.object_id, delivery.object_sequence, delivery.test) == (payment_id, 1, True)
    assert msgspec.json.decode(delivery.body)["event_id"] == delivery.event_id
    assert delivery.message_id == f"msg_{delivery.event_id}"


async def test_fanning_out_again_adds_nothing(db: Database) -> None:
    shop = await open_shop(db, URL)
    await record(db, shop.id)
    await fan_out(db)

    assert await fan_out(db) == 0
    assert len(await deliveries_of(db, shop.id)) == 1


async def test_two_processes_fan_out_each_event_once(
    db: Database, database_url: str, clock: ManualClock
) -> None:
    shop = await open_shop(db, URL)
    for _ in range(50):
        await record(db, shop.id)
    other = open_database(database_url, clock)

    made = await asyncio.gather(*(fan_out(one) for one in (db, other, db, other)))
    other.close()

    assert sum(made) == 50
    assert len(await deliveries_of(db, shop.id)) == 50


async def test_more_events_than_one_transaction_takes_are_all_fanned_out(db: Database) -> None:
    shop = await open_shop(db, URL)
    count = DELIVERIES_MAX + 3
    await asyncio.gather(*(record(db, shop.id) for _ in range(count)))

    assert await fan_out(db) == count


async def test_the_links_own_address_comes_before_the_merchants(db: Database) -> None:
    shop = await open_shop(db, URL)
    await record(db, shop.id, url="https://other.example/")
    await fan_out(db)

    assert [d.url for d in await deliveries_of(db, shop.id)] == ["https://other.example/"]


async def test_an_event_that_nobody_wants_moves_the_cursor_only(db: Database) -> None:
    shop = await open_shop(db, None)
    await record(db, shop.id)
    await db.write(lambda tx: _other_event(tx, shop.id), merchant=shop.id)

    assert await fan_out(db) == 0
    assert await db.read(lambda tx: store.cursor(tx, shop.id)) == 2


def _other_event(tx: Tx, merchant_id: int) -> None:
    events.record(
        tx, "link.created", merchant_id=merchant_id, test=True, object_id="link", data={"id": "1"}
    )


async def test_an_event_that_cannot_be_read_holds_up_no_other_merchant(db: Database) -> None:
    broken, healthy = await open_shop(db, URL), await open_shop(db, URL)
    await db.write(
        lambda tx: events.record(
            tx,
            "payment.charged",
            merchant_id=broken.id,
            test=True,
            object_id="payment",
            data={"webhook": {"url": None}},
        ),
        merchant=broken.id,
    )
    await record(db, healthy.id)

    with pytest.raises(KeyError):
        await fan_out(db)

    assert len(await deliveries_of(db, healthy.id)) == 1


async def test_the_relay_hears_of_an_event_by_itself(db: Database) -> None:
    shop = await open_shop(db, URL)
    running = asyncio.create_task(relay(db))
    with db.subscription(store.TOPIC) as news:
        await record(db, shop.id)
        async with asyncio.timeout(10):
            while not await deliveries_of(db, shop.id):
                await news.wait(10)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)

    assert len(await deliveries_of(db, shop.id)) == 1


async def test_only_an_earlier_pending_event_of_the_same_object_and_address_is_waited_for(
    db: Database,
) -> None:
    shop = await open_shop(db, URL)
    payment_id = await record(db, shop.id, "failed")
    await record(db, shop.id, "charged", payment_id=payment_id)
    await record(db, shop.id, "cancelled", payment_id=payment_id, url="https://other.example/")
    await record(db, shop.id)
    await fan_out(db)
    first, second, elsewhere, other = await deliveries_of(db, shop.id)
    ids = [delivery.id for delivery in (first, second, elsewhere, other)]

    assert await db.read(lambda tx: store.behind_another(tx, ids)) == {second.id}

    await db.write(lambda tx: store.mark_delivered(tx, [first.id]), merchant=shop.id)

    assert await db.read(lambda tx: store.behind_another(tx, ids)) == set()
    [taken, *_] = await deliveries_of(db, shop.id)
    assert (taken.status, taken.attempts, taken.next_at) == (DeliveryStatus.DELIVERED, 1, None)


async def test_an_old_event_that_is_sent_again_holds_up_no_new_one(db: Database) -> None:
    shop = await open_shop(db, URL)
    payment_id = await record(db, shop.id, "failed")
    [event] = await db.read(lambda tx: events.after(tx, shop.id, 0, 10))
    again = Target(None, URL, "{}")
    await db.write(lambda tx: store.add(tx, event, again, replayed=True), merchant=shop.id)
    await record(db, shop.id, "charged", payment_id=payment_id)
    await db.write(lambda tx: store.move_cursor(tx, shop.id, 1), merchant=shop.id)
    await fan_out(db)

    ids = [delivery.id for delivery in await deliveries_of(db, shop.id)]

    assert len(ids) == 2
    assert await db.read(lambda tx: store.behind_another(tx, ids)) == set()


async def test_each_delivery_is_claimed_once_until_its_lease_ends(
    db: Database, database_url: str, clock: ManualClock
) -> None:
    shop = await open_shop(db, URL)
    for _ in range(40):
        await record(db, shop.id)
    await fan_out(db)
    other = open_database(database_url, clock)

    taken = await asyncio.gather(
        *(one.write(lambda tx: store.claim(tx, 7)) for one in (db, other) * 4)
    )
    other.close()

    ids = [delivery.id for some in taken for delivery in some]
    assert len(ids) == len(set(ids)) == 40
    clock.advance(store.LEASE)
    again = await db.write(lambda tx: store.claim(tx, 100))
    assert {delivery.fence for delivery in again} == {2}


async def test_only_the_newest_claim_counts(db: Database, clock: ManualClock) -> None:
    shop = await open_shop(db, URL)
    await record(db, shop.id)
    await fan_out(db)
    [late] = await db.write(lambda tx: store.claim(tx, 10))
    clock.advance(store.LEASE)
    [new] = await db.write(lambda tx: store.claim(tx, 10))

    assert await db.write(lambda tx: store.held(tx, [late])) == set()
    assert await db.write(lambda tx: store.held(tx, [late, new])) == {new.id}
    await db.write(lambda tx: store.put_back(tx, late, 5))
    assert await db.read(store.next_due) == clock.now() + store.LEASE
    await db.write(lambda tx: store.put_back(tx, new, 5))
    assert await db.read(store.next_due) == 5


async def test_attempts_are_kept_in_their_order_and_each_number_once(db: Database) -> None:
    shop = await open_shop(db, URL)
    await record(db, shop.id)
    await fan_out(db)
    [delivery] = await deliveries_of(db, shop.id)
    made = [
        Attempt(1, 10, 15_000, {"webhook-id": "1"}, None, "no complete answer in time", None),
        Attempt(2, 20, 7, {}, 200, None, "thanks"),
    ]
    for attempt in reversed(made):
        await db.write(partial(store.add_attempt, delivery_id=delivery.id, attempt=attempt))

    assert await attempts_of(db, delivery) == made
    with pytest.raises(Exception, match=r"(?i)unique"):
        await db.write(lambda tx: store.add_attempt(tx, delivery.id, made[0]))
