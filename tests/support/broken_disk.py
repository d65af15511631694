"""A process whose disk answers EIO to the second flush. Writes what was acknowledged to stdout."""

from __future__ import annotations

import asyncio
import sqlite3
import sys

from handbill.infra.database import Database
from handbill.infra.database.backend import Connection
from handbill.infra.database.database import open_backend
from handbill.kernel.clock import SystemClock
from tests.support.batches import Watched


def answer_eio(connection: Connection) -> None:
    error = sqlite3.OperationalError("disk I/O error")
    error.sqlite_errorcode = sqlite3.SQLITE_IOERR_FSYNC
    raise error


def say(word: str) -> None:
    sys.stdout.write(f"{word}\n")
    sys.stdout.flush()


async def main(url: str) -> None:
    backend = Watched(open_backend(url))
    db = Database(backend, SystemClock())
    await db.write(lambda tx: tx.run("CREATE TABLE notes (name TEXT)"))
    say("first")
    backend.before_commit = answer_eio
    try:
        await db.write(lambda tx: tx.run("INSERT INTO notes (name) VALUES ('lost')"))
    finally:
        say("second")


asyncio.run(main(sys.argv[1]))
