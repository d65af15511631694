"""What is erased from a SQLite file is in none of its bytes: not in pages that were freed, split or
joined since, and not in the write-ahead log."""

from __future__ import annotations

import random
import sqlite3
from contextlib import closing
from functools import partial
from pathlib import Path

import pytest

from handbill.infra.database import Database, Tx
from handbill.infra.database.sqlite import SqliteBackend
from handbill.kernel.clock import ManualClock

pytestmark = pytest.mark.anyio

ROWS = 2_000
BATCH = 100
MARK = "planted"


def fill(tx: Tx, names: list[int], rng: random.Random) -> None:
    """Short rows and rows of several pages, and neighbours that come and go."""
    for name in names:
        text = f"{MARK} {name} " + "x" * rng.choice((0, 30, 300, 3_000, 9_000))
        tx.run("INSERT INTO people VALUES (:name, :text)", name=str(name), text=text)
        tx.run("INSERT INTO people VALUES (:name, 'another')", name=f"{rng.random()}")


def erase(tx: Tx, names: list[int], rng: random.Random) -> None:
    change = rng.choice(("UPDATE people SET text = NULL", "DELETE FROM people"))
    tx.run(f"{change} WHERE name IN :names", names=[str(name) for name in names])


async def lived_in(sqlite_url: str, clock: ManualClock, **options: int) -> Database:
    """A database in which everybody was, and from which everybody was erased, in any order."""
    db = Database(SqliteBackend(path_of(sqlite_url), **options), clock)
    rng, names = random.Random(7), list(range(ROWS))
    await db.write(lambda tx: tx.run("CREATE TABLE people (name TEXT PRIMARY KEY, text TEXT)"))
    for step in (fill, erase):
        for first in range(0, ROWS, BATCH):
            some = names[first : first + BATCH]
            await db.write(partial(step, names=some, rng=rng))
        rng.shuffle(names)
    return db


def path_of(sqlite_url: str) -> Path:
    return Path(sqlite_url.removeprefix("sqlite:///"))


def copies(sqlite_url: str) -> int:
    """In the file, its log and whatever else is beside it."""
    folder = path_of(sqlite_url).parent
    return sum(path.read_bytes().count(MARK.encode()) for path in folder.glob("handbill.db*"))


async def test_nothing_of_what_was_erased_is_left_in_the_file(
    sqlite_url: str, clock: ManualClock
) -> None:
    db = await lived_in(sqlite_url, clock)

    assert await db.scrub()

    assert copies(sqlite_url) == 0
    db.close()


async def test_a_large_file_is_not_written_anew_and_keeps_hardly_anything(
    sqlite_url: str, clock: ManualClock
) -> None:
    """Zeros were written over all but the copies that stayed when a page was split or joined."""
    db = await lived_in(sqlite_url, clock, scrub_bytes_max=1)
    before = path_of(sqlite_url).stat().st_size

    assert not await db.scrub()

    assert copies(sqlite_url) <= ROWS // 100
    assert path_of(sqlite_url).stat().st_size >= before
    db.close()


async def test_who_reads_meanwhile_is_waited_for_and_told_of(
    sqlite_url: str, clock: ManualClock
) -> None:
    path = path_of(sqlite_url)
    db = Database(SqliteBackend(path, wait_seconds=0.05), clock)
    with closing(sqlite3.connect(path, isolation_level=None)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT COUNT(*) FROM merchants").fetchone()
        await db.write(lambda tx: tx.run("CREATE TABLE people (text TEXT)"))

        assert not await db.scrub()

    assert await db.scrub()
    db.close()
