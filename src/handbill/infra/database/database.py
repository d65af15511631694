"""The face of the database: write, read, wait for a change."""

from __future__ import annotations

import asyncio
import importlib
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar, cast

from handbill.infra.database.backend import Backend, Connection
from handbill.infra.database.sqlite import SqliteBackend
from handbill.infra.database.tx import Tx
from handbill.infra.database.writer import Writer
from handbill.kernel.clock import Clock

READERS = 4

T = TypeVar("T")


class Database:
    """Create it, use it and close it in the process that serves; close() finishes what waits."""

    def __init__(self, backend: Backend, clock: Clock) -> None:
        self.backend = backend
        self._clock = clock
        self._waiters: set[tuple[str, asyncio.AbstractEventLoop, asyncio.Event]] = set()
        self._guard = threading.Lock()
        self._writer = Writer(backend, clock, self._wake)
        self._readers = ThreadPoolExecutor(READERS, thread_name_prefix="reader")
        self._mine = threading.local()
        self._connections: list[Connection] = []
        self._unwatch = backend.watch(self._wake)

    async def write(self, fn: Callable[[Tx], T], *, merchant: int | None = None) -> T:
        """Runs `fn` in a transaction and answers when it is on the disk.

        `merchant` names whose rows `fn` writes; functions of one merchant never run side by side.
        """
        return cast(T, await self._writer.write(fn, merchant))

    async def read(self, fn: Callable[[Tx], T]) -> T:
        """Runs `fn`, which only reads, on one snapshot (SQLite) and in a reader thread."""
        return await asyncio.get_running_loop().run_in_executor(self._readers, self._read, fn)

    async def point(self, fn: Callable[[Tx], T]) -> T:
        """Like `read`, for a few rows by key: on the spot where the database is a file."""
        if self.backend.reads_inline:
            return self._read(fn)
        return await self.read(fn)

    async def changed(self, topic: str, timeout_seconds: float) -> bool:
        """Waits until a commit announced `topic`, here or in another process. May wake in vain.

        To miss nothing, take `subscription` first, look, then wait.
        """
        with self.subscription(topic) as waiting:
            return await waiting.wait(timeout_seconds)

    def subscription(self, topic: str) -> Subscription:
        return Subscription(self, topic)

    def close(self) -> None:
        self._unwatch()
        self._writer.close()
        self._readers.shutdown()
        for connection in self._connections:
            connection.close()
        self._connections.clear()

    def _read(self, fn: Callable[[Tx], T]) -> T:
        connection: Connection | None = getattr(self._mine, "connection", None)
        if connection is None:
            connection = self.backend.connect(readonly=True)
            self._mine.connection = connection
            self._connections.append(connection)
        try:
            connection.begin_read()
            result = fn(Tx(connection, self._clock.now()))
            connection.commit()
            return result
        except BaseException:
            try:
                connection.rollback()
            except Exception:
                self._mine.connection = None
                self._connections.remove(connection)
                connection.close()
            raise

    def _wake(self, topics: set[str] | None) -> None:
        """From any thread. None: somebody changed something."""
        with self._guard:
            woken = [(loop, event) for topic, loop, event in self._waiters
                     if topics is None or topic in topics]
        for loop, event in woken:
            try:
                loop.call_soon_threadsafe(event.set)
            except RuntimeError:  # its loop is closed
                continue


class Subscription:
    """Remembers whether `topic` was announced since it was opened or last waited for."""

    def __init__(self, database: Database, topic: str) -> None:
        self._database = database
        self._event = asyncio.Event()
        self._entry = (topic, asyncio.get_running_loop(), self._event)

    def __enter__(self) -> Subscription:
        with self._database._guard:
            self._database._waiters.add(self._entry)
        return self

    def __exit__(self, *_: Any) -> None:
        with self._database._guard:
            self._database._waiters.discard(self._entry)

    async def wait(self, timeout_seconds: float) -> bool:
        """True when something was announced, False when the time is up."""
        try:
            await asyncio.wait_for(self._event.wait(), timeout_seconds)
        except TimeoutError:
            return False
        self._event.clear()
        return True


def open_database(url: str, clock: Clock) -> Database:
    """`sqlite:///path/to/file` or `postgresql://...`."""
    return Database(open_backend(url), clock)


def open_backend(url: str) -> Backend:
    if url.startswith("sqlite:///"):
        return SqliteBackend(Path(url.removeprefix("sqlite:///")))
    # By name: psycopg costs 10 MiB that an embedded installation need not pay.
    module = importlib.import_module("handbill.infra.database.postgres")
    return cast(Backend, module.PostgresBackend(url))
