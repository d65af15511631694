"""A process that writes until it is killed, and acknowledges each row on stdout once its write was
answered: `python -m tests.support.acknowledging URL ROUND`. Every third function is refused, some
after a write, so that batches are undone and run again all the time."""

from __future__ import annotations

import asyncio
import os
import sys

from handbill.infra.database import Database, Tx, open_database
from handbill.kernel.clock import SystemClock
from handbill.kernel.errors import Conflict

CALLERS = 48


def store(tx: Tx, names: list[str]) -> None:
    for name in names:
        tx.later("INSERT INTO events (name) VALUES (:name)", name=name)


def note(name: str):
    def function(tx: Tx) -> None:
        tx.later("INSERT INTO notes (name) VALUES (:name)", name=name)
        tx.gather(store, name)

    return function


def refuse(number: int):
    def function(tx: Tx) -> None:
        if number % 30 == 0:
            note("refused")(tx)
            tx.value("SELECT COUNT(*) FROM notes WHERE name = 'refused'")
        raise Conflict("refused")

    return function


async def call(db: Database, round: str, caller: int) -> None:
    number = 0
    while True:
        number += 1
        name = f"{round}-{caller}-{number}"
        await db.write(note(name), merchant=caller % 7 + 1)
        os.write(sys.stdout.fileno(), f"{name}\n".encode())
        if number % 3 == 0:
            try:
                await db.write(refuse(number))
            except Conflict:
                continue


async def main(url: str, round: str) -> None:
    db = open_database(url, SystemClock())
    async with asyncio.TaskGroup() as callers:
        for caller in range(CALLERS):
            callers.create_task(call(db, round, caller))


asyncio.run(main(sys.argv[1], sys.argv[2]))
