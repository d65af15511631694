"""The bench that every case of the conformance table stands on, one for each adapter."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from starlette.applications import Starlette
from starlette.routing import Mount

from acquirer_sandbox import create_app
from acquirer_sandbox.shops import open_shop
from handbill.infra.database import Database
from handbill.infra.outbound import Outbound
from handbill.kernel.clock import ManualClock
from handbill.providers import sandbox
from tests.providers.bench import Bench, SandboxBench, TransferBench
from tests.providers.loopback import free_socket, serve, url_of


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """An adapter does not see the acquirer's database. The sandbox's own tests run on both."""
    return sqlite_url


@pytest.fixture
async def outbound() -> AsyncIterator[Outbound]:
    client = Outbound(guarded=False)
    yield client
    await client.close()


@pytest.fixture
async def sandbox_bench(
    db: Database, clock: ManualClock, outbound: Outbound
) -> AsyncIterator[SandboxBench]:
    bound = free_socket()
    base_url = f"{url_of(bound)}/sandbox"
    shop = await db.write(lambda tx: open_shop(tx, "Coffee House"))
    bench = SandboxBench(
        db,
        clock,
        outbound,
        {
            "base_url": base_url,
            "secret_key": shop.secret_key,
            "notification_secret": shop.notification_secret,
        },
        lambda credentials: sandbox.open(credentials, outbound, clock),
    )
    bench.notification_url = f"{url_of(bound)}/notifications/sandbox/account"
    # One server for both keeps the tests quick; they still meet over HTTP alone.
    house = Starlette(
        routes=[
            Mount("/sandbox", create_app(db, base_url)),
            Mount("/notifications", bench.mailbox.app),
        ]
    )
    async with serve(house, bound):
        yield bench


@pytest.fixture
def transfer_bench(clock: ManualClock) -> TransferBench:
    return TransferBench(clock)


@pytest.fixture(params=["sandbox"])
def bench(request: pytest.FixtureRequest) -> Bench:
    """Every adapter whose acquirer tells what became of a payment, in turn."""
    found: Bench = request.getfixturevalue(f"{request.param}_bench")
    assert found.provider.capabilities.tells
    return found


@pytest.fixture(params=["transfer"])
def silent_bench(request: pytest.FixtureRequest) -> Bench:
    """Every other adapter in turn."""
    found: Bench = request.getfixturevalue(f"{request.param}_bench")
    assert not found.provider.capabilities.tells
    return found


@pytest.fixture(params=["sandbox", "transfer"])
def every_bench(request: pytest.FixtureRequest) -> Bench:
    """Every adapter in turn, for what holds of all of them."""
    found: Bench = request.getfixturevalue(f"{request.param}_bench")
    return found
