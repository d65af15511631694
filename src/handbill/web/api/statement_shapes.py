"""A statement as callers ask for it and read it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from handbill.kernel.clock import iso
from handbill.ledger.model import Entry, Side
from handbill.payments.store import Named
from handbill.web.api.balances import Account, CurrencyBalance, Sum
from handbill.web.api.values import Currency, Id, Moment, MomentIn
from handbill.web.cursors import PAGE_MAX, CursorIn

Format = Literal["json", "csv"]


class StatementFilter(msgspec.Struct, frozen=True, kw_only=True):
    since: Annotated[MomentIn, Meta(description="At this time or later.")] | None = msgspec.field(
        default=None, name="from"
    )
    until: Annotated[MomentIn, Meta(description="Before this time.")] | None = msgspec.field(
        default=None, name="to"
    )
    currency: Currency | None = None
    format: Annotated[Format, Meta(description="Instead of the header `Accept`.")] | None = None
    cursor: CursorIn | None = None
    limit: (
        Annotated[
            int,
            Meta(
                ge=1,
                le=PAGE_MAX,
                description="How many entries an answer may have: 100 if you do not say, 10,000 as"
                " CSV.",
            ),
        ]
        | None
    ) = None

    def faults(self) -> dict[str, list[str]]:
        if self.since is not None and self.until is not None and self.until < self.since:
            return {"to": ["must not be before from"]}
        return {}


class EntryPosting(msgspec.Struct, frozen=True, kw_only=True):
    """The postings of an entry balance: debits and credits are the same in every currency."""

    account: Account
    side: Side
    amount: Annotated[Sum, Meta(ge=1)]
    currency: Currency


class BookEntry(msgspec.Struct, frozen=True, kw_only=True):
    """A fact that was posted. It is never changed; what undoes it is an entry of its own."""

    id: Id
    sequence: Annotated[int, Meta(description="Counts within the books of a mode, without gaps.")]
    type: Annotated[str, Meta(description="Such as `charge`, `refund` or `surplus`.")]
    transaction: Annotated[Id, Meta(description="What it is about.")] | None
    txid: str | None
    created: Moment
    postings: list[EntryPosting]
    hash: Annotated[str, Meta(description="Covers the entry and the hash of the one before it.")]


class Ends(msgspec.Struct, frozen=True, kw_only=True):
    """The balances of a statement: before `from`, and at `to` or now."""

    opening: list[CurrencyBalance]
    closing: list[CurrencyBalance]


def show_entry(entry: Entry, named: Mapping[str, Named], currency: str | None) -> BookEntry:
    payment = named.get(entry.reference)
    return BookEntry(
        id=entry.id,
        sequence=entry.sequence,
        type=entry.reason,
        transaction=payment.id if payment else None,
        txid=payment.txid if payment else None,
        created=iso(entry.posted_at),
        postings=[
            EntryPosting(
                account=one.account,
                side=one.side,
                amount=one.amount.minor,
                currency=one.amount.currency,
            )
            for one in entry.postings
            if currency in (None, one.amount.currency)
        ],
        hash=entry.hash,
    )
