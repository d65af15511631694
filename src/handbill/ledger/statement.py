"""A part of the books between two moments: its entries, and the balances at both ends."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from handbill.infra.database import Tx
from handbill.kernel.clock import Instant
from handbill.ledger import book
from handbill.ledger.model import Balance, Chain, Entry


class Span(msgspec.Struct, frozen=True):
    """From `since` on, before `until`; None leaves that end open. `currency` None: all."""

    since: Instant | None = None
    until: Instant | None = None
    currency: str | None = None


class Statement(msgspec.Struct, frozen=True):
    """`opening` and `closing` are of the whole span, `entries` a page of it."""

    opening: list[Balance]
    closing: list[Balance]
    entries: Sequence[Entry]
    has_more: bool


def read(tx: Tx, chain: Chain, span: Span, after: int, limit: int) -> Statement:
    """The entries beyond the sequence `after` that are in the span."""
    first = 0 if span.since is None else book.last_before(tx, chain, span.since)
    last = _last(tx, chain, span.until)
    found = book.entries(
        tx, chain, max(after, first), limit + 1, through=last, currency=span.currency
    )
    return Statement(
        opening=book.balances(tx, chain, through=first),
        closing=book.balances(tx, chain, through=max(first, last)),
        entries=found[:limit],
        has_more=len(found) > limit,
    )


def _last(tx: Tx, chain: Chain, until: Instant | None) -> int:
    if until is None:
        return book.head(tx, chain.merchant_id, chain.test).sequence
    return book.last_before(tx, chain, until)
