"""PostgreSQL 15 or later, READ COMMITTED. Loaded only where a database URL asks for it.

A batch takes its merchants' advisory locks first, in ascending order: unordered locks made two
processes deadlock in a trial. Rows of a merchant are written only under its lock.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Any

import psycopg
from psycopg.types.string import TextLoader

from handbill.infra.database.backend import Connection, Failure
from handbill.infra.database.tx import Cursor, Write

CHANNEL = "handbill"
CONNECT_SECONDS = 5
STATEMENT_MILLISECONDS = 30_000
READ_MILLISECONDS = 5_000
TOPICS_BYTES_MAX = 7_000  # a NOTIFY carries less than 8,000


class PostgresConnection:
    paramstyle = "pyformat"

    def __init__(self, url: str, *, readonly: bool) -> None:
        milliseconds = READ_MILLISECONDS if readonly else STATEMENT_MILLISECONDS
        self._db = psycopg.connect(
            url,
            autocommit=True,
            connect_timeout=CONNECT_SECONDS,
            prepare_threshold=1,
            options=f"-c statement_timeout={milliseconds} -c timezone=UTC",
        )
        self._db.adapters.register_loader("uuid", TextLoader)
        self._db.read_only = readonly
        self._cursor = self._db.cursor()

    def execute(self, text: str, params: dict[str, Any]) -> Cursor:
        return self._cursor.execute(text, params)

    def send(self, writes: list[Write]) -> None:
        with self._db.pipeline():
            for text, many in _runs(writes):
                if len(many) == 1:
                    self._cursor.execute(text, many[0])
                else:
                    self._cursor.executemany(text, many)

    def begin(self, merchants: Sequence[int]) -> None:
        with self._db.pipeline():
            self._cursor.execute("BEGIN")
            if merchants:
                self._cursor.execute(
                    "SELECT pg_advisory_xact_lock(m) FROM unnest(%s::bigint[]) AS m",
                    (list(merchants),),
                )

    def begin_read(self) -> None:
        self._cursor.execute("BEGIN")

    def savepoint(self) -> None:
        self._cursor.execute("SAVEPOINT function")

    def release(self) -> None:
        # Deferred constraints are judged here, so that one function's breach is its own.
        self._cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        self._cursor.execute("SET CONSTRAINTS ALL DEFERRED")
        self._cursor.execute("RELEASE SAVEPOINT function")

    def rollback_to_savepoint(self) -> None:
        self._cursor.execute("ROLLBACK TO SAVEPOINT function")

    def publish(self, topics: Sequence[str]) -> None:
        if topics:
            words = " ".join(topics)
            payload = words if len(words.encode()) <= TOPICS_BYTES_MAX else ""
            self._cursor.execute("SELECT pg_notify(%s, %s)", (CHANNEL, payload))

    def commit(self) -> None:
        self._cursor.execute("COMMIT")

    def rollback(self) -> None:
        self._cursor.execute("ROLLBACK")

    def close(self) -> None:
        self._db.close()


class PostgresBackend:
    reads_inline = False  # the server may be a network away

    def __init__(self, url: str) -> None:
        self.url = url

    def connect(self, *, readonly: bool = False) -> Connection:
        return PostgresConnection(self.url, readonly=readonly)

    def failure(self, error: Exception) -> Failure:
        if not isinstance(error, psycopg.Error):
            return Failure.MINE
        state = error.sqlstate or ""
        if state in ("40001", "40P01", "55P03"):
            return Failure.AGAIN
        if state in ("53100", "53200"):
            return Failure.FULL
        if not state or state.startswith(("08", "57")):
            return Failure.LOST
        return Failure.MINE

    def watch(self, changed: Callable[[set[str] | None], None]) -> Callable[[], None]:
        stop = threading.Event()

        def listen() -> None:
            while not stop.is_set():
                try:
                    with psycopg.connect(
                        self.url, autocommit=True, connect_timeout=CONNECT_SECONDS
                    ) as db:
                        db.execute(f"LISTEN {CHANNEL}")
                        changed(None)  # what was said while nobody listened
                        while not stop.is_set():
                            for notice in db.notifies(timeout=0.5):
                                changed(set(notice.payload.split()) or None)
                except psycopg.Error:
                    stop.wait(1)

        thread = threading.Thread(target=listen, name="watch", daemon=True)
        thread.start()

        def end() -> None:
            stop.set()
            thread.join()

        return end

    def revision(self) -> str | None:
        with psycopg.connect(self.url, connect_timeout=CONNECT_SECONDS) as db:
            found = db.execute("SELECT to_regclass('alembic_version')").fetchone()
            if not found or found[0] is None:
                return None
            row = db.execute("SELECT version_num FROM alembic_version").fetchone()
            return str(row[0]) if row else None


def _runs(writes: list[Write]) -> list[tuple[str, list[dict[str, Any]]]]:
    """Neighbours of the same text together, the order kept."""
    runs: list[tuple[str, list[dict[str, Any]]]] = []
    for text, params in writes:
        if runs and runs[-1][0] == text:
            runs[-1][1].append(params)
        else:
            runs.append((text, [params]))
    return runs
