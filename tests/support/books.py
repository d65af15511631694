"""The books after a load or a crash, before two judges: our own audit, and hledger, which is not
ours. What was in them before must still be there, so a test that looks again hands back the heads
that it got."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
from collections.abc import Mapping

from handbill.infra.database import Database, Tx, open_database
from handbill.kernel.clock import SystemClock
from handbill.ledger import audit, book, journal
from handbill.ledger.book import Head
from handbill.ledger.model import Chain

HLEDGER_SECONDS = 120

Heads = dict[Chain, Head]


async def judge_books(db: Database, before: Mapping[Chain, Head] | None = None) -> Heads:
    """Fails unless both judges are content. Gives the heads of all chains."""

    def read(tx: Tx) -> tuple[list[audit.Finding], str, Heads]:
        heads = {chain: book.head(tx, chain.merchant_id, chain.test) for chain in book.chains(tx)}
        return audit.verify(tx, before), "\n".join(journal.write(tx)) + "\n", heads

    findings, exported, heads = await db.read(read)
    assert findings == []
    assert hledger_complains(exported) == ""
    return heads


def judge_books_at(url: str, before: Mapping[Chain, Head] | None = None) -> Heads:
    """The same for a database by its URL, beside the server that uses it or after its end."""

    async def look() -> Heads:
        db = open_database(url, SystemClock())
        try:
            return await judge_books(db, before)
        finally:
            db.close()

    return asyncio.run(look())


def hledger_complains(exported: str) -> str:
    """What `hledger check --strict` says against an export; nothing where it is content."""
    judge = shutil.which("hledger")
    assert judge is not None, "hledger is missing: bin/test brings it"
    done = subprocess.run(
        [judge, "check", "--strict", "-f", "-"],
        input=exported,
        capture_output=True,
        text=True,
        timeout=HLEDGER_SECONDS,
    )
    return done.stderr if done.returncode else ""
