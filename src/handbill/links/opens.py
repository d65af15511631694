"""How often pages of links were opened, summed in memory and stored every few seconds: a payer who
looks waits for no disk, and a thousand of them cost one write.

What a process has not stored when it is killed is lost: a few seconds of a figure that decides
nothing.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from contextlib import suppress

import structlog

from handbill.infra.database import Database, Tx
from handbill.kernel.clock import Clock
from handbill.kernel.errors import WriteUnknown
from handbill.links import store, traffic
from handbill.links.traffic import Way

STORE_SECONDS = 5.0
WAYS_MAX = 10_000
"""Of links and codes that wait to be stored: a few megabytes."""

log = structlog.get_logger()


class Opens:
    """Of one process. For the event loop alone."""

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock
        self._waiting: Counter[Way] = Counter()
        self._stopping = asyncio.Event()

    def count(self, link_id: str, code: str) -> None:
        """Somebody sees the page of a link. `code`: by which they came."""
        self._keep(Way(link_id, code, traffic.day_of(self._clock.now())), 1)

    async def store(self) -> None:
        """Everything that waits. What the database does not take goes on waiting; where nobody
        knows whether it took it, it is not counted a second time."""
        waiting, self._waiting = self._waiting, Counter()
        if not waiting:
            return
        try:
            owners = await self._db.read(lambda tx: _owners(tx, waiting))
        except Exception as error:
            self._take_back(waiting, error)
            return
        await asyncio.gather(
            *(self._store_of(merchant_id, opens) for merchant_id, opens in owners.items())
        )

    async def run(self) -> None:
        """Until `stop`, and then a last time."""
        while not self._stopping.is_set():
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), STORE_SECONDS)
            await self.store()

    def stop(self) -> None:
        self._stopping.set()

    async def _store_of(self, merchant_id: int, opens: Counter[Way]) -> None:
        try:
            await self._db.write(lambda tx: traffic.add_opens(tx, opens), merchant=merchant_id)
        except WriteUnknown as error:
            log.warning("opens_not_known", error=str(error))
        except Exception as error:
            self._take_back(opens, error)

    def _take_back(self, opens: Counter[Way], error: Exception) -> None:
        log.warning("opens_not_stored", error=repr(error))
        for way, count in opens.items():
            self._keep(way, count)

    def _keep(self, way: Way, count: int) -> None:
        if way in self._waiting or len(self._waiting) < WAYS_MAX:
            self._waiting[way] += count
        else:
            self._db.tallies.count("opens_lost", by=count)


def _owners(tx: Tx, opens: Counter[Way]) -> dict[int, Counter[Way]]:
    """By merchant, under whose lock they are stored."""
    merchants = store.merchants_of(tx, sorted({way.link_id for way in opens}))
    found: dict[int, Counter[Way]] = {}
    for way, count in opens.items():
        if way.link_id in merchants:
            found.setdefault(merchants[way.link_id], Counter())[way] = count
    return found
