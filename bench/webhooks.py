"""How soon a merchant hears of a payment: from the payer's click at the acquirer, over its
notification and our question back, to the signed webhook at the merchant's own server."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any

import aiohttp
import msgspec
import uvloop
from aiohttp import web

from bench import servers
from bench.figures import Aim, Figure, Part, share
from bench.pgbench import durable_postgres
from bench.run import Run
from bench.servers import Server, free_port
from bench.shop import Shop

PAYMENTS = 100
WAIT_SECONDS_MAX = 20.0
PAUSE_SECONDS = 0.02
DELIVERED_MS_MAX = 1_000.0


def measure(run: Run) -> Part:
    folder = run.place("webhooks")
    rounds: dict[str, list[list[float]]] = {"SQLite": [], "PostgreSQL": []}
    with durable_postgres(folder) as postgres:
        url = postgres.create("handbill")
        with (
            servers.handbill(folder / "sqlite") as on_file,
            servers.handbill(folder / "postgres", database_url=url) as on_postgres,
        ):
            for _ in run.each_round("webhooks"):
                for name, server in zip(rounds, (on_file, on_postgres), strict=True):
                    rounds[name].append(_round(server))
    figures: list[Figure] = []
    for name, taken in rounds.items():
        figures += [
            Figure(f"{name}, median", [share(one, 50) for one in taken], "ms"),
            Figure(
                f"{name}, 99 of 100",
                [share(one, 99) for one in taken],
                "ms",
                Aim(DELIVERED_MS_MAX, at_least=False),
            ),
        ]
    return Part(
        f"From approval to webhook: {PAYMENTS} payments one after the other, nothing else to do",
        figures,
        (
            "From the payer's click on the acquirer's page to the webhook's arrival: the acquirer",
            "notifies, Handbill stores that, asks back, books the charge and delivers.",
        ),
    )


class Merchant:
    """A server that waits for the webhook of one payment after the other."""

    def __init__(self) -> None:
        self._arrived: dict[str, asyncio.Future[float]] = {}

    async def take(self, request: web.Request) -> web.Response:
        at = time.perf_counter()
        body = msgspec.json.decode(await request.read())
        self.arrival(body["id"]).set_result(at)
        return web.Response()

    def arrival(self, payment_id: str) -> asyncio.Future[float]:
        future = self._arrived.get(payment_id)
        if future is None:
            future = self._arrived[payment_id] = asyncio.get_running_loop().create_future()
        return future


def _round(server: Server) -> list[float]:
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(_pay_many(server))


async def _pay_many(server: Server) -> list[float]:
    merchant, port = Merchant(), free_port()
    app = web.Application()
    app.router.add_post("/hook", merchant.take)
    receiver = web.AppRunner(app)
    await receiver.setup()
    try:
        await web.TCPSite(receiver, "127.0.0.1", port).start()
        async with aiohttp.ClientSession() as session:
            shop = Shop(server, session)
            link = await shop.make_link(notify_url=f"http://127.0.0.1:{port}/hook")
            return [await _pay(shop, link, merchant.arrival) for _ in range(PAYMENTS)]
    finally:
        await receiver.cleanup()


async def _pay(
    shop: Shop, link: dict[str, Any], arrival: Callable[[str], asyncio.Future[float]]
) -> float:
    """Milliseconds."""
    await asyncio.sleep(PAUSE_SECONDS)  # until what the last one left to do is done
    started = await shop.start_paying(link)
    clicked = time.perf_counter()
    await shop.approve(started)
    async with asyncio.timeout(WAIT_SECONDS_MAX):
        arrived = await arrival(started["id"])
    return (arrived - clicked) * 1_000
