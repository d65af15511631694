"""Several processes on one database at the same time."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path

import psycopg

from handbill.infra.database import Tx, open_database
from handbill.kernel.clock import SystemClock

ROOT = Path(__file__).parents[2]
MERCHANTS = 23
FUNCTIONS = 3_000
PURSES = """
CREATE TABLE purses (
    merchant_id BIGINT NOT NULL, side TEXT NOT NULL, amount BIGINT NOT NULL,
    PRIMARY KEY (merchant_id, side)
)
"""


def fill(url: str) -> None:
    def rows(tx: Tx) -> None:
        tx.run(PURSES)
        for merchant in range(1, MERCHANTS + 1):
            for side in ("left", "right"):
                tx.later("INSERT INTO purses VALUES (:m, :side, 0)", m=merchant, side=side)

    db = open_database(url, SystemClock())
    asyncio.run(db.write(rows))
    db.close()


def amounts(url: str) -> dict[str, int]:
    def look(tx: Tx) -> dict[str, int]:
        text = "SELECT SUM(amount) FROM purses WHERE side = :side"
        return {side: tx.value(text, side=side) for side in ("left", "right")}

    db = open_database(url, SystemClock())
    found = asyncio.run(db.read(look))
    db.close()
    return found


def start(url: str, direction: str) -> subprocess.Popen[str]:
    program = [sys.executable, "-m", "tests.support.moving", url]
    return subprocess.Popen(
        [*program, str(MERCHANTS), str(FUNCTIONS), direction],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_two_processes_that_write_crosswise_both_finish(empty_database_url: str):
    # Given
    fill(empty_database_url)

    # When two processes visit the same merchants in opposite directions
    processes = [start(empty_database_url, direction) for direction in ("up", "down")]
    said = [process.communicate(timeout=300) for process in processes]

    # Then each has all its answers, and every function had its effect once
    assert [out for out, _ in said] == [f"{FUNCTIONS}\n"] * 2, said
    assert amounts(empty_database_url) == {"left": -2 * FUNCTIONS, "right": 2 * FUNCTIONS}


def test_two_processes_on_postgres_never_deadlock(empty_postgres_url: str):
    # Given
    fill(empty_postgres_url)

    # When
    processes = [start(empty_postgres_url, direction) for direction in ("up", "down", "up")]
    for process in processes:
        _, errors = process.communicate(timeout=300)
        assert process.returncode == 0, errors

    # Then not one deadlock had to be resolved by the server
    with psycopg.connect(empty_postgres_url) as db:
        found = db.execute(
            "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"
        ).fetchone()
    assert found == (0,)
