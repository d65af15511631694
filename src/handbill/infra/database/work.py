"""The writer's side of a `Tx`: what a function sent, what it left for the end, how it failed.

The slices see `tx.Tx` only. Functions of one batch share a session, the list of what waits, and
what one of them has read for all.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from typing import Any, Protocol, Self

from handbill.infra.database.sql import Statement, Write, bind, prepare
from handbill.infra.tallies import Counted
from handbill.kernel.clock import Instant


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


class Work:
    """`now` is the time of the whole transaction, `wrote` whether this function changed a row."""

    __slots__ = (
        *("_gathered", "_known", "_later", "_mine", "_session"),
        *("counted", "failed", "now", "topics", "wrote"),
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
        self.counted: list[Counted] = []
        # Shared by the functions of a batch, so that a statement of one of them sends what another
        # left for later: it must not decide on rows that are about to change.
        self._later: list[Write] = [] if later is None else later
        self._mine = len(self._later)
        self._known: dict[Hashable, Any] = {} if known is None else known
        self._gathered: dict[Callable[[Any, list[Any]], None], list[Any]] = {}

    def forget(self) -> None:
        """Drops what this function left for later: it raised before it wrote."""
        del self._later[self._mine :]

    def absorb(self, other: Self) -> None:
        """Takes over what a function of the same batch left for the end."""
        self.topics |= other.topics
        self.counted += other.counted
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
        return prepare(sql, self._session.paramstyle)

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
        bound = bind(statement, params)
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
