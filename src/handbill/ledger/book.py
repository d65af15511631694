"""The only writer of postings, and the reader of what it wrote.

Entries of a merchant and mode form a chain: each holds the hash of the one before it. The caller's
write holds the merchant's lock, so two entries never follow the same one.
"""

from __future__ import annotations

import msgspec

from handbill.infra.database import Tx
from handbill.kernel import ids
from handbill.kernel.clock import Instant
from handbill.kernel.money import Money
from handbill.ledger.model import GENESIS, Balance, Chain, Draft, Entry, Posting, Side, hash_of

PAGE = 1_000


class Head(msgspec.Struct, frozen=True):
    """The end of a chain. Who has noted it can tell later whether anything before it changed."""

    sequence: int
    hash: str


class _Row(msgspec.Struct, frozen=True):
    id: str
    merchant_id: int
    test: bool
    sequence: int
    reason: str
    reference: str
    posted_at: Instant
    previous_hash: str
    hash: str


class _Line(msgspec.Struct, frozen=True):
    entry_id: str
    account: str
    side: Side
    amount_minor: int
    currency: str


def post(tx: Tx, draft: Draft) -> Entry | None:
    """Posts a fact once: None where its reason and reference are in the books already."""
    known = tx.value(
        "SELECT 1 FROM ledger_entries WHERE reason = :reason AND reference = :reference",
        reason=draft.reason,
        reference=draft.reference,
    )
    if known:
        return None
    before = head(tx, draft.merchant_id, draft.test)
    entry = Entry(
        id=ids.new_id(tx.now),
        merchant_id=draft.merchant_id,
        test=draft.test,
        sequence=before.sequence + 1,
        reason=draft.reason,
        reference=draft.reference,
        posted_at=tx.now,
        previous_hash=before.hash,
        hash="",
        postings=draft.postings,
    )
    entry = msgspec.structs.replace(entry, hash=hash_of(entry))
    _store(tx, entry)
    return entry


def head(tx: Tx, merchant_id: int, test: bool) -> Head:
    """Of an empty chain: sequence 0."""
    found = tx.find(
        Head,
        "SELECT sequence, hash FROM ledger_entries WHERE merchant_id = :merchant_id"
        " AND test = :test ORDER BY sequence DESC LIMIT 1",
        merchant_id=merchant_id,
        test=test,
    )
    return found or Head(0, GENESIS)


def entries(tx: Tx, chain: Chain, after: int, limit: int = PAGE) -> list[Entry]:
    """Beyond the sequence `after`, in order, with their postings."""
    rows = tx.all(
        _Row,
        "SELECT id, merchant_id, test, sequence, reason, reference, posted_at, previous_hash, hash"
        " FROM ledger_entries WHERE merchant_id = :merchant_id AND test = :test AND sealed"
        " AND sequence > :after ORDER BY sequence LIMIT :limit",
        merchant_id=chain.merchant_id,
        test=chain.test,
        after=after,
        limit=limit,
    )
    lines: dict[str, list[Posting]] = {row.id: [] for row in rows}
    for line in _lines(tx, list(lines)):
        posting = Posting(line.account, line.side, Money(line.amount_minor, line.currency))
        lines[line.entry_id].append(posting)
    return [Entry(**msgspec.structs.asdict(row), postings=tuple(lines[row.id])) for row in rows]


def balances(tx: Tx, chain: Chain) -> list[Balance]:
    """Debits less credits of every account."""
    return tx.all(
        Balance,
        "SELECT p.account, p.currency, CAST(SUM(CASE p.side WHEN 'debit' THEN p.amount_minor"
        " ELSE -p.amount_minor END) AS BIGINT) AS minor FROM ledger_postings p"
        " JOIN ledger_entries e ON e.id = p.entry_id WHERE e.merchant_id = :merchant_id"
        " AND e.test = :test AND e.sealed GROUP BY p.account, p.currency"
        " ORDER BY p.account, p.currency",
        merchant_id=chain.merchant_id,
        test=chain.test,
    )


def chains(tx: Tx) -> list[Chain]:
    """Every chain that has an entry."""
    return tx.all(
        Chain, "SELECT DISTINCT merchant_id, test FROM ledger_entries ORDER BY merchant_id, test"
    )


def _lines(tx: Tx, entry_ids: list[str]) -> list[_Line]:
    if not entry_ids:
        return []
    return tx.all(
        _Line,
        "SELECT entry_id, account, side, amount_minor, currency FROM ledger_postings"
        " WHERE entry_id IN :ids ORDER BY entry_id, line",
        ids=entry_ids,
    )


def _store(tx: Tx, entry: Entry) -> None:
    tx.later(
        "INSERT INTO ledger_entries (id, merchant_id, test, sequence, reason, reference,"
        " posted_at, previous_hash, hash, sealed) VALUES (:id, :merchant_id, :test, :sequence,"
        " :reason, :reference, :posted_at, :previous_hash, :hash, FALSE)",
        **{name: getattr(entry, name) for name in _Row.__struct_fields__},
    )
    for line, posting in enumerate(entry.postings):
        tx.later(
            "INSERT INTO ledger_postings (entry_id, line, account, side, amount_minor, currency)"
            " VALUES (:entry_id, :line, :account, :side, :amount_minor, :currency)",
            entry_id=entry.id,
            line=line,
            account=posting.account,
            side=str(posting.side),
            amount_minor=posting.amount.minor,
            currency=posting.amount.currency,
        )
    tx.later("UPDATE ledger_entries SET sealed = TRUE WHERE id = :id", id=entry.id)
