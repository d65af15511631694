"""One run: an installation is set up, tortured, left in peace until it has finished, and judged."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import aiohttp
import msgspec

from bench.pgbench import DURABLE
from tests.support.postgres import PostgresServer, start_server
from torture import evidence, verdict
from torture.disk import Disk
from torture.faults import Faults, Field
from torture.installation import Installation
from torture.journal import Journal
from torture.judges import Judges
from torture.load import Load
from torture.peace import wait_for_peace
from torture.receiver import Receiver
from torture.report import Report

DATABASES = ("sqlite", "postgresql")
NOTE_EVERY = 20


class Plan(msgspec.Struct, frozen=True):
    """Ends at `kills` or after `seconds`, whichever comes first. `patience`: how many seconds of
    peace are enough to finish everything. `environment` is the servers': how a seeded bug gets in.
    `place`, an empty folder, and `has_small_disk` are filled in by `once`."""

    database: str
    seed: int
    seconds: float
    kills: int = 1_000_000
    patience: float = 180
    environment: dict[str, str] = {}
    has_long_stop: bool = False
    place: str = ""
    has_small_disk: bool = False

    @property
    def folder(self) -> Path:
        return Path(self.place)

    @property
    def data(self) -> Path:
        return self.folder / "data"

    @property
    def report(self) -> Path:
        return self.folder / "report.json"


class Scene(msgspec.Struct, frozen=True):
    """Where it happens."""

    house: Installation
    postgres: PostgresServer | None = None
    disk: Disk | None = None


async def torture(plan: Plan, say: Callable[[str], None]) -> Report:
    with _scene(plan) as scene:
        async with aiohttp.ClientSession() as http:
            run = Run(plan, scene, http, say)
            await run.receiver.open()
            try:
                return await run.to_the_end()
            finally:
                await run.receiver.close()


class Run:
    """Everybody who takes part."""

    def __init__(
        self, plan: Plan, scene: Scene, http: aiohttp.ClientSession, say: Callable[[str], None]
    ) -> None:
        self._plan = plan
        self._http = http
        self._say = say
        self._house = scene.house
        self._journal = Journal()
        self.receiver = Receiver(plan.seed)
        self._judges = Judges(scene.house, plan.folder)
        self._field = Field(scene.house, http, random.Random(plan.seed), say)
        self._faults = Faults(
            self._field,
            postgres=scene.postgres,
            disk=scene.disk,
            long_stop=plan.has_long_stop,
        )

    async def to_the_end(self) -> Report:
        began = time.monotonic()
        words = await self._house.start(self._http)
        self.receiver.own.secret = words.webhook_secret
        urls = [node.url for node in self._house.nodes]
        load = Load(self._journal, self.receiver, urls, words.test_key, self._plan.seed)
        try:
            await load.start()
            await self._storm()
            self._say("peace, until everything is done")
            await self._house.let_time_pass()
            await load.stop()
        finally:
            await load.close()
        unfinished = await wait_for_peace(self._house, self._plan.patience)
        asked = {wish.of for wish in self._journal.refunds.values()}
        found = await evidence.gather(self._house, self._http, words.test_key, asked)
        codes = await self._house.stop()
        violations = [
            *self._field.violations,
            *self.receiver.own.faults,
            *self.receiver.endpoint.faults,
            *(f"unfinished after {self._plan.patience} s: {one}" for one in unfinished),
            *(f"a server ended with {code} after SIGTERM" for code in codes if code),
            *verdict.judge(
                self._journal, found, self.receiver.own.taken, self.receiver.endpoint.taken
            ),
            *await self._judges.violations(),
        ]
        return self._report(time.monotonic() - began, violations)

    async def _storm(self) -> None:
        until, strikes = time.monotonic() + self._plan.seconds, 0
        while time.monotonic() < until and self._faults.kills < self._plan.kills:
            await self._faults.strike()
            strikes += 1
            if strikes % NOTE_EVERY == 0:
                await self._judges.note_books()

    def _report(self, seconds: float, violations: list[str]) -> Report:
        nodes, journal = self._house.nodes, self._journal
        inboxes = (self.receiver.own, self.receiver.endpoint)
        webhooks = sum(len(inbox.taken) for inbox in inboxes)
        return Report(
            database=self._plan.database,
            seed=self._plan.seed,
            seconds=seconds,
            struck=dict(self._field.struck),
            acknowledged=journal.acknowledged(),
            unknown=journal.unknown(),
            answers=dict(journal.answers),
            webhooks=webhooks,
            webhooks_again=sum(inbox.times for inbox in inboxes) - webhooks,
            leases_lost=sum(node.count_logged("lease_lost") for node in nodes),
            heads=len(self._judges.noted),
            ready=[seconds for node in nodes for seconds in node.starts],
            recovered=self._faults.recovered,
            violations=violations,
        )


@contextmanager
def _scene(plan: Plan) -> Iterator[Scene]:
    if plan.database == "sqlite":
        house = Installation(plan.data, f"sqlite:///{plan.data}/handbill.db", plan.environment)
        with closing(house):
            yield Scene(house, disk=Disk(plan.data) if plan.has_small_disk else None)
        return
    server = start_server(DURABLE, parent=plan.folder)
    try:
        house = Installation(plan.data, server.create("handbill"), plan.environment)
        with closing(house):
            yield Scene(house, postgres=server)
    finally:
        server.stop()
