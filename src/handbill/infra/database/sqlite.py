"""SQLite: one file, write-ahead log, every commit flushed to the disk.

`synchronous=FULL` is not negotiable: with NORMAL a power cut loses acknowledged writes.
"""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import structlog

from handbill.infra.database.backend import Connection, Failure
from handbill.infra.database.sql import Write, runs
from handbill.infra.database.work import Cursor

WAIT_SECONDS = 30
READ_SECONDS = 5
STEPS_BETWEEN_LOOKS = 100_000  # of SQLite's machine: a few milliseconds
WATCH_SECONDS = 0.5
SCRUB_BYTES_MAX = 256 * 1024 * 1024
"""Writing it anew takes about four seconds, in which every other write waits."""

log = structlog.get_logger()


class SqliteConnection:
    paramstyle = "named"

    def __init__(self, path: Path, *, wait_seconds: float, read_seconds: float | None) -> None:
        """`wait_seconds` for the lock of another process; `read_seconds` for a statement that
        only reads, or None where the connection writes."""
        self._db = sqlite3.connect(
            path,
            timeout=wait_seconds,
            isolation_level=None,
            check_same_thread=False,
            cached_statements=512,
        )
        # What is erased is overwritten with zeros: a file may be copied and read by anything.
        for pragma in (
            "journal_mode=WAL",
            "synchronous=FULL",
            "foreign_keys=ON",
            "secure_delete=ON",
        ):
            self._db.execute(f"PRAGMA {pragma}")
        self._read_seconds = read_seconds or 0.0
        self._until = 0.0
        if read_seconds is not None:
            self._db.execute("PRAGMA query_only=ON")
            self._db.set_progress_handler(self._is_late, STEPS_BETWEEN_LOOKS)

    def execute(self, text: str, params: dict[str, Any], before: Sequence[Write]) -> Cursor:
        self._send(before)
        self._until = time.monotonic() + self._read_seconds
        return self._db.execute(text, params)

    def columns(self, cursor: Cursor) -> tuple[str, ...]:
        assert isinstance(cursor, sqlite3.Cursor)
        return tuple([column[0] for column in cursor.description])

    def begin(self, merchants: Sequence[int]) -> None:
        self._db.execute("BEGIN IMMEDIATE")  # the whole file is one lock: no merchant needs one

    def begin_read(self) -> None:
        self._db.execute("BEGIN")

    def commit(self, writes: Sequence[Write] = (), topics: Sequence[str] = ()) -> None:
        """Topics stay here: other processes see `PRAGMA data_version` move."""
        self._send(writes)
        self._db.execute("COMMIT")

    def rollback(self) -> None:
        if self._db.in_transaction:  # some errors end it by themselves
            self._db.execute("ROLLBACK")

    def close(self) -> None:
        self._db.close()

    def data_version(self) -> int:
        return int(self._db.execute("PRAGMA data_version").fetchone()[0])

    def _send(self, writes: Sequence[Write]) -> None:
        for text, many in runs(writes):
            if len(many) == 1:
                self._db.execute(text, many[0])
            else:
                self._db.executemany(text, many)

    def _is_late(self) -> bool:
        return time.monotonic() > self._until


class SqliteBackend:
    reads_inline = True

    def __init__(
        self,
        path: Path,
        *,
        wait_seconds: float = WAIT_SECONDS,
        read_seconds: float = READ_SECONDS,
        scrub_bytes_max: int = SCRUB_BYTES_MAX,
    ) -> None:
        self.path = path
        self._scrub_bytes_max = scrub_bytes_max
        self._wait_seconds = wait_seconds
        self._read_seconds = read_seconds

    def connect(self, *, readonly: bool = False) -> Connection:
        return self._connect_reader() if readonly else self._connect_writer()

    def _connect_writer(self) -> Connection:
        return SqliteConnection(self.path, wait_seconds=self._wait_seconds, read_seconds=None)

    def _connect_reader(self) -> SqliteConnection:
        seconds = self._read_seconds
        return SqliteConnection(self.path, wait_seconds=seconds, read_seconds=seconds)

    def failure(self, error: Exception) -> Failure | None:
        if not isinstance(error, sqlite3.Error):
            return None
        code: int = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR)
        return _MEANING.get(code) or _MEANING.get(code & 0xFF, Failure.MINE)

    def watch(self, changed: Callable[[set[str] | None], None]) -> Callable[[], None]:
        stop = threading.Event()
        # Our own commits come from another connection too, so they also move the version: a spare
        # wake-up, never a missed one.
        connection = self._connect_reader()
        seen = connection.data_version()

        def look() -> None:
            nonlocal seen
            while not stop.wait(WATCH_SECONDS):
                try:
                    version = connection.data_version()
                except sqlite3.Error as error:
                    log.warning("watch_failed", error=str(error))
                    continue
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

    def scrub(self) -> bool:
        connection = self._connect_writer()
        try:
            is_small = self.path.stat().st_size <= self._scrub_bytes_max
            if is_small:
                # Zeros over what was erased do not reach a copy that stayed when a page was split.
                connection.execute("VACUUM", {}, ())
            told = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)", {}, ()).fetchall()
        except sqlite3.Error as error:
            log.warning("scrub_failed", error=str(error))
            return False
        finally:
            connection.close()
        others_in_the_way = told[0][0] != 0
        return is_small and not others_in_the_way

    def revision(self) -> str | None:
        connection = self._connect_reader()
        try:
            known = connection.execute(
                "SELECT 1 FROM sqlite_master WHERE name = 'alembic_version'", {}, ()
            )
            if not known.fetchall():
                return None
            row = connection.execute("SELECT version_num FROM alembic_version", {}, ()).fetchall()
        finally:
            connection.close()
        return str(row[0][0]) if row else None


_MEANING = {
    sqlite3.SQLITE_BUSY: Failure.BUSY,
    sqlite3.SQLITE_LOCKED: Failure.BUSY,
    sqlite3.SQLITE_INTERRUPT: Failure.BUSY,
    sqlite3.SQLITE_SCHEMA: Failure.AGAIN,
    # ENOSPC while the log grows: the record that would make the commit valid is not whole.
    sqlite3.SQLITE_FULL: Failure.FULL,
    # EIO and its kin. A commit whose flush failed may be there or not; and a kernel that failed to
    # write a page once calls it clean afterwards, so that a second flush proves nothing.
    sqlite3.SQLITE_IOERR: Failure.BROKEN,
    # Of the same family, but not the disk: memory, locks, the shared index that a full disk cannot
    # extend (after the log was written: whether the commit is there is not known).
    sqlite3.SQLITE_IOERR_NOMEM: Failure.LOST,
    sqlite3.SQLITE_IOERR_LOCK: Failure.LOST,
    sqlite3.SQLITE_IOERR_RDLOCK: Failure.LOST,
    sqlite3.SQLITE_IOERR_SHMLOCK: Failure.LOST,
    sqlite3.SQLITE_IOERR_SHMMAP: Failure.LOST,
    sqlite3.SQLITE_IOERR_SHMOPEN: Failure.LOST,
    sqlite3.SQLITE_IOERR_SHMSIZE: Failure.LOST,
    sqlite3.SQLITE_NOMEM: Failure.LOST,
    sqlite3.SQLITE_CANTOPEN: Failure.LOST,
    sqlite3.SQLITE_PROTOCOL: Failure.LOST,
    sqlite3.SQLITE_CORRUPT: Failure.LOST,
    sqlite3.SQLITE_NOTADB: Failure.LOST,
}
"""https://www.sqlite.org/rescode.html: extended codes first, then the families they belong to."""
