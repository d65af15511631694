"""Old rows of a table, changed a few at a time: in the order of their ids, which is that of time.

Each row is visited once in its life, without an index on its age, and no transaction is long.
"""

from __future__ import annotations

import msgspec

from handbill.infra.database import Tx

BEGINNING = "00000000-0000-0000-0000-000000000000"
"""Before every id."""


class Span(msgspec.Struct, frozen=True):
    """The next rows, at most `limit`, beyond the id `after` and below the id `before`."""

    after: str
    before: str
    limit: int


class Swept(msgspec.Struct, frozen=True):
    """`last` is the id up to which everything is done. None: nothing was left to visit."""

    last: str | None
    changed: int


def sweep(tx: Tx, span: Span, table: str, change: str) -> Swept:
    """`change` is an UPDATE or DELETE of `table`, up to and with the condition that says which rows
    have something to lose. In it `:now` is the time."""
    last: str | None = tx.value(
        f"SELECT id FROM (SELECT id FROM {table} WHERE id > :after AND id < :before"
        " ORDER BY id LIMIT :limit) AS visited ORDER BY id DESC LIMIT 1",
        after=span.after,
        before=span.before,
        limit=span.limit,
    )
    if last is None:
        return Swept(None, 0)
    text = f"{change} AND id > :after AND id <= :last"
    changed = tx.run(text, after=span.after, last=last, now=tx.now)
    return Swept(last, changed)
