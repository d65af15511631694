"""A process that moves amounts between the rows of merchants, each merchant a function of its own:
`python -m tests.support.moving URL MERCHANTS FUNCTIONS up|down`. Merchants are visited in that
order. Prints how many functions were answered."""

from __future__ import annotations

import asyncio
import sys

from handbill.infra.database import Database, Tx, open_database
from handbill.kernel.clock import SystemClock

MOVE = "UPDATE purses SET amount = amount + :by WHERE merchant_id = :merchant AND side = :side"
CALLERS = 64


def move(merchant: int):
    """Two rows of one merchant, one after the other."""

    def function(tx: Tx) -> None:
        tx.run(MOVE, by=-1, merchant=merchant, side="left")
        tx.run(MOVE, by=1, merchant=merchant, side="right")

    return function


async def call(db: Database, merchants: list[int]) -> None:
    for merchant in merchants:
        await db.write(move(merchant), merchant=merchant)


async def main(url: str, merchants: int, functions: int, direction: str) -> None:
    order = [n % merchants + 1 for n in range(functions)]
    if direction == "down":
        order.reverse()
    db = open_database(url, SystemClock())
    async with asyncio.TaskGroup() as callers:
        for first in range(CALLERS):
            callers.create_task(call(db, order[first::CALLERS]))
    db.close()
    sys.stdout.write(f"{functions}\n")


asyncio.run(main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]))
