"""A shop whose dashboard is open, and somebody before it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from handbill.kernel.clock import ManualClock
from tests.support.clerk import Clerk, dashboard_key
from tests.support.running import RunningHouse, running_house


@pytest.fixture
async def house(
    database_url: str, tmp_path: Path, clock: ManualClock
) -> AsyncIterator[RunningHouse]:
    async with running_house(database_url, tmp_path / "data", clock) as running:
        yield running


@pytest.fixture
async def clerk(house: RunningHouse) -> Clerk:
    clerk = Clerk(house)
    await clerk.sign_in(await dashboard_key(house))
    return clerk
