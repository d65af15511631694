"""Opens are summed in memory and stored together; a database that fails loses none."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, TypeVar

import pytest

from handbill.infra.database import Database, Tx
from handbill.kernel.clock import Clock
from handbill.kernel.errors import Unavailable, WriteUnknown
from handbill.links import opens, traffic
from handbill.links.model import Link
from handbill.links.opens import Opens
from tests.support.shop import Shop

pytestmark = pytest.mark.anyio

T = TypeVar("T")


class Failing(Database):
    """Raises what it is told to in place of writing, or after it."""

    def __init__(self, db: Database, clock: Clock) -> None:
        super().__init__(db.backend, clock)
        self.before: Exception | None = None
        self.after: Exception | None = None
        self.deaf = False

    async def read(self, fn: Callable[[Tx], T]) -> T:
        if self.deaf:
            raise Unavailable("The database does not answer.")
        return await super().read(fn)

    async def write(self, fn: Callable[[Tx], T], *, merchant: int | None = None) -> T:
        if self.before is not None:
            raise self.before
        done = await super().write(fn, merchant=merchant)
        if self.after is not None:
            raise self.after
        return done


@pytest.fixture
async def db(anyio_backend: str, db: Database, clock: Clock) -> Any:
    failing = Failing(db, clock)
    yield failing
    failing.close()


async def stored(shop: Shop, link: Link) -> int:
    return (await shop.db.read(lambda tx: traffic.totals(tx, link.id, [link.code])))[
        link.code
    ].opens


async def test_many_opens_are_one_write(shop: Shop) -> None:
    link, other = await shop.link(), await shop.link()
    counting = Opens(shop.db, shop.clock)
    for _ in range(1_000):
        counting.count(link.id, link.code)
    counting.count(other.id, other.code)
    before = shop.db.tallies.of("committed_writes")[()]

    await counting.store()
    await counting.store()

    assert shop.db.tallies.of("committed_writes")[()] == before + 1
    assert (await stored(shop, link), await stored(shop, other)) == (1_000, 1)


async def test_what_the_database_does_not_take_waits(shop: Shop) -> None:
    link = await shop.link()
    assert isinstance(shop.db, Failing)
    counting = Opens(shop.db, shop.clock)
    counting.count(link.id, link.code)
    shop.db.before = Unavailable("The disk is full.")
    await counting.store()
    counting.count(link.id, link.code)
    shop.db.before, shop.db.deaf = None, True
    await counting.store()
    shop.db.deaf = False

    await counting.store()

    assert await stored(shop, link) == 2


async def test_what_may_have_been_taken_is_not_counted_twice(shop: Shop) -> None:
    link = await shop.link()
    assert isinstance(shop.db, Failing)
    counting = Opens(shop.db, shop.clock)
    counting.count(link.id, link.code)
    shop.db.after = WriteUnknown("The write was sent.")
    await counting.store()
    shop.db.after = None
    await counting.store()
    assert await stored(shop, link) == 1


async def test_memory_is_bounded_and_what_is_known_goes_on_counting(shop: Shop) -> None:
    link = await shop.link()
    counting = Opens(shop.db, shop.clock)
    for number in range(opens.WAYS_MAX + 5):
        counting.count(link.id, f"{number:010}")
    counting.count(link.id, "0000000000")
    await counting.store()

    totals = await shop.db.read(lambda tx: traffic.totals(tx, link.id, ["0000000000"]))
    assert totals["0000000000"].opens == 2
    assert shop.db.tallies.of("opens_lost")[()] == 5


async def test_the_last_of_them_are_stored_at_the_end(shop: Shop) -> None:
    link = await shop.link()
    counting = Opens(shop.db, shop.clock)
    running = asyncio.create_task(counting.run())
    await asyncio.sleep(0)
    counting.count(link.id, link.code)
    counting.stop()
    await running
    assert await stored(shop, link) == 1
