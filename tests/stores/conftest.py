"""The givens of the store tests: a shop that sells, and a neighbour who must not see it."""

from __future__ import annotations

import pytest

from handbill.infra.database import Database
from handbill.kernel.clock import ManualClock
from tests.support.shop import Shop, open_shop


@pytest.fixture
async def shop(anyio_backend: str, db: Database, clock: ManualClock) -> Shop:
    return await open_shop(db, clock)


@pytest.fixture
async def neighbour(anyio_backend: str, db: Database, clock: ManualClock) -> Shop:
    return await open_shop(db, clock, name="Neighbour")
