"""A shop with a till that is open, and somebody behind it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from handbill.kernel.clock import ManualClock
from tests.support.cashier import Cashier, till_key
from tests.support.running import RunningHouse, running_house


@pytest.fixture
async def house(
    database_url: str, tmp_path: Path, clock: ManualClock
) -> AsyncIterator[RunningHouse]:
    async with running_house(database_url, tmp_path / "data", clock) as running:
        yield running


@pytest.fixture
async def cashier(house: RunningHouse) -> Cashier:
    cashier = Cashier(house)
    await cashier.sign_in(await till_key(house))
    return cashier
