"""A server that hangs holds up nobody but itself."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from ipaddress import ip_network

import pytest

from handbill.infra.database import Database
from handbill.infra.outbound import Outbound
from handbill.kernel.clock import Clock, SystemClock
from handbill.webhooks.delivery import Deliveries
from handbill.webhooks.lanes import HOST_MAX
from handbill.webhooks.relay import relay
from tests.support.receivers import Heard, answer, receiving, silence
from tests.support.webhooks import CRYPTO, open_shop, record

pytestmark = pytest.mark.anyio


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


@pytest.mark.usefixtures("running")
async def test_a_healthy_server_is_told_at_once_while_others_hang(db: Database) -> None:
    over, told = asyncio.Event(), asyncio.Event()

    async def thanks(heard: Heard, writer: asyncio.StreamWriter) -> None:
        await answer()(heard, writer)
        told.set()

    hosts = tuple(f"127.0.1.{n}" for n in range(1, 6))
    async with receiving(silence(over), hosts) as hanging, receiving(thanks) as healthy:
        for host in hosts:
            shop = await open_shop(db, hanging.url(host=host))
            await asyncio.gather(*(record(db, shop.id) for _ in range(20)))
        async with asyncio.timeout(10):
            await hanging.has_heard(len(hosts) * HOST_MAX)

            good = await open_shop(db, healthy.url())
            await record(db, good.id)
            await told.wait()
        over.set()

    assert hanging.connections == len(hosts) * HOST_MAX
