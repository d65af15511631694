"""The specification's own commands, typed at a running house on both databases."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from handbill.kernel.clock import ManualClock
from tests.scenarios.seed.terminal import Terminal
from tests.support.running import RunningHouse, running_house


@pytest.fixture
async def house(
    database_url: str, tmp_path: Path, clock: ManualClock
) -> AsyncIterator[RunningHouse]:
    async with running_house(database_url, tmp_path / "data", clock) as running:
        yield running


@pytest.fixture
def terminal(house: RunningHouse, tmp_path: Path) -> Terminal:
    """In a folder where `photo.jpg` can be put."""
    return Terminal(house.client(), house.url, house.merchant.api_keys["test"], tmp_path)
