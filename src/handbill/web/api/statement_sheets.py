"""A statement as rows for a spreadsheet: one for each posting, amounts in whole units, the balances
at both ends as rows of their own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from handbill.kernel.clock import Instant, iso
from handbill.kernel.money import Money
from handbill.ledger.model import Balance, Entry, Side
from handbill.ledger.statement import Span, Statement
from handbill.payments.store import Named

COLUMNS = (
    *("sequence", "created", "type", "transaction", "txid"),
    *("account", "debit", "credit", "currency"),
)

Row = Sequence[object]


def rows(
    found: Statement, named: Mapping[str, Named], span: Span, *, is_first: bool
) -> Iterator[Row]:
    """The sheets of a long statement, one below the other, are the whole: the opening balances
    stand in the first, the closing ones in the last."""
    yield COLUMNS
    if is_first:
        yield from _balances("opening balance", span.since, found.opening, span.currency)
    for entry in found.entries:
        yield from _postings(entry, named.get(entry.reference), span.currency)
    if not found.has_more:
        yield from _balances("closing balance", span.until, found.closing, span.currency)


def _balances(
    words: str, at: Instant | None, balances: Sequence[Balance], currency: str | None
) -> Iterator[Row]:
    moment = "" if at is None else iso(at)
    for one in balances:
        if currency in (None, one.currency):
            side = Side.CREDIT if one.minor < 0 else Side.DEBIT
            amounts = _amounts(side, Money(abs(one.minor), one.currency))
            yield ("", moment, words, "", "", one.account, *amounts, one.currency)


def _postings(entry: Entry, about: Named | None, currency: str | None) -> Iterator[Row]:
    whose = (about.id, about.txid) if about else ("", "")
    for one in entry.postings:
        code = one.amount.currency
        if currency in (None, code):
            fact = (entry.sequence, iso(entry.posted_at), entry.reason, *whose)
            yield (*fact, one.account, *_amounts(one.side, one.amount), code)


def _amounts(side: Side, amount: Money) -> tuple[str, str]:
    text = f"{amount.decimal():f}"
    return (text, "") if side is Side.DEBIT else ("", text)
