"""Judges the books: is every entry whole, balanced, in its place, and as it was posted?

The chain finds what was changed; the last entries of a chain can only be missed by somebody who
noted its head before. So `verify` takes heads that were exported earlier.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from handbill.infra.database import Tx
from handbill.ledger import book
from handbill.ledger.book import Head
from handbill.ledger.model import GENESIS, Chain, Entry, Side, hash_of


class Finding(msgspec.Struct, frozen=True):
    """Something that is not as it must be. `chain` None: it cannot be told of which."""

    chain: Chain | None
    sequence: int
    words: str


# A value of another kind than the column holds (a word for a number, two for a truth value): who
# has an SQLite file in hand can write that.
_UNREADABLE = (ValueError, msgspec.ValidationError)


def verify(tx: Tx, noted: Mapping[Chain, Head] | None = None) -> list[Finding]:
    """Everything that is wrong, of every chain. Empty when the books are as they were written."""
    known = dict(noted or {})
    try:
        found = _open_entries(tx) + _orphans(tx) + _displaced(tx)
        for chain in sorted({*book.chains(tx), *known}, key=lambda c: (c.merchant_id, c.test)):
            found += _verify_chain(tx, chain, known.get(chain))
    except _UNREADABLE:
        return [Finding(None, 0, "a row cannot be read, and what comes after it was not judged")]
    return found


def _verify_chain(tx: Tx, chain: Chain, noted: Head | None) -> list[Finding]:
    found: list[Finding] = []
    before = Head(0, GENESIS)
    try:
        while page := book.entries(tx, chain, before.sequence):
            for entry in page:
                found += [Finding(chain, entry.sequence, words) for words in _faults(entry, before)]
                if noted and entry.sequence == noted.sequence and entry.hash != noted.hash:
                    found.append(Finding(chain, entry.sequence, "is not the entry that was noted"))
                before = Head(entry.sequence, entry.hash)
    except _UNREADABLE:
        found.append(Finding(chain, before.sequence + 1, "or one soon after it cannot be read"))
        return found
    if noted and noted.sequence > before.sequence:
        words = f"is missing, with everything after {before.sequence}"
        found.append(Finding(chain, noted.sequence, words))
    return found


def _faults(entry: Entry, before: Head) -> list[str]:
    words = []
    if entry.sequence != before.sequence + 1:
        words.append(f"does not follow {before.sequence}")
    if entry.previous_hash != before.hash:
        words.append("does not hold the hash of the entry before it")
    if entry.hash != hash_of(entry):
        words.append("is not what its hash says")
    sums: dict[str, int] = {}
    for posting in entry.postings:
        sign = 1 if posting.side is Side.DEBIT else -1
        currency = posting.amount.currency
        sums[currency] = sums.get(currency, 0) + sign * posting.amount.minor
    if not sums or any(sums.values()):
        words.append("does not balance")
    return words


class _Open(msgspec.Struct, frozen=True):
    merchant_id: int
    test: bool
    sequence: int


def _open_entries(tx: Tx) -> list[Finding]:
    rows = tx.all(
        _Open,
        # Compared, not asked for its truth: SQLite calls 2 true as well.
        "SELECT merchant_id, test, sequence FROM ledger_entries"
        " WHERE sealed <> TRUE OR sealed IS NULL ORDER BY merchant_id, test, sequence LIMIT 1000",
    )
    return [Finding(Chain(r.merchant_id, r.test), r.sequence, "was never sealed") for r in rows]


def _orphans(tx: Tx) -> list[Finding]:
    """Postings whose entry is gone."""
    count = tx.value(
        "SELECT COUNT(*) FROM ledger_postings WHERE entry_id NOT IN (SELECT id FROM ledger_entries)"
    )
    return [Finding(None, 0, f"{count} postings belong to no entry")] if count else []


def _displaced(tx: Tx) -> list[Finding]:
    """Postings whose line is not their place in the entry. The hash covers the order alone."""
    count = tx.value(
        "SELECT COUNT(*) FROM (SELECT line, ROW_NUMBER() OVER (PARTITION BY entry_id ORDER BY line)"
        " - 1 AS place FROM ledger_postings) AS placed WHERE line <> place"
    )
    return [Finding(None, 0, f"{count} postings are not on their line")] if count else []
