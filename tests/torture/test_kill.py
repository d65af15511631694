"""An answered write is on the disk: a writing process is killed, and nothing it acknowledged is
missing. Half a function does not exist either: a note and its event come together or not at all."""

from __future__ import annotations

import asyncio
import random
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from handbill.infra.database import Tx, open_database
from handbill.kernel.clock import SystemClock

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
KILLS = 20
ACKNOWLEDGED_MAX = 1_500
SEED = 20_260_301


class Row(msgspec.Struct):
    name: str


def make_tables(url: str) -> None:
    def tables(tx: Tx) -> None:
        tx.run("CREATE TABLE notes (name TEXT PRIMARY KEY)")
        tx.run("CREATE TABLE events (name TEXT PRIMARY KEY)")

    db = open_database(url, SystemClock())
    asyncio.run(db.write(tables))
    db.close()


def write_until_killed(url: str, number: int, lines: int) -> set[str]:
    """Kills the process at its `lines`th acknowledgement. Gives all that it made."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.support.acknowledging", url, str(number)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    heard = [process.stdout.readline() for _ in range(lines)]
    process.send_signal(signal.SIGKILL)
    heard += process.stdout.readlines()
    process.stdout.close()
    assert process.wait(timeout=60) == -signal.SIGKILL
    return {line.strip() for line in heard if line.endswith("\n")}


def stored(url: str) -> tuple[set[str], set[str]]:
    def look(tx: Tx) -> tuple[set[str], set[str]]:
        notes, events = (tx.all(Row, f"SELECT name FROM {table}") for table in ("notes", "events"))
        return {row.name for row in notes}, {row.name for row in events}

    db = open_database(url, SystemClock())
    found = asyncio.run(db.read(look))
    db.close()
    return found


def test_nothing_acknowledged_is_lost_when_the_process_is_killed(empty_database_url: str):
    # Given
    make_tables(empty_database_url)
    moments = random.Random(SEED)
    acknowledged: set[str] = set()

    for number in range(KILLS):
        # When it dies under load, refusals and undone batches included
        lines = moments.randint(1, ACKNOWLEDGED_MAX)
        acknowledged |= write_until_killed(empty_database_url, number, lines)

        # Then
        notes, events = stored(empty_database_url)
        assert acknowledged <= notes
        assert notes == events
        assert "refused" not in notes
        if empty_database_url.startswith("sqlite"):
            check_integrity(empty_database_url)
    assert len(acknowledged) > KILLS * 100


def check_integrity(url: str) -> None:
    db = sqlite3.connect(url.removeprefix("sqlite:///"))
    assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    db.close()
