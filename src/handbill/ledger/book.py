"""The only writer of postings, and the reader of what it wrote.

Entries of a merchant and mode form a chain: each holds the hash of the one before it. The caller's
write holds the merchant's lock, so two entries never follow the same one.
"""

from __future__ import annotations

import msgspec
from msgspec.structs import asdict

from handbill.infra.database import Tx
from handbill.kernel import ids
from handbill.kernel.clock import Instant
from handbill.kernel.money import Money
from handbill.ledger import carried
from handbill.ledger.model import GENESIS, Balance, Chain, Draft, Entry, Posting, Side, hash_of

PAGE = 1_000
_LAST = 2**63 - 1
_IN_CURRENCY = (
    " AND EXISTS (SELECT 1 FROM ledger_postings p WHERE p.entry_id = e.id"
    " AND p.currency = :currency)"
)


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


class _End(msgspec.Struct, frozen=True):
    sequence: int
    hash: str
    posted_at: Instant


class _Displaced(msgspec.Struct, frozen=True):
    entry_id: str


class _Line(msgspec.Struct, frozen=True):
    entry_id: str
    account: str
    side: Side
    amount_minor: int
    currency: str


def post(tx: Tx, draft: Draft) -> Entry | None:
    """Posts a fact once: None where its reason and reference are in the books already.

    Within a chain time never goes back, whatever the clocks do: a span of time is a run of entries.
    """
    known = tx.value(
        "SELECT 1 FROM ledger_entries WHERE reason = :reason AND reference = :reference",
        reason=draft.reason,
        reference=draft.reference,
    )
    if known:
        return None
    before = _end(tx, Chain(draft.merchant_id, draft.test))
    entry = Entry(
        id=ids.new_id(tx.now),
        merchant_id=draft.merchant_id,
        test=draft.test,
        sequence=before.sequence + 1,
        reason=draft.reason,
        reference=draft.reference,
        posted_at=max(tx.now, before.posted_at),
        previous_hash=before.hash,
        hash="",
        postings=draft.postings,
    )
    entry = msgspec.structs.replace(entry, hash=hash_of(entry))
    _store(tx, entry)
    carried.carry(tx, entry)
    return entry


def head(tx: Tx, merchant_id: int, test: bool) -> Head:
    """Of an empty chain: sequence 0."""
    end = _end(tx, Chain(merchant_id, test))
    return Head(end.sequence, end.hash)


def last_before(tx: Tx, chain: Chain, at: Instant) -> int:
    """The sequence of the last entry that was posted before `at`; 0 where there is none."""
    found = tx.value(
        "SELECT sequence FROM ledger_entries WHERE merchant_id = :merchant_id AND test = :test"
        " AND sequence <= :most AND posted_at < :at ORDER BY sequence DESC LIMIT 1",
        **asdict(chain),
        most=carried.next_from(tx, chain, at) or _LAST,
        at=at,
    )
    return int(found or 0)


def find_sequence(tx: Tx, chain: Chain, entry_id: str) -> int | None:
    found = tx.value(
        "SELECT sequence FROM ledger_entries WHERE id = :id AND merchant_id = :merchant_id"
        " AND test = :test",
        id=entry_id,
        **asdict(chain),
    )
    return None if found is None else int(found)


def entries(
    tx: Tx,
    chain: Chain,
    after: int,
    limit: int = PAGE,
    *,
    through: int = _LAST,
    currency: str | None = None,
) -> list[Entry]:
    """Beyond the sequence `after`, up to `through`, in order, with their postings. `currency`: only
    entries that have postings in it."""
    rows = tx.all(
        _Row,
        "SELECT id, merchant_id, test, sequence, reason, reference, posted_at, previous_hash, hash"
        " FROM ledger_entries e WHERE merchant_id = :merchant_id AND test = :test AND sealed"
        " AND sequence > :after AND sequence <= :through"
        + (_IN_CURRENCY if currency else "")
        + " ORDER BY sequence LIMIT :limit",
        **asdict(chain),
        **({"currency": currency} if currency else {}),
        after=after,
        through=through,
        limit=limit,
    )
    lines: dict[str, list[Posting]] = {row.id: [] for row in rows}
    for line in _lines(tx, list(lines)):
        posting = Posting(line.account, line.side, Money(line.amount_minor, line.currency))
        lines[line.entry_id].append(posting)
    return [Entry(**asdict(row), postings=tuple(lines[row.id])) for row in rows]


def balances(tx: Tx, chain: Chain, *, through: int | None = None) -> list[Balance]:
    """Debits less credits of every account, by the entries up to the sequence `through`."""
    last = _end(tx, chain).sequence if through is None else through
    return carried.balances(tx, chain, last)


def chains(tx: Tx) -> list[Chain]:
    """Every chain that has an entry."""
    return tx.all(
        Chain, "SELECT DISTINCT merchant_id, test FROM ledger_entries ORDER BY merchant_id, test"
    )


def _end(tx: Tx, chain: Chain) -> _End:
    found = tx.find(
        _End,
        "SELECT sequence, hash, posted_at FROM ledger_entries WHERE merchant_id = :merchant_id"
        " AND test = :test ORDER BY sequence DESC LIMIT 1",
        **asdict(chain),
    )
    return found or _End(0, GENESIS, 0)


def displaced(tx: Tx, entry_ids: list[str]) -> set[str]:
    """Those with a posting whose line is not its place. The hash covers the order alone."""
    found = tx.all(
        _Displaced,
        "SELECT entry_id FROM (SELECT entry_id, line, ROW_NUMBER()"
        " OVER (PARTITION BY entry_id ORDER BY line) - 1 AS place FROM ledger_postings"
        " WHERE entry_id IN :ids) AS placed WHERE line <> place",
        ids=entry_ids,
    )
    return {one.entry_id for one in found}


def count_postings(tx: Tx) -> int:
    """Of all chains, and of none."""
    return int(tx.value("SELECT COUNT(*) FROM ledger_postings"))


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
