"""A whole house that runs: real addresses on loopback, a clock that stands still, and a worker that
moves only when the test says so."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx2
import uvicorn

from handbill.bootstrap.first_start import open_merchant
from handbill.bootstrap.house import House
from handbill.infra import settings
from handbill.kernel.clock import ManualClock
from handbill.merchants.service import NewMerchant
from handbill.webhooks.relay import fan_out

HTML = {"accept": "text/html"}
JSON = {"accept": "application/json"}
STEPS_MAX = 100


class RunningHouse:
    """`shop` is an integrator with a test key; `payer` a browser without cookies of others."""

    def __init__(self, house: House, clock: ManualClock, merchant: NewMerchant) -> None:
        self.house = house
        self.clock = clock
        self.merchant = merchant
        self.url = house.addresses.base
        self.shop = self.client({"x-api-key": merchant.api_keys["test"]})
        self.payer = self.client(HTML)

    def client(self, headers: dict[str, str] | None = None) -> httpx2.AsyncClient:
        return httpx2.AsyncClient(base_url=self.url, headers=headers or {}, timeout=30)

    async def settle(self) -> None:
        """Lets everything happen that is due now: webhooks, notifications, the acquirer's timers."""
        for _ in range(STEPS_MAX):
            made = await fan_out(self.house.db)
            if not await self.house.worker.step() and not made:
                return
        raise AssertionError("the worker does not come to rest")

    async def pass_time(self, milliseconds: int) -> None:
        self.clock.advance(milliseconds)
        await self.settle()

    async def make_link(self, **fields: object) -> dict[str, object]:
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


@asynccontextmanager
async def running_house(
    database_url: str, folder: Path, clock: ManualClock, **options: object
) -> AsyncIterator[RunningHouse]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        chosen = settings.load(
            {"data": folder, "database_url": database_url, "port": port, "rate_limit": 0, **options},
            {},
        )
        house = House(chosen, clock)
        merchant = await house.db.write(
            lambda tx: open_merchant(tx, house.crypto, "Sample shop", None, sandbox=True)
        )
        config = uvicorn.Config(
            house.app, log_config=None, lifespan="off", timeout_graceful_shutdown=1
        )
        server = uvicorn.Server(config)
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        running = RunningHouse(house, clock, merchant)
        try:
            yield running
        finally:
            await running.shop.aclose()
            await running.payer.aclose()
            server.should_exit = True
            await serving
            await house.stop()
