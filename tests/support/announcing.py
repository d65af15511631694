"""A process that writes a note and announces it: `python -m tests.support.announcing URL TOPIC`."""

from __future__ import annotations

import asyncio
import sys

from handbill.infra.database import Tx, open_database
from handbill.kernel.clock import SystemClock


async def main(url: str, topic: str) -> None:
    def note(tx: Tx) -> None:
        tx.later("INSERT INTO notes (name) VALUES (:name)", name=topic)
        tx.announce(topic)

    db = open_database(url, SystemClock())
    await db.write(note)
    db.close()


asyncio.run(main(sys.argv[1], sys.argv[2]))
