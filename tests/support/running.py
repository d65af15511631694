"""A whole house that runs: real addresses on loopback, a clock that stands still, and a worker that
moves only when the test says so."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx2
import msgspec

import acquirer_sandbox
from handbill.bootstrap.first_start import open_merchant
from handbill.bootstrap.house import House
from handbill.bootstrap.serving import server_config
from handbill.infra import settings
from handbill.infra.database import Tx
from handbill.kernel.clock import ManualClock
from handbill.merchants import service as merchants
from handbill.merchants.service import NewMerchant
from handbill.notices.relay import look
from handbill.webhooks.relay import fan_out
from tests.support.payers import Payer
from tests.support.receivers import Receiver, answer, receiving
from tests.support.roads import Road, Server

HTML = {"accept": "text/html"}
JSON = {"accept": "application/json"}
CREATE = "/sandbox/v1/payments"
STEPS_MAX = 100
NOBODY = "http://127.0.0.1:9"
"""Where Telegram is not: no test tells the world of anything."""


class RunningHouse:
    """`shop` is an integrator with a test key; `payer` a browser without cookies of others; `road`
    is what every request to this house passes, the sandbox acquirer's included."""

    def __init__(
        self,
        house: House,
        clock: ManualClock,
        merchant: NewMerchant,
        road: Road,
        receiver: Receiver,
    ) -> None:
        self.house = house
        self.clock = clock
        self.merchant = merchant
        self.road = road
        self.receiver = receiver
        self.url = f"http://localhost:{house.settings.port}"
        self.clients: list[httpx2.AsyncClient] = []
        self.shop = self.client({"x-api-key": merchant.api_keys["test"]})
        self.payer = self.client(HTML)

    def client(self, headers: dict[str, str] | None = None) -> httpx2.AsyncClient:
        client = httpx2.AsyncClient(base_url=self.url, headers=headers or {}, timeout=30)
        self.clients.append(client)
        return client

    def new_payer(self, **headers: str) -> Payer:
        """Somebody else, with a browser of their own."""
        return Payer(self.client({**HTML, **headers}))

    async def settle(self) -> None:
        """Lets everything happen that is due now: webhooks, notifications, the acquirer's
        timers, what is summed in memory."""
        await self.house.opens.store()
        for _ in range(STEPS_MAX):
            made = await fan_out(self.house.db)
            await look(self.house.db)
            told = await self.house.deliveries.step()
            if not await self.house.worker.step() and not told and not made:
                return
        raise AssertionError("the worker does not come to rest")

    async def pass_time(self, milliseconds: int) -> None:
        self.clock.advance(milliseconds)
        await self.settle()

    async def make_link(self, **fields: object) -> dict[str, Any]:
        """A fixed link over 1,000 kopecks, or what `fields` say instead."""
        body = {
            "amount": {"default": 1000, "currency": "RUB"},
            "amount_type": "fixed",
            "pay_config": {"methods": ["card"]},
            **fields,
        }
        answer = await self.shop.post("/api/v1/links", json=body)
        assert answer.status_code == 201, answer.text
        return dict(answer.json()["data"])

    async def make_product(self, **fields: object) -> dict[str, Any]:
        """A coffee over 35,000 kopecks, or what `fields` say instead."""
        body = {"header": "Coffee", "text": "Espresso 200ml", "price": 35_000, **fields}
        answer = await self.shop.post("/api/v1/products", json=body)
        assert answer.status_code == 201, answer.text
        return dict(answer.json()["data"])

    async def change_merchant(self, **fields: object) -> None:
        def change(tx: Tx) -> None:
            merchants.change(tx, self.merchant.id, fields)

        await self.house.db.write(change)

    async def pause(self) -> None:
        """As the operator does with a merchant."""

        def pause(tx: Tx) -> None:
            merchants.set_paused(tx, self.merchant.id, paused=True)

        await self.house.db.write(pause)

    async def payments(self) -> list[dict[str, Any]]:
        """As the merchant reads them, the oldest first."""
        answer = await self.shop.get("/api/v1/transactions")
        return list(reversed(answer.json()["data"]))

    async def payment(self) -> dict[str, Any]:
        """The only one that there is."""
        [payment] = await self.payments()
        return payment

    @property
    def created(self) -> list[dict[str, Any]]:
        """What the acquirer was asked to create."""
        return [asked.json() for asked in self.road.heard("POST", CREATE)]

    @property
    def told(self) -> list[dict[str, Any]]:
        """The webhooks that came to the merchant's server, as they came."""
        return [msgspec.json.decode(heard.body) for heard in self.receiver.heard]

    async def close(self) -> None:
        for client in self.clients:
            await client.aclose()


@asynccontextmanager
async def running_house(
    database_url: str,
    folder: Path,
    clock: ManualClock,
    *,
    sandbox_url: str | None = None,
    **options: object,
) -> AsyncIterator[RunningHouse]:
    """`options` are settings: a `public_url` is printed and told, and nobody goes there.
    `sandbox_url`: the acquirer has an address of its own, see `open_acquirer`."""
    server = Server()
    given = {
        "data": folder,
        "database_url": database_url,
        "port": server.port,
        "rate_limit": 0,
        "log_requests": False,
        "shutdown_seconds": 1,
        "telegram_api_url": NOBODY,
    }
    house = House(settings.load({**given, **options}, {}), clock, sandbox_url=sandbox_url)
    road = Road(house.app)
    async with receiving(answer()) as receiver:
        merchant = await house.db.write(
            lambda tx: open_merchant(tx, house.crypto, "Sample shop", receiver.url(), sandbox=True)
        )
        server.open(server_config(road, house.settings))
        running = RunningHouse(house, clock, merchant, road, receiver)
        try:
            yield running
        finally:
            await running.close()
            await server.close()
            await house.stop()


def open_acquirer(running: RunningHouse, server: Server, url: str) -> Road:
    """Lets the sandbox acquirer answer at an address of its own."""
    road = Road(acquirer_sandbox.create_app(running.house.db, url))
    server.open(server_config(road, running.house.settings))
    return road
