"""Judges the books: is every entry whole, balanced, in its place, and as it was posted?

The chain finds what was changed; the last entries of a chain can only be missed by somebody who
noted its head before. So `verify` takes heads that were exported earlier. Every statement reads a
page: books of any length are judged.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from handbill.infra.database import Tx
from handbill.ledger import book, carried
from handbill.ledger.book import Head
from handbill.ledger.carried import Carried
from handbill.ledger.model import GENESIS, Chain, Entry, balances, hash_of

# A value of another kind than the column holds (a word for a number, two for a truth value): who
# has an SQLite file in hand can write that.
_UNREADABLE = (ValueError, msgspec.ValidationError)

_LAST = 2**63 - 1


class Finding(msgspec.Struct, frozen=True):
    """Something that is not as it must be. `chain` None: it cannot be told of which."""

    chain: Chain | None
    sequence: int
    words: str


def verify(tx: Tx, noted: Mapping[Chain, Head] | None = None) -> list[Finding]:
    """Everything that is wrong, of every chain. Empty when the books are as they were written."""
    known = dict(noted or {})
    try:
        found, postings = _open_entries(tx), 0
        for chain in sorted({*book.chains(tx), *known}, key=lambda c: (c.merchant_id, c.test)):
            walk = _Walk(tx, chain)
            walk.go(known.get(chain))
            found += walk.found
            postings += walk.postings
    except _UNREADABLE:
        return [Finding(None, 0, "a row cannot be read: what comes after it was not judged")]
    left = book.count_postings(tx) - postings
    return [*found, Finding(None, 0, f"{left} postings belong to no entry")] if left else found


class _Walk:
    """Along one chain, page by page. `found` is what is wrong with it."""

    def __init__(self, tx: Tx, chain: Chain) -> None:
        self._tx = tx
        self._chain = chain
        self._before = Head(0, GENESIS)
        self._sums: dict[tuple[str, str], int] = {}
        self.found: list[Finding] = []
        self.postings = 0

    def go(self, noted: Head | None) -> None:
        try:
            while page := book.entries(self._tx, self._chain, self._before.sequence):
                self._look_at(page, noted)
            self._look_at_carried(self._before.sequence, _LAST, set())
        except _UNREADABLE:
            self._find(self._before.sequence + 1, "or one soon after it cannot be read")
            return
        if noted and noted.sequence > self._before.sequence:
            words = f"is missing, with everything after {self._before.sequence}"
            self._find(noted.sequence, words)

    def _look_at(self, page: Sequence[Entry], noted: Head | None) -> None:
        after = self._before.sequence
        displaced = book.displaced(self._tx, [entry.id for entry in page])
        due: set[Carried] = set()
        for entry in page:
            for words in _faults(entry, self._before):
                self._find(entry.sequence, words)
            if noted and entry.sequence == noted.sequence and entry.hash != noted.hash:
                self._find(entry.sequence, "is not the entry that was noted")
            if entry.id in displaced:
                self._find(entry.sequence, "has a posting that is not on its line")
            self._add(entry)
            if entry.sequence % carried.STEP == 0:
                due |= {
                    Carried(entry.sequence, entry.posted_at, *account, minor)
                    for account, minor in self._sums.items()
                }
            self._before = Head(entry.sequence, entry.hash)
        self._look_at_carried(after, self._before.sequence, due)

    def _look_at_carried(self, after: int, through: int, due: set[Carried]) -> None:
        said = set(carried.between(self._tx, self._chain, after, through))
        for sequence in sorted({one.sequence for one in said ^ due}):
            self._find(sequence, "carries balances that its entries do not add up to")

    def _add(self, entry: Entry) -> None:
        self.postings += len(entry.postings)
        for one in balances(entry.postings):
            account = (one.account, one.currency)
            self._sums[account] = self._sums.get(account, 0) + one.minor

    def _find(self, sequence: int, words: str) -> None:
        self.found.append(Finding(self._chain, sequence, words))


def _faults(entry: Entry, before: Head) -> list[str]:
    words = []
    if entry.sequence != before.sequence + 1:
        words.append(f"does not follow {before.sequence}")
    if entry.previous_hash != before.hash:
        words.append("does not hold the hash of the entry before it")
    if entry.hash != hash_of(entry):
        words.append("is not what its hash says")
    sums: dict[str, int] = {}
    for one in balances(entry.postings):
        sums[one.currency] = sums.get(one.currency, 0) + one.minor
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
