"""The newest entries of the books at a look, for those who watch the house.

Asked again and again, so it is bounded; `audit.verify` reads all of the books."""

from __future__ import annotations

import msgspec

from handbill.infra.database import Tx

ENTRIES_MAX = 1_000

_NEWEST = "(SELECT id, sealed FROM ledger_entries ORDER BY id DESC LIMIT :limit)"


class Glance(msgspec.Struct, frozen=True):
    """How much the entries are out of balance, and how many were left open. Both must be 0."""

    imbalance_minor: int
    unsealed: int


def look(tx: Tx) -> Glance:
    imbalance = tx.value(
        "SELECT COALESCE(SUM(ABS(balance)), 0) FROM (SELECT SUM(CASE side WHEN 'debit'"
        " THEN amount_minor ELSE -amount_minor END) AS balance FROM ledger_postings"
        f" WHERE entry_id IN (SELECT id FROM {_NEWEST} AS newest)"
        " GROUP BY entry_id, currency) AS balances",
        limit=ENTRIES_MAX,
    )
    unsealed = tx.value(
        f"SELECT COUNT(*) FROM {_NEWEST} AS newest WHERE NOT sealed", limit=ENTRIES_MAX
    )
    return Glance(int(imbalance), unsealed)
