"""What happens to the servers, at moments and in an order that a seed chooses."""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter
from collections.abc import Awaitable, Callable

import aiohttp

from tests.support.postgres import PostgresServer
from torture.disk import Disk
from torture.installation import Installation, Node

CALM_SECONDS = (0.2, 3.0)
STARTUP_SECONDS_MAX = 0.5
STOP_SECONDS = (1.0, 8.0)
LONG_STOP_SECONDS = 60.0
FULL_SECONDS = (0.5, 3.0)
POSTGRES_KILLED = "PostgreSQL killed"

Choice = list[tuple[Callable[[], Awaitable[None]], int]]
"""What may happen, and how often beside the others."""


class Field:
    """Where it happens. `struck` counts what was done, `violations` says what must not come of
    it."""

    def __init__(
        self,
        house: Installation,
        http: aiohttp.ClientSession,
        chance: random.Random,
        say: Callable[[str], None],
    ) -> None:
        self.house = house
        self.chance = chance
        self.struck: Counter[str] = Counter()
        self.violations: list[str] = []
        self._http = http
        self._say = say

    def one(self) -> Node:
        return self.chance.choice(self.house.nodes)

    def count(self, what: str, whom: str) -> None:
        self.struck[what] += 1
        self._say(f"{what}: {whom}")

    def kill(self, node: Node) -> None:
        self.count("kill", node.name)
        node.kill()

    async def start(self, node: Node) -> None:
        await node.start(self._http, self.house.environment)

    async def wait_until_ready(self) -> None:
        """Whoever was not harmed must come back by itself; whoever ended is started."""
        await asyncio.gather(*map(self._bring_back, self.house.nodes))

    async def _bring_back(self, node: Node) -> None:
        if not await node.wait_until_ready(self._http):
            await self.start(node)

    async def raise_the_fallen(self) -> None:
        """Nobody ends by themselves, whatever was done to them before."""
        for node in self.house.nodes:
            if not node.is_running:
                self.violations.append(f"the {node.name} server ended by itself: {node.last_words}")
                await self.start(node)


class OfServers:
    def __init__(self, field: Field, *, long_stop: bool) -> None:
        """`long_stop`: whether there is time to stop one of them for a minute, once."""
        self._field = field
        self._may_stop_long = long_stop

    def choice(self) -> Choice:
        usual: Choice = [
            (self._kill_one, 10),
            (self._kill_both, 3),
            (self._kill_at_the_start, 2),
            (self._end_one, 2),
            (self._stop_one, 2),
        ]
        return [*usual, (self._stop_one_long, 1)] if self._may_stop_long else usual

    async def _kill_one(self) -> None:
        node = self._field.one()
        self._field.kill(node)
        await self._field.start(node)

    async def _kill_both(self) -> None:
        for node in self._field.house.nodes:
            self._field.kill(node)
        await self._field.wait_until_ready()

    async def _kill_at_the_start(self) -> None:
        """The one that is just coming up, too."""
        node = self._field.one()
        self._field.kill(node)
        starting = asyncio.create_task(self._field.start(node))
        await asyncio.sleep(self._field.chance.uniform(0, STARTUP_SECONDS_MAX))
        starting.cancel()
        await asyncio.gather(starting, return_exceptions=True)
        self._field.kill(node)
        await self._field.start(node)

    async def _end_one(self) -> None:
        """As an operator does who restarts it."""
        node = self._field.one()
        self._field.count("SIGTERM", node.name)
        if code := await node.stop():
            self._field.violations.append(f"the {node.name} server ended with {code} by SIGTERM")
        await self._field.start(node)

    async def _stop_one(self) -> None:
        await self._stop("SIGSTOP, seconds", self._field.chance.uniform(*STOP_SECONDS))

    async def _stop_one_long(self) -> None:
        self._may_stop_long = False
        await self._stop("SIGSTOP, 60 s", LONG_STOP_SECONDS)

    async def _stop(self, what: str, seconds: float) -> None:
        """It keeps what it holds: locks, leases, connections. The other one has to get along; and
        its leases run out while it sleeps, of which it knows nothing when it wakes up."""
        node = self._field.one()
        self._field.count(what, node.name)
        node.pause()
        try:
            await asyncio.sleep(seconds / 2)
            await self._field.house.let_time_pass()
            await asyncio.sleep(seconds / 2)
        finally:
            node.resume()
        await self._field.wait_until_ready()


class OfPostgres:
    """`recovered`: seconds from its start until both servers were ready."""

    def __init__(self, field: Field, postgres: PostgresServer) -> None:
        self._field = field
        self._postgres = postgres
        self.recovered: list[float] = []

    def choice(self) -> Choice:
        return [(self._kill, 5), (self._kill_everything, 2)]

    async def _kill(self) -> None:
        self._field.count(POSTGRES_KILLED, "with its backends")
        self._postgres.kill()
        await asyncio.sleep(self._field.chance.uniform(0, 1))
        began = time.monotonic()
        self._postgres.start_again()
        await self._field.wait_until_ready()
        self.recovered.append(time.monotonic() - began)

    async def _kill_everything(self) -> None:
        """As if the machine had stopped."""
        for node in self._field.house.nodes:
            self._field.kill(node)
        await self._kill()


class OfDisk:
    def __init__(self, field: Field, disk: Disk) -> None:
        self._field = field
        self._disk = disk

    def choice(self) -> Choice:
        return [(self._fill, 2), (self._fill_and_kill, 1)]

    async def _fill(self) -> None:
        await self._fill_and(lambda: None)

    async def _fill_and_kill(self) -> None:
        await self._fill_and(lambda: self._field.kill(self._field.one()))

    async def _fill_and(self, meanwhile: Callable[[], None]) -> None:
        self._field.count("disk full", "to the last byte")
        self._disk.fill()
        try:
            await asyncio.sleep(self._field.chance.uniform(*FULL_SECONDS))
            meanwhile()
        finally:
            self._disk.make_room()
        await self._field.wait_until_ready()


class Faults:
    """Strikes again and again."""

    def __init__(
        self,
        field: Field,
        *,
        postgres: PostgresServer | None,
        disk: Disk | None,
        long_stop: bool,
    ) -> None:
        self._field = field
        self._of_postgres = OfPostgres(field, postgres) if postgres else None
        of_disk = OfDisk(field, disk) if disk else None
        all_ = (OfServers(field, long_stop=long_stop), self._of_postgres, of_disk)
        self._kinds = [one for one in all_ if one is not None]

    @property
    def kills(self) -> int:
        return self._field.struck["kill"] + self._field.struck[POSTGRES_KILLED]

    @property
    def recovered(self) -> list[float]:
        return self._of_postgres.recovered if self._of_postgres else []

    async def strike(self) -> None:
        """Waits for a random moment, strikes, and waits until everybody is ready again."""
        await asyncio.sleep(self._field.chance.uniform(*CALM_SECONDS))
        await self._field.raise_the_fallen()
        choice = [one for kind in self._kinds for one in kind.choice()]
        acts, weights = zip(*choice, strict=True)
        await self._field.chance.choices(acts, weights)[0]()
