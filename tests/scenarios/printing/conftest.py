"""Scenarios of printing: a house with a public address, and its press. On SQLite alone: what both
databases have to do with it, the tests of the stores say."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from handbill.kernel.clock import ManualClock
from tests.support.running import RunningHouse, running_house

PUBLIC = "https://pay.example.com"


@pytest.fixture
async def house(sqlite_url: str, tmp_path: Path, clock: ManualClock) -> AsyncIterator[RunningHouse]:
    async with running_house(sqlite_url, tmp_path / "data", clock, public_url=PUBLIC) as running:
        yield running


@pytest.fixture
async def house_at_home(
    sqlite_url: str, tmp_path: Path, clock: ManualClock
) -> AsyncIterator[RunningHouse]:
    """One whose address only this machine can open."""
    async with running_house(sqlite_url, tmp_path / "data", clock) as running:
        yield running
