"""The short form of `bin/torture`: a hundred times a server is killed under load, and whatever was
acknowledged is there afterwards, once."""

from __future__ import annotations

import pytest

from torture import once
from torture.report import table
from torture.run import Plan

pytestmark = pytest.mark.slow

KILLS = {"sqlite": 60, "postgresql": 40}
SECONDS_MAX = 900
SEED = 20_260_304


@pytest.mark.parametrize("database", KILLS)
def test_whatever_two_servers_acknowledge_is_there_once_however_they_are_killed(
    database: str,
) -> None:
    report = once.run(Plan(database, SEED, SECONDS_MAX, kills=KILLS[database]))

    assert report.violations == [], table(report)
    assert report.kills >= KILLS[database]
    assert all(report.acknowledged.values()), table(report)
    assert sum(report.acknowledged.values()) > 10 * report.kills, table(report)
