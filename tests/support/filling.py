"""A process that writes until its disk is full, is given space, and writes on:
`python -m tests.support.filling FOLDER pages|disk`. Ends with 0 when all it was told is true.

`disk`: FOLDER is a small file system, and a ballast file in it is what is given back.
`pages`: the database's own bound stands for the disk.
"""

from __future__ import annotations

import asyncio
import itertools
import sqlite3
import sys
from pathlib import Path

import msgspec

from handbill.infra.database import Database, Tx, open_database
from handbill.kernel.clock import SystemClock
from handbill.kernel.errors import StorageFull

CALLERS = 16
BODY = "x" * 2_000
BALLAST_BYTES = 300_000
NUMBERS = itertools.count(1)


class Row(msgspec.Struct):
    name: str


class Told:
    """What the callers were told about their rows."""

    def __init__(self) -> None:
        self.written: set[str] = set()
        self.refused: set[str] = set()


def add(name: str):
    return lambda tx: tx.run("INSERT INTO notes VALUES (:name, :body)", name=name, body=BODY)


async def write_until_full(db: Database, told: Told) -> None:
    while True:
        name = f"row {next(NUMBERS)}"
        try:
            await db.write(add(name))
        except StorageFull:
            told.refused.add(name)
            return
        told.written.add(name)


async def write_on(db: Database, told: Told) -> None:
    for number in range(20):
        await db.write(add(f"afterwards {number}"))
        told.written.add(f"afterwards {number}")


def stored(tx: Tx) -> set[str]:
    return {row.name for row in tx.all(Row, "SELECT name FROM notes")}


async def main(folder: Path, kind: str) -> None:
    ballast = folder / "ballast"
    ballast.write_bytes(b"x" * BALLAST_BYTES)
    file = folder / "full.db"
    db = open_database(f"sqlite:///{file}", SystemClock())
    await db.write(lambda tx: tx.run("CREATE TABLE notes (name TEXT PRIMARY KEY, body TEXT)"))
    if kind == "pages":
        await db.write(lambda tx: tx.value("PRAGMA max_page_count = 100"))
    told = Told()
    for _ in range(3):  # full is full: asking again changes nothing
        await asyncio.gather(*(write_until_full(db, told) for _ in range(CALLERS)))
        assert await db.read(stored) == told.written
    assert told.refused, "the disk was never full"
    ballast.unlink()
    if kind == "pages":
        await db.write(lambda tx: tx.value("PRAGMA max_page_count = 10000"))
    await write_on(db, told)
    assert await db.read(stored) == told.written
    db.close()
    check = sqlite3.connect(file)
    assert check.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    check.close()


asyncio.run(main(Path(sys.argv[1]), sys.argv[2]))
