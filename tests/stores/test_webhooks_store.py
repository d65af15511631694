"""Deliveries, their attempts and the cursor, on both databases."""

from __future__ import annotations

import asyncio

import msgspec
import pytest

from handbill import events
from handbill.infra import jobs
from handbill.infra.database import Database, Tx, open_database
from handbill.kernel.clock import ManualClock
from handbill.webhooks import store
from handbill.webhooks.model import Attempt, Delivery, DeliveryStatus
from handbill.webhooks.relay import EVENTS_MAX, fan_out, relay
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
    count = EVENTS_MAX + 3
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
    with db.subscription(jobs.TOPIC) as news:
        await record(db, shop.id)
        async with asyncio.timeout(10):
            while not await deliveries_of(db, shop.id):
                await news.wait(10)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)

    assert len(await deliveries_of(db, shop.id)) == 1


async def test_an_event_goes_to_an_address_once(db: Database) -> None:
    shop = await open_shop(db, URL)
    await record(db, shop.id)
    await fan_out(db)

    with pytest.raises(Exception, match=r"(?i)unique"):
        await db.write(lambda tx: _add_all_again(tx, shop.id), merchant=shop.id)

    assert len(await deliveries_of(db, shop.id)) == 1


def _add_all_again(tx: Tx, merchant_id: int) -> None:
    for event in events.after(tx, merchant_id, 0, 10):
        store.add(tx, event, URL, "{}")


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

    async def waits(delivery: Delivery) -> bool:
        return await db.read(lambda tx: store.has_earlier_pending(tx, delivery))

    assert [await waits(d) for d in (first, second, elsewhere, other)] == [
        *(False, True, False, False)
    ]

    delivered = msgspec.structs.replace(
        first, status=DeliveryStatus.DELIVERED, attempts=1, next_at=None, delivered_at=5
    )
    await db.write(lambda tx: store.save(tx, delivered), merchant=shop.id)

    assert not await waits(second)
    assert await db.read(lambda tx: store.find(tx, first.id)) == delivered


async def test_attempts_are_kept_in_their_order_and_each_number_once(db: Database) -> None:
    shop = await open_shop(db, URL)
    await record(db, shop.id)
    await fan_out(db)
    [delivery] = await deliveries_of(db, shop.id)
    made = [
        Attempt(1, 10, 15_000, None, "no complete answer in time", None),
        Attempt(2, 20, 7, 200, None, "thanks"),
    ]
    for attempt in reversed(made):
        await db.write(
            lambda tx, attempt=attempt: store.add_attempt(tx, delivery.id, attempt)  # type: ignore[misc]
        )

    assert await attempts_of(db, delivery) == made
    with pytest.raises(Exception, match=r"(?i)unique"):
        await db.write(lambda tx: store.add_attempt(tx, delivery.id, made[0]))
