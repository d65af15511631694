"""Servers that hang hold up nobody but themselves."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from ipaddress import ip_network

import pytest

from handbill.infra.database import Database
from handbill.infra.outbound import Outbound
from handbill.kernel.clock import Clock, SystemClock
from handbill.webhooks.delivery import Deliveries
from handbill.webhooks.lanes import FAIR_MAX, HOST_MAX
from handbill.webhooks.relay import relay
from tests.support.receivers import Receiver, answer, receiving, silence
from tests.support.webhooks import CRYPTO, open_shop, record

pytestmark = pytest.mark.anyio

FEW = tuple(f"127.0.1.{n}" for n in range(1, 6))
HUNDRED = tuple(f"127.0.1.{n}" for n in range(1, 101))


@pytest.fixture
def clock() -> Clock:
    """The worker runs by itself here, so time must pass."""
    return SystemClock()


@pytest.fixture
async def running(db: Database, clock: Clock) -> AsyncIterator[None]:
    """A process that delivers, as `bootstrap` starts it."""
    outbound = Outbound(guarded=True, networks=(ip_network("127.0.0.0/8"),))
    deliveries = Deliveries(db, outbound, CRYPTO, clock)
    tasks = [asyncio.create_task(deliveries.run()), asyncio.create_task(relay(db))]
    yield
    deliveries.stop()
    await outbound.close()
    await tasks[0]
    tasks[1].cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def load(db: Database, hanging: Receiver, hosts: tuple[str, ...], each: int) -> None:
    """Every host belongs to a merchant of its own, who has so much to be told."""

    async def one(host: str) -> None:
        shop = await open_shop(db, hanging.url(host=host))
        await asyncio.gather(*(record(db, shop.id) for _ in range(each)))

    await asyncio.gather(*(one(host) for host in hosts))


async def seconds_of(db: Database, shop_id: int, healthy: Receiver, count: int) -> list[float]:
    """How long each of `count` events takes to its server, one after the other; sorted."""
    taken = []
    for _ in range(count):
        began, heard = time.perf_counter(), len(healthy.heard)
        await record(db, shop_id)
        await healthy.has_heard(heard + 1)
        taken.append(time.perf_counter() - began)
    return sorted(taken)


@pytest.mark.usefixtures("running")
async def test_a_healthy_server_is_told_at_once_while_others_hang(db: Database) -> None:
    over = asyncio.Event()
    async with receiving(silence(over), FEW) as hanging, receiving(answer()) as healthy:
        await load(db, hanging, FEW, 20)
        async with asyncio.timeout(10):
            await hanging.has_heard(len(FEW) * HOST_MAX)
            good = await open_shop(db, healthy.url())
            await seconds_of(db, good.id, healthy, 1)
        over.set()

    assert hanging.connections == len(FEW) * HOST_MAX


@pytest.mark.usefixtures("running")
async def test_a_hundred_servers_begin_to_hang_and_none_waits_for_them(db: Database) -> None:
    """Nobody can know yet that they hang: that takes two seconds."""
    over = asyncio.Event()
    async with receiving(silence(over), HUNDRED) as hanging, receiving(answer()) as healthy:
        good = await open_shop(db, healthy.url())
        await load(db, hanging, HUNDRED, FAIR_MAX)
        async with asyncio.timeout(10):
            await hanging.has_heard(len(HUNDRED))
            taken = await seconds_of(db, good.id, healthy, 10)
        over.set()

    assert taken[len(taken) // 2] < 1.0


@pytest.mark.slow
@pytest.mark.usefixtures("running")
async def test_with_a_hundred_hanging_99_of_100_take_at_most_twice_as_long(db: Database) -> None:
    """Of several rounds the best counts: what disturbs the machine for a while meets one side."""
    over, ratios = asyncio.Event(), []
    async with receiving(answer()) as healthy:
        good = await open_shop(db, healthy.url())
        for _ in range(3):
            before = await seconds_of(db, good.id, healthy, 300)
            async with receiving(silence(over), HUNDRED) as hanging:
                await load(db, hanging, HUNDRED, 10)
                await hanging.has_heard(len(HUNDRED))
                during = await seconds_of(db, good.id, healthy, 300)
                over.set()
                await asyncio.sleep(0)
                over.clear()
            ratios.append(during[296] / before[296])

    assert min(ratios) <= 2.0, ratios
