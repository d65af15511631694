"""A transaction that somebody else opened, as the functions of the slices see it.

It cannot be committed, awaited or kept: a function of `Tx` is atomic and offline. It may be run a
second time (see `writer.py`), so it changes nothing outside its `Tx`.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from typing import Any, Protocol, TypeVar, cast

from handbill.infra.database import sql as sql_text
from handbill.infra.database.sql import Statement, Write
from handbill.kernel.clock import Instant
from handbill.kernel.errors import NotFound

Row = TypeVar("Row")
Item = TypeVar("Item")


class Cursor(Protocol):
    """What `sqlite3` and `psycopg` cursors share."""

    @property
    def rowcount(self) -> int: ...
    def fetchall(self) -> list[Any]: ...


class Session(Protocol):
    """One connection, in a transaction."""

    paramstyle: str

    def execute(self, text: str, params: dict[str, Any], before: Sequence[Write]) -> Cursor:
        """Runs `before`, then `text`, on one way to the database."""

    def columns(self, cursor: Cursor) -> tuple[str, ...]:
        """The names of the columns that `cursor` brought."""


class Tx:
    """`now` is the time of the whole transaction, `wrote` whether this function changed a row."""

    __slots__ = (
        *("_gathered", "_known", "_later", "_mine", "_session"),
        *("failed", "now", "topics", "wrote"),
    )

    def __init__(
        self,
        session: Session,
        now: Instant,
        later: list[Write] | None = None,
        known: dict[Hashable, Any] | None = None,
    ) -> None:
        self._session = session
        self.now = now
        self.wrote = False
        self.failed: Exception | None = None
        self.topics: set[str] = set()
        # Shared by the functions of a batch, so that a statement of one of them sends what another
        # left for later: it must not decide on rows that are about to change.
        self._later: list[Write] = [] if later is None else later
        self._mine = len(self._later)
        self._known: dict[Hashable, Any] = {} if known is None else known
        self._gathered: dict[Callable[[Tx, list[Any]], None], list[Any]] = {}

    def run(self, sql: str, /, **params: Any) -> int:
        """Writes; gives the number of rows that were changed. The text begins with INSERT, UPDATE
        or DELETE: after `WITH`, SQLite's driver does not count."""
        changed = self._execute(self._prepare(sql), params).rowcount
        if changed:
            self.wrote = True
        return changed

    def later(self, sql: str, /, **params: Any) -> None:
        """Writes something whose outcome nobody looks at: in order, before the next statement of
        the batch or at its end, in one go. An error in it is an error of the function."""
        statement = self._prepare(sql)
        self._later.append((statement.text, sql_text.bind(statement, params)))

    def find(self, kind: type[Row], sql: str, /, **params: Any) -> Row | None:
        """The only row, or None."""
        found = self.all(kind, sql, **params)
        return found[0] if found else None

    def get(self, kind: type[Row], sql: str, /, **params: Any) -> Row:
        """The only row. Raises NotFound."""
        found = self.find(kind, sql, **params)
        if found is None:
            raise NotFound("There is no such thing.")
        return found

    def all(self, kind: type[Row], sql: str, /, **params: Any) -> list[Row]:
        """All rows; the caller's text bounds their number."""
        cursor, found = self._fetch(sql, params)
        return sql_text.rows(kind, self._session.columns(cursor), found) if found else []

    def value(self, sql: str, /, **params: Any) -> Any:
        """The first column of the first row, or None. The caller's text bounds the rows."""
        _, found = self._fetch(sql, params)
        return found[0][0] if found else None

    def recall(self, key: Hashable, read: Callable[[], Item]) -> Item:
        """What `read` gave to the first function of the batch that asked for `key`: for the few
        things that most functions of a batch read and hardly one changes."""
        if key not in self._known:
            self._known[key] = read()
        return cast(Item, self._known[key])

    def unlearn(self, key: Hashable) -> None:
        """For the function that changes what is recalled under `key`."""
        self._known.pop(key, None)

    def gather(self, store: Callable[[Tx, list[Item]], None], item: Item) -> None:
        """Keeps `item` for one call of `store` with everything that the batch gathered for it,
        just before the commit: how events of a whole batch get their numbers at once. Until then
        nobody reads what `store` writes, this function included."""
        self._gathered.setdefault(store, []).append(item)

    def announce(self, topic: str) -> None:
        """Wakes those who wait for `topic` in `Database.changed` once this is committed."""
        self.topics.add(topic)

    def forget(self) -> None:
        """Drops what this function left for later: it raised before it wrote."""
        del self._later[self._mine :]

    def absorb(self, other: Tx) -> None:
        """Takes over what a function of the same batch left for the end."""
        self.topics |= other.topics
        for store, items in other._gathered.items():
            self._gathered.setdefault(store, []).extend(items)

    def settle(self) -> list[Write]:
        """Stores what was gathered, also by the storing itself. Gives what is left to be sent."""
        while self._gathered:
            gathered, self._gathered = self._gathered, {}
            for store, items in gathered.items():
                store(self, items)
        if self.failed is not None:
            raise self.failed
        return self._take_later()

    def refuse_writes(self) -> None:
        """Raises where a function that may only read left something to be written."""
        if self._later or self._gathered or self.topics:
            raise RuntimeError("a function that only reads wrote something")

    def _prepare(self, sql: str) -> Statement:
        return sql_text.prepare(sql, self._session.paramstyle)

    def _fetch(self, sql: str, params: dict[str, Any]) -> tuple[Cursor, list[Any]]:
        statement = self._prepare(sql)
        cursor = self._execute(statement, params)
        try:
            found = cursor.fetchall()
        except Exception as error:
            self._fail(error)
            raise
        if found and statement.writes:
            self.wrote = True
        return cursor, found

    def _execute(self, statement: Statement, params: dict[str, Any]) -> Cursor:
        if self.failed is not None:
            # After an error a database may have left the transaction: what ran now could stay.
            raise self.failed
        bound = sql_text.bind(statement, params)
        before = self._take_later() if self._later else ()
        try:
            return self._session.execute(statement.text, bound, before)
        except Exception as error:
            self._fail(error)
            raise

    def _fail(self, error: Exception) -> None:
        # Remembered, so that a function cannot swallow it; and whatever was on its way, of this
        # function or of a neighbour, may or may not be there.
        self.failed = error
        self.wrote = True

    def _take_later(self) -> list[Write]:
        if len(self._later) > self._mine:
            self.wrote = True
        waiting = self._later[:]
        self._later.clear()
        self._mine = 0
        return waiting
