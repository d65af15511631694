"""A merchant, facts about its payments, and a worker that is stepped by hand."""

from __future__ import annotations

from random import Random
from typing import Any

from handbill import events
from handbill.infra.crypto import Crypto
from handbill.infra.database import Database
from handbill.infra.outbound import Outbound
from handbill.kernel.clock import ManualClock
from handbill.kernel.ids import new_id
from handbill.merchants import service as merchants
from handbill.merchants.service import NewMerchant
from handbill.webhooks import store
from handbill.webhooks.delivery import Deliveries
from handbill.webhooks.model import Attempt, Delivery
from handbill.webhooks.relay import fan_out

CRYPTO = Crypto(b"a key that only the tests have!!" * 2)


async def open_shop(db: Database, notify_url: str | None) -> NewMerchant:
    return await db.write(lambda tx: merchants.create(tx, CRYPTO, "Shop", notify_url))


def body(payment_id: str, status: str = "charged") -> dict[str, Any]:
    """What a link payment tells the merchant, as `payments.facts` makes it."""
    return {
        "type": "link",
        "link": "0198c0de-0000-7000-8000-000000000001",
        "txid": "generated-txid",
        "id": payment_id,
        "status": status,
        "amount": 1000,
        "amount_dest": 950,
        "amount_with_fee": 1050,
        "error_description": "",
        "currency": "RUB",
        "test": True,
    }


async def record(
    db: Database,
    merchant_id: int,
    status: str = "charged",
    *,
    payment_id: str | None = None,
    url: str | None = None,
    test: bool = True,
) -> str:
    """A fact about a payment, as `payments` records it. Gives the payment's id."""
    object_id = payment_id or new_id(0)
    await db.write(
        lambda tx: events.record(
            tx,
            f"payment.{status}",
            merchant_id=merchant_id,
            test=test,
            object_id=object_id,
            data={"webhook": {"url": url, "body": body(object_id, status)}},
        ),
        merchant=merchant_id,
    )
    return object_id


async def deliveries_of(db: Database, merchant_id: int) -> list[Delivery]:
    """All of them, in the order of their events."""
    made = await db.read(lambda tx: events.after(tx, merchant_id, 0, 10_000))
    return [
        delivery
        for event in made
        for delivery in await db.read(
            lambda tx, event=event: list(reversed(store.of_event(tx, event).items))  # type: ignore[misc]
        )
    ]


async def attempts_of(db: Database, delivery: Delivery) -> list[Attempt]:
    return (await db.read(lambda tx: store.attempts(tx, [delivery])))[delivery.id]


class Postman:
    """One process that delivers. `clock` moves only when it is told to."""

    def __init__(
        self, db: Database, clock: ManualClock, outbound: Outbound, timeout_seconds: float = 5.0
    ) -> None:
        self.db = db
        self.clock = clock
        self.deliveries = Deliveries(
            db, outbound, CRYPTO, clock, rng=Random(7), timeout_seconds=timeout_seconds
        )

    async def work(self) -> int:
        """Turns events into deliveries and makes the attempts that are due now."""
        await fan_out(self.db)
        return await self.deliveries.step()

    async def work_to_the_end(self) -> None:
        """Lets time pass from one attempt to the next until nothing is due any more."""
        await self.work()
        while (due := await self.db.read(store.next_due)) is not None:
            self.clock.advance(max(0, due - self.clock.now()))
            await self.work()
