"""What is older than the settings allow goes by itself; what it was needed for goes on working."""

from __future__ import annotations

from ipaddress import ip_network
from typing import Any

import pytest

from handbill import events
from handbill.infra.database import Database, Tx
from handbill.infra.outbound import Outbound
from handbill.kernel.clock import DAY, ManualClock
from handbill.webhooks import bodies, store
from handbill.webhooks.relay import fan_out
from tests.support.payers import Payer
from tests.support.receivers import answer, receiving
from tests.support.running import RunningHouse
from tests.support.webhooks import Postman, deliveries_of, open_shop, record

pytestmark = pytest.mark.anyio

CUSTOMER = {"email": "anna@mail.example", "phone": "+70000000000", "name": "Anna"}


async def order(house: RunningHouse, **params: object) -> dict[str, Any]:
    given = {"type": "payment", "amount": 120_000, "currency": "RUB", "customer": CUSTOMER}
    answer = await house.shop.post("/api/v1/transactions", json={"params": {**given, **params}})
    assert answer.status_code in (200, 201), answer.text
    return dict(answer.json()["data"])


async def pay(house: RunningHouse, payer: Payer, address: str) -> None:
    await payer.decide(await payer.begin(address), "approve")
    await house.settle()


async def pay_order(house: RunningHouse, payer: Payer, made: dict[str, Any]) -> None:
    opened = await payer.http.get(made["payment_url"])
    await pay(house, payer, opened.headers["location"])


async def count(house: RunningHouse, rows: str) -> int:
    found: int = await house.house.db.read(lambda tx: tx.value(f"SELECT COUNT(*) FROM {rows}"))
    return found


async def test_a_payer_is_forgotten_after_400_days(house: RunningHouse, payer: Payer) -> None:
    made = await order(house, txid="order-1")
    await pay_order(house, payer, made)
    link = await house.make_link()
    await pay(house, payer, link["url"])

    await house.pass_time(399 * DAY)
    assert await count(house, "payers WHERE email = 'anna@mail.example'") == 1
    assert await count(house, "payments WHERE payer IS NOT NULL") == 1
    await order(house)

    await house.pass_time(2 * DAY)

    assert await count(house, "payers WHERE erased_at IS NOT NULL") == 1
    gone = "email IS NULL AND phone IS NULL AND name IS NULL"
    assert await count(house, f"payers WHERE {gone} AND erased_at IS NOT NULL") == 1
    assert await count(house, "payers WHERE email = 'anna@mail.example'") == 1
    assert await count(house, "payments WHERE payer IS NOT NULL") == 0
    assert (await order(house, txid="order-1"))["id"] == made["id"]  # the same body is known still
    other = {"type": "payment", "amount": 120_000, "currency": "RUB", "txid": "order-1"}
    refused = await house.shop.post("/api/v1/transactions", json={"params": other})
    assert (refused.status_code, refused.json()["error"]) == (409, "duplicate_txid")


async def test_texts_are_forgotten_after_90_days(house: RunningHouse, payer: Payer) -> None:
    await pay_order(house, payer, await order(house))
    kept = [
        "notifications WHERE body <> ''",
        "deliveries WHERE body <> ''",
        "delivery_attempts WHERE response IS NOT NULL",
    ]

    await house.pass_time(89 * DAY)
    assert [await count(house, rows) for rows in kept] == [1, 1, 1]

    await house.pass_time(2 * DAY)

    assert [await count(house, rows) for rows in kept] == [0, 0, 0]
    assert await count(house, "notifications WHERE headers_json = '{}'") == 1
    assert await count(house, "deliveries") == 1
    assert await count(house, "payers WHERE email IS NOT NULL") == 1


async def test_a_webhook_is_built_again_as_it_was(house: RunningHouse, payer: Payer) -> None:
    await pay_order(house, payer, await order(house, metadata={"cart": "7", "a": "1"}))
    sent = house.receiver.heard[0].body.decode()

    await house.pass_time(91 * DAY)

    def again(tx: Tx) -> str:
        (event,) = [
            e for e in events.after(tx, house.merchant.id, 0, 9) if events.WEBHOOK in e.data
        ]
        (delivery,) = store.of_event(tx, event).items
        assert delivery.body == ""
        return bodies.body_of(tx, delivery)

    assert await house.house.db.read(again) == sent


async def test_a_delivery_without_its_text_is_sent_all_the_same(
    db: Database, clock: ManualClock
) -> None:
    outbound = Outbound(guarded=True, networks=(ip_network("127.0.0.0/8"),))
    async with receiving(answer()) as receiver:
        shop = await open_shop(db, receiver.url("/hook"))
        await record(db, shop.id)
        await fan_out(db)
        [delivery] = await deliveries_of(db, shop.id)
        await db.write(lambda tx: tx.run("UPDATE deliveries SET body = ''"))

        await Postman(db, clock, outbound).work()

    await outbound.close()
    assert [heard.body.decode() for heard in receiver.heard] == [delivery.body]
