"""The face of the database: write, read, wait for a change."""

from __future__ import annotations

import asyncio
import importlib
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple, TypeVar, cast

from handbill.infra.database.backend import Backend
from handbill.infra.database.changes import Changes, Subscription
from handbill.infra.database.reader import Readers
from handbill.infra.database.sqlite import SqliteBackend
from handbill.infra.database.tx import Tx
from handbill.infra.database.writer import Writer
from handbill.infra.tallies import Tallies
from handbill.kernel.clock import Clock

T = TypeVar("T")

UNSEEN_SECONDS = 0.5
"""How long a commit of another process may stay unknown to `is_unchanged`."""


class Mark(NamedTuple):
    """A moment in the life of the database, as far as this process knows it."""

    changes: int
    at_seconds: float


class Database:
    """Create it, use it and close it in the process that serves; close() finishes what waits."""

    def __init__(self, backend: Backend, clock: Clock) -> None:
        self.backend = backend
        self.tallies = Tallies()
        """Commits, and what functions counted in them; others of this process count here too."""
        self._changes = Changes()
        self._writer = Writer(backend, clock, self._changes.wake, self.tallies)
        self._readers = Readers(backend, clock)
        self._unwatch = backend.watch(self._changes.wake)
        self._closed = False

    async def write(self, fn: Callable[[Tx], T], *, merchant: int | None = None) -> T:
        """Runs `fn` in a transaction and answers when it is on the disk.

        `merchant` names whose rows `fn` writes; functions of one merchant never run side by side.
        Raises what `fn` raises; StorageFull or another Unavailable when nothing was written;
        WriteUnknown when nobody can tell. A caller that is cancelled does not stop `fn`.
        """
        return cast(T, await self._writer.write(fn, merchant))

    async def read(self, fn: Callable[[Tx], T]) -> T:
        """Runs `fn`, which only reads, in a reader thread; all of it sees the same moment.

        Raises Unavailable when the database does not answer, or takes over 5 seconds.
        """
        return await self._readers.read(fn)

    async def point(self, fn: Callable[[Tx], T]) -> T:
        """Like `read`, for a few rows by key: on the spot where the database is a file, in a
        single way there and back elsewhere. Each statement sees the newest commits."""
        return await self._readers.point(fn)

    async def changed(self, topic: str, timeout_seconds: float) -> bool:
        """Waits until a commit announced `topic`, here or in another process. May wake in vain.

        To miss nothing, take `subscription` first, look, then wait.
        """
        with self.subscription(topic) as waiting:
            return await waiting.wait(timeout_seconds)

    def subscription(self, topic: str) -> Subscription:
        return Subscription(self._changes, topic)

    def mark(self) -> Mark:
        """To be taken before a reading whose result is kept."""
        return Mark(self._changes.count, time.monotonic())

    def is_unchanged(self, mark: Mark) -> bool:
        """Whether what was read after `mark` is still so: for sure as to commits that this process
        has answered, and within half a second as to those of others."""
        young = time.monotonic() - mark.at_seconds < UNSEEN_SECONDS
        return young and mark.changes == self._changes.count

    async def scrub(self) -> bool:
        """Leaves no copy of what was erased in the files of the database, nor in its log. False
        where one may stay: on PostgreSQL, in a large file, or because of others who read."""
        return await asyncio.to_thread(self.backend.scrub)

    @property
    def waiting(self) -> int:
        """How many writes wait for their transaction."""
        return self._writer.waiting

    def close(self) -> None:
        """Blocks until what waits is written and answered. Idempotent."""
        self._writer.close()
        self._readers.close()
        if not self._closed:
            self._closed = True
            self._unwatch()


def open_database(url: str, clock: Clock) -> Database:
    """`sqlite:///path/to/file` or `postgresql://...`."""
    return Database(open_backend(url), clock)


def open_backend(url: str) -> Backend:
    if url.startswith("sqlite:///"):
        return SqliteBackend(Path(url.removeprefix("sqlite:///")))
    # By name: psycopg costs 10 MiB that an embedded installation need not pay.
    module = importlib.import_module("handbill.infra.database.postgres")
    return cast(Backend, module.PostgresBackend(url))
