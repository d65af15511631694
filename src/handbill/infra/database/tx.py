"""A transaction that somebody else opened, as the functions of the slices see it.

It cannot be committed, awaited or kept: a function of `Tx` is atomic and offline. It may be run a
second time (see `writer.py`), so it changes nothing outside its `Tx`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol, TypeVar

from handbill.infra.database import sql as sql_text
from handbill.kernel.clock import Instant
from handbill.kernel.errors import NotFound

Row = TypeVar("Row")
Item = TypeVar("Item")


Write = tuple[str, dict[str, Any]]
"""A prepared text and its parameters."""


class Cursor(Protocol):
    """What `sqlite3` and `psycopg` cursors share."""

    @property
    def description(self) -> Any: ...
    @property
    def rowcount(self) -> int: ...
    def fetchall(self) -> list[Any]: ...
    def fetchone(self) -> Any: ...


class Session(Protocol):
    """One connection, in a transaction."""

    paramstyle: str

    def execute(self, text: str, params: dict[str, Any]) -> Cursor: ...
    def send(self, writes: list[Write]) -> None: ...


class Tx:
    """`now` is the time of the whole transaction."""

    __slots__ = ("_gathered", "_later", "_mine", "_session", "now", "topics", "wrote")

    def __init__(self, session: Session, now: Instant, later: list[Write] | None = None) -> None:
        self._session = session
        self.now = now
        self.wrote = False
        self.topics: set[str] = set()
        # Shared by the functions of a batch, so that a read in one of them sends what another
        # left for later: it must not decide on rows that are about to change.
        self._later: list[Write] = [] if later is None else later
        self._mine = len(self._later)
        self._gathered: dict[Callable[[Tx, list[Any]], None], list[Any]] = {}

    def run(self, sql: str, /, **params: Any) -> int:
        """Writes; gives the number of rows that were changed."""
        return self._execute(sql, params).rowcount

    def later(self, sql: str, /, **params: Any) -> None:
        """Writes something whose outcome nobody looks at: in order, before the next statement of
        the batch or at its end, in one go. An error in it is an error of the function."""
        text, _, bound = self._prepare(sql, params)
        self._later.append((text, bound))

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
        cursor = self._execute(sql, params)
        return sql_text.rows(kind, cursor.description, cursor.fetchall())

    def value(self, sql: str, /, **params: Any) -> Any:
        """The first column of the first row, or None."""
        row = self._execute(sql, params).fetchone()
        return row[0] if row else None

    def gather(self, store: Callable[[Tx, list[Item]], None], item: Item) -> None:
        """Keeps `item` for one call of `store` with everything that the batch gathered for it,
        just before the commit: how events of a whole batch get their numbers at once."""
        self._gathered.setdefault(store, []).append(item)

    def announce(self, topic: str) -> None:
        """Wakes those who wait for `topic` in `Database.changed` once this is committed."""
        self.topics.add(topic)

    def flush(self) -> None:
        """Sends what `later` keeps."""
        if len(self._later) > self._mine:
            self.wrote = True
        waiting = self._later[:]
        self._later.clear()
        self._mine = 0
        if waiting:
            self._session.send(waiting)

    def forget(self) -> None:
        """Drops what this function left for later: it raised before it wrote."""
        del self._later[self._mine :]

    def absorb(self, other: Tx) -> None:
        """Takes over what a function of the same batch left for the end."""
        self.topics |= other.topics
        for store, items in other._gathered.items():
            self._gathered.setdefault(store, []).extend(items)

    def settle(self) -> None:
        """Runs what was gathered, then sends what is left. The writer calls this, once a batch."""
        gathered, self._gathered = self._gathered, {}
        for store, items in gathered.items():
            store(self, items)
        self.flush()

    def _prepare(self, sql: str, params: dict[str, Any]) -> tuple[str, bool, dict[str, Any]]:
        bound, lists = sql_text.bind(params)
        statement = sql_text.prepare(sql, lists, self._session.paramstyle)
        return statement.text, statement.writes, bound

    def _execute(self, sql: str, params: dict[str, Any]) -> Cursor:
        if self._later:
            self.flush()
        text, writes, bound = self._prepare(sql, params)
        if writes:
            self.wrote = True
        return self._session.execute(text, bound)
