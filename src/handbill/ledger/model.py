"""What an entry is. Pure: an unbalanced entry cannot be made."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from enum import StrEnum

import msgspec

from handbill.kernel.clock import Instant
from handbill.kernel.money import Money
from handbill.ledger.accounts import kind_of

GENESIS = "0" * 64
"""What the first entry of a chain follows."""


class Side(StrEnum):
    DEBIT = "debit"
    CREDIT = "credit"


class Chain(msgspec.Struct, frozen=True):
    """Whose books: those of a merchant in one mode."""

    merchant_id: int
    test: bool


class Unbalanced(ValueError):
    """A programming error, never an answer: recipes balance for every input."""


class Posting(msgspec.Struct, frozen=True):
    """`amount` of `account` on one side; always positive, and of an account that is known."""

    account: str
    side: Side
    amount: Money

    def __post_init__(self) -> None:
        if self.amount.minor <= 0:
            raise Unbalanced(f"a posting of {self.amount.minor} on {self.account}")
        kind_of(self.account)


class Draft(msgspec.Struct, frozen=True):
    """An entry that is not posted yet. `reason` and `reference` together happen once: the charge of
    an attempt, the refund of a refund. Balanced in every currency, or it cannot exist."""

    merchant_id: int
    test: bool
    reason: str
    reference: str
    postings: tuple[Posting, ...]

    def __post_init__(self) -> None:
        sums: dict[str, int] = {}
        for posting in self.postings:
            sign = 1 if posting.side is Side.DEBIT else -1
            currency = posting.amount.currency
            sums[currency] = sums.get(currency, 0) + sign * posting.amount.minor
        if not sums or any(sums.values()):
            raise Unbalanced(f"{self.reason}: {sums}")


class Entry(msgspec.Struct, frozen=True):
    """A posted entry. `sequence` counts within the chain of a merchant and mode, without gaps."""

    id: str
    merchant_id: int
    test: bool
    sequence: int
    reason: str
    reference: str
    posted_at: Instant
    previous_hash: str
    hash: str
    postings: tuple[Posting, ...]


class Balance(msgspec.Struct, frozen=True):
    """Debits less credits of an account, in minor units."""

    account: str
    currency: str
    minor: int


def hash_of(entry: Entry) -> str:
    """SHA-256 over everything of the entry but the hash itself, its predecessor's included: whoever
    changes one value has to change every later entry, and the head that others have noted."""
    content = (
        entry.previous_hash,
        entry.id,
        entry.merchant_id,
        entry.test,
        entry.sequence,
        entry.reason,
        entry.reference,
        entry.posted_at,
        [[p.account, p.side, p.amount.minor, p.amount.currency] for p in entry.postings],
    )
    return hashlib.sha256(msgspec.json.encode(content)).hexdigest()


def balances(postings: Sequence[Posting]) -> list[Balance]:
    """By account and currency, in the order of their names."""
    sums: dict[tuple[str, str], int] = {}
    for posting in postings:
        key = (posting.account, posting.amount.currency)
        sign = 1 if posting.side is Side.DEBIT else -1
        sums[key] = sums.get(key, 0) + sign * posting.amount.minor
    return [Balance(*key, minor) for key, minor in sorted(sums.items())]
