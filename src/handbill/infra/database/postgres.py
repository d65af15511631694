"""PostgreSQL 15 or later, READ COMMITTED. Loaded only where a database URL asks for it.

A batch takes its merchants' advisory locks first, in ascending order: unordered locks made two
processes deadlock in a trial. Rows of a merchant are written only under its lock.
"""

from __future__ import annotations

import logging
import secrets
import threading
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any, cast

import psycopg
from psycopg.abc import Buffer
from psycopg.adapt import Loader
from psycopg.conninfo import conninfo_to_dict
from psycopg.types.numeric import Int8Dumper
from psycopg.types.string import TextLoader

from handbill.infra.database.backend import Connection, Failure
from handbill.infra.database.listener import CHANNEL, Listener
from handbill.infra.database.sql import Write, runs
from handbill.infra.database.work import Cursor

CONNECT_SECONDS = 5
LOCK_MILLISECONDS = 10_000
STATEMENT_MILLISECONDS = 30_000
READ_MILLISECONDS = 5_000
PREPARED_MAX = 500
TOPICS_BYTES_MAX = 7_000  # a NOTIFY carries less than 8,000
LOCKS = 0x4842 << 48  # advisory locks are the whole database's: "HB", then the merchant

_BEGIN = "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE"
_BEGIN_READ = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
_LOCK = "SELECT pg_advisory_xact_lock(key) FROM unnest(%s::bigint[]) AS key"
_FLUSHED = (
    "SELECT set_config('synchronous_commit', 'on', false)"
    " WHERE current_setting('synchronous_commit') = 'off'"
)

# It warns that the rest of a pipeline was not run, after an error that says so and is raised.
logging.getLogger("psycopg").setLevel(logging.ERROR)


class Undone(Exception):
    """The server took the COMMIT, and rolled back."""


class PostgresConnection:
    paramstyle = "pyformat"

    def __init__(self, url: str, process: str, *, readonly: bool) -> None:
        self._process = process
        self._db = _connect(
            url,
            statement_timeout=READ_MILLISECONDS if readonly else STATEMENT_MILLISECONDS,
            lock_timeout=LOCK_MILLISECONDS,
            # A process that was stopped in the middle must not hold its locks for ever.
            idle_in_transaction_session_timeout=STATEMENT_MILLISECONDS,
            default_transaction_read_only="on" if readonly else "off",
        )
        self._db.prepare_threshold = 1
        self._db.prepared_max = PREPARED_MAX
        # By its size a number would be of four types, and a statement be prepared for each mix.
        self._db.adapters.register_dumper(int, Int8Dumper)
        for kind in ("uuid", "json", "jsonb"):
            self._db.adapters.register_loader(kind, TextLoader)
        self._db.adapters.register_loader("numeric", _NumberLoader)
        self._cursor = self._db.cursor()
        if not readonly:
            self._cursor.execute(_FLUSHED)

    def execute(self, text: str, params: dict[str, Any], before: Sequence[Write]) -> Cursor:
        if not before:
            return self._cursor.execute(text, params)
        with self._db.pipeline():
            self._queue(before)
            self._cursor.execute(text, params)
        return self._cursor

    def columns(self, cursor: Cursor) -> tuple[str, ...]:
        # `description` builds an object for each column: 24 µs for a dozen, this takes 2.
        result = cast("psycopg.Cursor[Any]", cursor).pgresult
        assert result is not None
        return _names(tuple([result.fname(place) for place in range(result.nfields)]))

    def begin(self, merchants: Sequence[int]) -> None:
        with self._db.pipeline():
            self._cursor.execute(_BEGIN)
            if merchants:
                self._cursor.execute(_LOCK, ([LOCKS + m for m in sorted(merchants)],))

    def begin_read(self) -> None:
        self._cursor.execute(_BEGIN_READ)

    def commit(self, writes: Sequence[Write] = (), topics: Sequence[str] = ()) -> None:
        with self._db.pipeline():
            self._queue(writes)
            if topics:
                self._cursor.execute("SELECT pg_notify(%s, %s)", (CHANNEL, self._payload(topics)))
            self._cursor.execute("COMMIT")
        if self._cursor.statusmessage != "COMMIT":
            # A COMMIT after an error that nobody looked at is a ROLLBACK, and no error.
            raise Undone(f"COMMIT was answered by {self._cursor.statusmessage}.")

    def rollback(self) -> None:
        # Not by a statement: psycopg's own also forgets what was prepared and may be gone.
        self._db.rollback()

    def close(self) -> None:
        self._db.close()

    def _queue(self, writes: Sequence[Write]) -> None:
        for text, many in runs(writes):
            if len(many) == 1:
                self._cursor.execute(text, many[0])
            else:
                self._cursor.executemany(text, many)

    def _payload(self, topics: Sequence[str]) -> str:
        words = " ".join((self._process, *topics))
        return words if len(words.encode()) <= TOPICS_BYTES_MAX else self._process


class PostgresBackend:
    reads_inline = False  # the server may be a network away

    def __init__(self, url: str) -> None:
        self.url = url
        self._process = secrets.token_hex(4)

    def connect(self, *, readonly: bool = False) -> Connection:
        return PostgresConnection(self.url, self._process, readonly=readonly)

    def failure(self, error: Exception) -> Failure | None:
        if not isinstance(error, psycopg.Error):
            return None
        state = error.sqlstate
        if state is None:  # not from the server
            lost = isinstance(error, psycopg.OperationalError)
            return Failure.LOST if lost else Failure.MINE
        return _MEANING.get(state) or _MEANING.get(state[:2], Failure.MINE)

    def watch(self, changed: Callable[[set[str] | None], None]) -> Callable[[], None]:
        listener = Listener(lambda: _connect(self.url), self._process, changed)
        listener.open()  # before anybody can wait
        thread = threading.Thread(target=listener.run, name="watch", daemon=True)
        thread.start()

        def end() -> None:
            listener.stop()
            thread.join()
            listener.close()

        return end

    def scrub(self) -> bool:
        return False  # its files and the archive of its log are the operator's

    def revision(self) -> str | None:
        with _connect(self.url) as db:
            found = db.execute("SELECT to_regclass('alembic_version')").fetchone()
            if not found or found[0] is None:
                return None
            row = db.execute("SELECT version_num FROM alembic_version").fetchone()
            return str(row[0]) if row else None


class _NumberLoader(Loader):
    """A sum of integers is an integer, as on SQLite; PostgreSQL calls it numeric."""

    def load(self, data: Buffer) -> int | Decimal:
        text = bytes(data).decode()
        return int(text) if text.lstrip("-").isdigit() else Decimal(text)


def _connect(url: str, **settings: int | str) -> psycopg.Connection[Any]:
    ours = (f"-c {name}={value}" for name, value in settings.items())
    given = conninfo_to_dict(url).get("options") or ""  # last, so that they win
    return psycopg.connect(
        url,
        autocommit=True,
        connect_timeout=CONNECT_SECONDS,
        client_encoding="UTF8",
        application_name="handbill",
        options=" ".join((*ours, str(given))).strip(),
        # A cut cable is noticed after half a minute, not after hours.
        keepalives_idle=10,
        keepalives_interval=5,
        keepalives_count=3,
        tcp_user_timeout=30_000,
    )


_NAMES: dict[tuple[bytes | None, ...], tuple[str, ...]] = {}


def _names(columns: tuple[bytes | None, ...]) -> tuple[str, ...]:
    known = _NAMES.get(columns)
    if known is None:
        known = _NAMES[columns] = tuple([(column or b"").decode() for column in columns])
    return known


_MEANING = {
    "40001": Failure.AGAIN,  # serialisation
    "40P01": Failure.AGAIN,  # deadlock
    "0A000": Failure.AGAIN,  # a migration changed what a prepared statement gives
    "26000": Failure.AGAIN,  # a prepared statement is gone
    "55P03": Failure.BUSY,  # lock_timeout
    "57014": Failure.BUSY,  # statement_timeout
    "53100": Failure.FULL,  # disk_full
    "25P03": Failure.LOST,  # idle_in_transaction_session_timeout ends the session
    "08": Failure.LOST,  # connection
    "53": Failure.LOST,  # out of memory, too many connections
    "57": Failure.LOST,  # shut down, crashed, starting up
    "58": Failure.LOST,  # the server's disk or kernel
    "XX": Failure.LOST,  # corrupted
}
"""https://www.postgresql.org/docs/15/errcodes-appendix.html: codes first, then their classes."""
