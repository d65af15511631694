"""A transaction that somebody else opened, as the functions of the slices see it.

It cannot be committed, awaited or kept: a function of `Tx` is atomic and offline. It may be run a
second time (see `writer.py`), so it changes nothing outside its `Tx`.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any, TypeVar, cast

from handbill.infra.database.sql import bind, rows
from handbill.infra.database.work import Work
from handbill.kernel.errors import NotFound

Row = TypeVar("Row")
Item = TypeVar("Item")


class Tx(Work):
    """The verbs. `now` is the time of the whole transaction."""

    __slots__ = ()

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
        self._later.append((statement.text, bind(statement, params)))

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
        return rows(kind, self._session.columns(cursor), found) if found else []

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

    def count(self, name: str, *labels: str) -> None:
        """Counts in the tallies of the process, once this is committed."""
        self.counted.append((name, labels))
