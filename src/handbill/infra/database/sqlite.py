"""SQLite: one file, write-ahead log, every commit flushed to the disk.

`synchronous=FULL` is not negotiable: with NORMAL a power cut loses acknowledged writes.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from handbill.infra.database.backend import Connection, Failure
from handbill.infra.database.tx import Write

BUSY_SECONDS = 30
WATCH_SECONDS = 0.5

_IOERR = 10
_FULL = 13
_BUSY = (5, 6)


class SqliteConnection:
    paramstyle = "named"

    def __init__(self, path: Path, *, readonly: bool) -> None:
        self._db = sqlite3.connect(
            path,
            timeout=BUSY_SECONDS,
            isolation_level=None,
            check_same_thread=False,
            cached_statements=512,
        )
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
            self._db.execute(f"PRAGMA {pragma}")
        if readonly:
            self._db.execute("PRAGMA query_only=ON")

    def execute(self, text: str, params: dict[str, Any]) -> sqlite3.Cursor:
        return self._db.execute(text, params)

    def send(self, writes: list[Write]) -> None:
        for text, params in writes:
            self._db.execute(text, params)

    def begin(self, merchants: Sequence[int]) -> None:
        self._db.execute("BEGIN IMMEDIATE")  # the whole file is one lock: no merchant needs one

    def begin_read(self) -> None:
        self._db.execute("BEGIN")

    def savepoint(self) -> None:
        self._db.execute("SAVEPOINT function")

    def release(self) -> None:
        self._db.execute("RELEASE function")

    def rollback_to_savepoint(self) -> None:
        self._db.execute("ROLLBACK TO function")

    def publish(self, topics: Sequence[str]) -> None:
        """Nothing: other processes see `PRAGMA data_version` move."""

    def commit(self) -> None:
        self._db.execute("COMMIT")

    def rollback(self) -> None:
        if self._db.in_transaction:
            self._db.execute("ROLLBACK")

    def close(self) -> None:
        self._db.close()

    def data_version(self) -> int:
        return int(self._db.execute("PRAGMA data_version").fetchone()[0])


class SqliteBackend:
    reads_inline = True

    def __init__(self, path: Path) -> None:
        self.path = path

    def connect(self, *, readonly: bool = False) -> Connection:
        return SqliteConnection(self.path, readonly=readonly)

    def failure(self, error: Exception) -> Failure:
        if not isinstance(error, sqlite3.Error):
            return Failure.MINE
        primary = (getattr(error, "sqlite_errorcode", 0) or 0) & 0xFF
        if primary == _FULL:
            return Failure.FULL
        if primary == _IOERR:
            return Failure.BROKEN
        if primary in _BUSY:
            return Failure.LOST
        return Failure.MINE

    def watch(self, changed: Callable[[set[str] | None], None]) -> Callable[[], None]:
        stop = threading.Event()

        def look() -> None:
            # Our own commits come from another connection too, so they also move the version:
            # a spare wake-up, never a missed one.
            connection = SqliteConnection(self.path, readonly=True)
            seen = connection.data_version()
            while not stop.wait(WATCH_SECONDS):
                version = connection.data_version()
                if version != seen:
                    seen = version
                    changed(None)
            connection.close()

        thread = threading.Thread(target=look, name="watch", daemon=True)
        thread.start()

        def end() -> None:
            stop.set()
            thread.join()

        return end

    def revision(self) -> str | None:
        connection = SqliteConnection(self.path, readonly=True)
        try:
            row = connection.execute("SELECT version_num FROM alembic_version", {}).fetchone()
        except sqlite3.OperationalError:
            return None
        finally:
            connection.close()
        return str(row[0]) if row else None
