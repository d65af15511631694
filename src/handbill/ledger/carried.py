"""Balances carried forward: every hundredth entry of a chain leaves the sums of all accounts. So
a balance at any moment reads a hundred entries at most, however long the books are.

They say nothing of their own: the audit adds the entries up and compares.
"""

from __future__ import annotations

import msgspec
from msgspec.structs import asdict

from handbill.infra.database import Tx
from handbill.kernel.clock import Instant
from handbill.ledger.model import Balance, Chain, Entry

STEP = 100
"""Of the sequence. The migration that made the table knows it too."""

_OF_CHAIN = "merchant_id = :merchant_id AND test = :test"
_SUMS = f"""
    SELECT account, currency, CAST(SUM(minor) AS BIGINT) AS minor FROM (
        SELECT account, currency, minor FROM ledger_carried
         WHERE {_OF_CHAIN} AND sequence = :carried
        UNION ALL
        SELECT p.account, p.currency,
               CASE p.side WHEN 'debit' THEN p.amount_minor ELSE -p.amount_minor END
          FROM ledger_entries e JOIN ledger_postings p ON p.entry_id = e.id
         WHERE {_OF_CHAIN} AND sealed AND sequence > :carried AND sequence <= :through
    ) AS moved GROUP BY account, currency
"""


class Carried(msgspec.Struct, frozen=True):
    """The sum of an account after the entry `sequence`, which was posted at `posted_at`."""

    sequence: int
    posted_at: Instant
    account: str
    currency: str
    minor: int


def carry(tx: Tx, entry: Entry) -> None:
    """To be called for every entry, after it was written."""
    if entry.sequence % STEP:
        return
    tx.later(
        "INSERT INTO ledger_carried (merchant_id, test, sequence, posted_at, account, currency,"
        " minor) SELECT :merchant_id, :test, :through, :posted_at, account, currency, minor"
        f" FROM ({_SUMS}) AS sums",
        **asdict(Chain(entry.merchant_id, entry.test)),
        carried=entry.sequence - STEP,
        through=entry.sequence,
        posted_at=entry.posted_at,
    )


def balances(tx: Tx, chain: Chain, through: int) -> list[Balance]:
    """Debits less credits of every account, by the entries up to the sequence `through`."""
    return tx.all(
        Balance,
        f"{_SUMS} ORDER BY account, currency",
        **asdict(chain),
        carried=through - through % STEP,
        through=through,
    )


def between(tx: Tx, chain: Chain, after: int, through: int) -> list[Carried]:
    """What was carried by the entries beyond `after` and up to `through`."""
    return tx.all(
        Carried,
        "SELECT sequence, posted_at, account, currency, minor FROM ledger_carried"
        f" WHERE {_OF_CHAIN} AND sequence > :after AND sequence <= :through",
        **asdict(chain),
        after=after,
        through=through,
    )


def next_from(tx: Tx, chain: Chain, at: Instant) -> int | None:
    """The first sequence with carried balances that was posted at `at` or later."""
    found = tx.value(
        f"SELECT MIN(sequence) FROM ledger_carried WHERE {_OF_CHAIN} AND posted_at >= :at",
        **asdict(chain),
        at=at,
    )
    return None if found is None else int(found)
