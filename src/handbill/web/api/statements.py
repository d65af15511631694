"""The statement: every entry of a time with its postings, between the balances at its ends. In
pages like every list, or as a table for a spreadsheet."""

from __future__ import annotations

from handbill.infra.database import Tx
from handbill.infra.paging import Page, Position
from handbill.kernel.errors import Invalid
from handbill.ledger import book, statement
from handbill.ledger.model import Chain
from handbill.ledger.statement import Span, Statement
from handbill.merchants.model import Scope
from handbill.payments import store as payments
from handbill.payments.store import Named
from handbill.web.api import statement_sheets
from handbill.web.api.balances import TAG, show_balances
from handbill.web.api.statement_shapes import BookEntry, Ends, StatementFilter, show_entry
from handbill.web.calls import Call
from handbill.web.cursors import PAGE_MAX
from handbill.web.operations import Operation
from handbill.web.replies import Reply
from handbill.web.sheets import CSV_HEADERS, wants_sheet, write_sheet

SHEET_MAX = 10_000
"""Entries of a table. A longer statement goes on in the next one, by the header `Link`."""


async def get_statement(call: Call, query: StatementFilter) -> Page[BookEntry] | Reply:
    span = Span(query.since, query.until, query.currency)
    if _wants_sheet(call, query):
        return await _sheet(call, query, span)
    limit = query.limit or PAGE_MAX
    found, named = await call.deps.db.read(lambda tx: _read(tx, call, span, query.cursor, limit))
    items = [show_entry(entry, named, span.currency) for entry in found.entries]
    ends = Ends(
        opening=show_balances(found.opening, span.currency),
        closing=show_balances(found.closing, span.currency),
    )
    return Page(items, _next(found), ends)


async def _sheet(call: Call, query: StatementFilter, span: Span) -> Reply:
    limit = query.limit or SHEET_MAX

    def write(tx: Tx) -> tuple[Position | None, bytes]:
        # In the reader's thread: so many rows would keep every other request waiting.
        found, named = _read(tx, call, span, query.cursor, limit)
        rows = statement_sheets.rows(found, named, span, is_first=query.cursor is None)
        return _next(found), write_sheet(rows)

    goes_on, sheet = await call.deps.db.read(write)
    reply = call.reply(Page([], goes_on))  # for its header `Link`
    reply.body = sheet
    reply.headers.update(CSV_HEADERS)
    return reply


def _read(
    tx: Tx, call: Call, span: Span, cursor: Position | None, limit: int
) -> tuple[Statement, dict[str, Named]]:
    chain = Chain(call.tenant.merchant_id, call.tenant.test)
    after = 0 if cursor is None else book.find_sequence(tx, chain, cursor.id)
    if after is None:
        raise Invalid({"cursor": ["is not a cursor of this list"]})
    found = statement.read(tx, chain, span, after, limit)
    return found, payments.named(tx, [entry.reference for entry in found.entries])


def _next(found: Statement) -> Position | None:
    if not found.has_more:
        return None
    last = found.entries[-1]
    return Position(last.posted_at, last.id)


def _wants_sheet(call: Call, query: StatementFilter) -> bool:
    if query.format is not None:
        return query.format == "csv"
    return wants_sheet(call.headers.get("accept", ""))


OPERATIONS: tuple[Operation, ...] = (
    Operation(
        name="getStatement",
        method="GET",
        path="/api/v1/statement",
        tag=TAG,
        scope=Scope.PAYMENTS,
        summary="Read a statement of the books",
        description="Oldest first: every entry with its postings. `opening` and `closing` are the"
        " balances before `from` and at `to`. With `Accept: text/csv` or `format=csv` as a table,"
        " a row for each posting, 10,000 entries at a time; a longer one goes on at the address in"
        " `Link`. A text that a spreadsheet would take for a formula has an apostrophe in front.",
        handler=get_statement,
        query=StatementFilter,
        answer=BookEntry,
        paged=True,
        beside=Ends,
        as_table=True,
    ),
)
