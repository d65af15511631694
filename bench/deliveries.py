"""How many webhooks a second leave, signed and recorded on the disk, beside aiohttp's own client
posting the same bodies to the same server."""

from __future__ import annotations

import asyncio
import sys
import time
from pathlib import Path

import msgspec

from bench import servers
from bench.figures import Aim, Figure, Part, ratios
from bench.pgbench import durable_postgres
from bench.posting import Plan, post
from bench.receiver import Taken
from bench.run import Run
from bench.servers import Server, free_port
from bench.shop import Shop, visit
from handbill.infra.database import Tx, open_database
from handbill.kernel.clock import Instant, SystemClock

EVENTS = 4_000
MAKING = 32
CONNECTIONS = 8
RATIO_MIN = 0.6
RATE_MIN = 1_000.0
WAIT_SECONDS_MAX = 60.0
LOOK_SECONDS = 0.1
NOTES = (
    f"{EVENTS} events wait, of one merchant with one endpoint, when a server with a worker starts.",
    "From the first row of a delivery to the commit that records the last one as delivered:",
    "made, claimed, signed, sent, answered, recorded with its attempt. aiohttp only posts.",
    f"Both have {CONNECTIONS} connections: as many as Handbill opens to one host.",
)


class Delivered(msgspec.Struct, frozen=True):
    count: int
    first: Instant | None
    last: Instant | None


class Contender:
    """An installation, and what it did in each round."""

    def __init__(self, folder: Path, database_url: str | None, hook: str) -> None:
        self._folder = folder
        self._url = database_url
        self._hook = hook
        self.rates: list[float] = []
        self.cpu_ms: list[float] = []

    def measure(self) -> None:
        with self._server(worker=False) as server:
            visit(server, self._make_events)
        since = SystemClock().now()
        with self._server(worker=True) as server:
            before = server.cpu_seconds
            delivered = asyncio.run(self._wait(since))
            self.cpu_ms.append((server.cpu_seconds - before) * 1_000 / EVENTS)
        assert delivered.first is not None
        assert delivered.last is not None
        self.rates.append(EVENTS * 1_000 / (delivered.last - delivered.first))

    def figures(self, name: str, bare: list[float]) -> list[Figure]:
        return [
            Figure(f"{name}, deliveries", self.rates, "/s", Aim(RATE_MIN)),
            Figure(f"{name}, of aiohttp", ratios(self.rates, bare), aim=Aim(RATIO_MIN)),
            Figure(f"{name}, processor time of Handbill", self.cpu_ms, "ms/delivery"),
        ]

    def _server(self, *, worker: bool) -> Server:
        environment = {"HANDBILL_WORKER": "yes" if worker else "no"}
        return servers.handbill(self._folder, database_url=self._url, environment=environment)

    async def _make_events(self, shop: Shop) -> None:
        if not self.rates:
            fields = {"url": self._hook, "events": ["link.created"]}
            await shop.post("/api/v1/webhook_endpoints", json=fields)
        for _ in range(EVENTS // MAKING):
            await asyncio.gather(*(shop.make_link() for _ in range(MAKING)))

    async def _wait(self, since: Instant) -> Delivered:
        """Until everything is recorded. Raises RuntimeError where that takes too long."""
        url = self._url or f"sqlite:///{self._folder}/handbill.db"
        db = open_database(url, SystemClock())
        try:
            until = time.monotonic() + WAIT_SECONDS_MAX
            while time.monotonic() < until:
                await asyncio.sleep(LOOK_SECONDS)
                found = await db.read(lambda tx: _delivered(tx, since))
                if found.count == EVENTS:
                    return found
        finally:
            db.close()
        raise RuntimeError(f"only {found.count} of {EVENTS} webhooks were delivered")


def measure(run: Run) -> Part:
    folder, port = run.place("deliveries"), free_port()
    hook = f"http://127.0.0.1:{port}/hook"
    bare: list[float] = []
    receiver = Server([sys.executable, "-m", "bench.receiver", str(port)], port, folder / "log")
    with receiver, durable_postgres(folder) as postgres:
        on_file = Contender(folder / "sqlite", None, hook)
        on_postgres = Contender(folder / "postgres", postgres.create("handbill"), hook)
        for _ in run.each_round("deliveries"):
            for contender in (on_file, on_postgres):
                contender.measure()
            body = visit(receiver, _last_body)
            bare.append(post(Plan(hook, body, EVENTS, CONNECTIONS)))
    return Part(
        f"Deliveries: {EVENTS} webhooks to a server that answers at once",
        [
            *on_file.figures("SQLite", bare),
            *on_postgres.figures("PostgreSQL", bare),
            Figure("aiohttp, posts", bare, "/s"),
        ],
        NOTES,
    )


async def _last_body(shop: Shop) -> str:
    return msgspec.json.decode(await shop.get("/taken"), type=Taken).body


def _delivered(tx: Tx, since: Instant) -> Delivered:
    return tx.get(
        Delivered,
        "SELECT COUNT(*) AS count, MIN(created_at) AS first, MAX(delivered_at) AS last"
        " FROM deliveries WHERE status = 'delivered' AND created_at >= :since",
        since=since,
    )
