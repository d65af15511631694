"""Group commit under the eyes of a test: functions put into one batch, transactions counted,
faults put where the disk or the network would put them."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from handbill.infra.database import Database, Tx
from handbill.infra.database.backend import Backend, Connection, Failure
from handbill.infra.database.sql import Write
from handbill.infra.database.work import Cursor

GATE_SECONDS_MAX = 30
Hook = Callable[[Connection], None]


async def together(
    db: Database, *functions: Callable[[Tx], Any], merchant: int | None = None
) -> list[Any]:
    """Runs the functions in one batch, in this order. Gives their results or their exceptions."""
    return list(await asyncio.gather(*await queued(db, *functions, merchant=merchant)))


async def queued(
    db: Database, *functions: Callable[[Tx], Any], merchant: int | None = None
) -> list[Awaitable[Any]]:
    """All of them queued while the writer was held up, so that it takes them at once."""
    loop = asyncio.get_running_loop()
    held, release = asyncio.Event(), threading.Event()

    def hold(tx: Tx) -> None:
        loop.call_soon_threadsafe(held.set)
        assert release.wait(GATE_SECONDS_MAX)

    holding = asyncio.create_task(db.write(hold))
    async with asyncio.timeout(GATE_SECONDS_MAX):
        await held.wait()
    waiting = [
        asyncio.create_task(outcome(db.write(function, merchant=merchant)))
        for function in functions
    ]
    await asyncio.sleep(0)  # every task runs up to its place in the queue
    release.set()
    await holding
    return list(waiting)


async def outcome(waiting: Awaitable[Any]) -> Any:
    """The result, or the exception as a value."""
    try:
        return await waiting
    except Exception as error:
        return error


class Watched:
    """A backend whose writing connection counts what it does and calls hooks. A hook may raise."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend
        self.reads_inline = backend.reads_inline
        self.revision = backend.revision
        self.watch = backend.watch
        self.scrub = backend.scrub
        self.connected = self.begun = self.committed = self.rolled_back = 0
        self.before_begin: Hook = _nothing
        self.before_statement: Hook = _nothing
        self.before_commit: Hook = _nothing
        self.after_commit: Hook = _nothing

    def connect(self, *, readonly: bool = False) -> Connection:
        connection = self._backend.connect(readonly=readonly)
        if readonly:
            return connection
        self.connected += 1
        return _WatchedConnection(self, connection)

    def failure(self, error: Exception) -> Failure | None:
        return error.failure if isinstance(error, Fault) else self._backend.failure(error)

    def forget(self) -> None:
        """Starts counting anew."""
        self.connected = self.begun = self.committed = self.rolled_back = 0


class Fault(Exception):
    """An error of the driver, as `failure` reads it."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.value)
        self.failure = failure


def once(failure: Failure, times: int = 1) -> Hook:
    """A hook that raises the first `times` times."""
    left = times

    def hook(connection: Connection) -> None:
        nonlocal left
        if left:
            left -= 1
            raise Fault(failure)

    return hook


class _WatchedConnection:
    def __init__(self, watched: Watched, connection: Connection) -> None:
        self._watched = watched
        self._connection = connection
        self.paramstyle = connection.paramstyle
        self.columns = connection.columns
        self.begin_read = connection.begin_read
        self.close = connection.close

    def begin(self, merchants: Sequence[int]) -> None:
        self._watched.before_begin(self._connection)
        self._connection.begin(merchants)
        self._watched.begun += 1

    def execute(self, text: str, params: dict[str, Any], before: Sequence[Write]) -> Cursor:
        self._watched.before_statement(self._connection)
        return self._connection.execute(text, params, before)

    def commit(self, writes: Sequence[Write] = (), topics: Sequence[str] = ()) -> None:
        self._watched.before_commit(self._connection)
        self._connection.commit(writes, topics)
        self._watched.after_commit(self._connection)
        self._watched.committed += 1

    def rollback(self) -> None:
        self._connection.rollback()
        self._watched.rolled_back += 1


def _nothing(connection: Connection) -> None:
    return None
