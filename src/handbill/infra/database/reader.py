"""Reading: each thread has a connection of its own, which cannot write.

A read that lost its connection is run once more on a new one: nothing can have happened twice.
"""

from __future__ import annotations

import asyncio
import contextvars
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import structlog

from handbill.infra.database.backend import Backend, Connection, Failure
from handbill.infra.database.tx import Tx
from handbill.kernel.clock import Clock
from handbill.kernel.errors import Unavailable

THREADS = 4

T = TypeVar("T")

log = structlog.get_logger()


class Readers:
    """A few threads that read, and the event loop's own connection where the database is a file."""

    def __init__(self, backend: Backend, clock: Clock) -> None:
        self._backend = backend
        self._clock = clock
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="reader")
        self._mine = threading.local()
        self._guard = threading.Lock()
        self._open: set[Connection] = set()
        self._closed = False

    async def read(self, fn: Callable[[Tx], T]) -> T:
        return await self._in_thread(fn, True)

    async def point(self, fn: Callable[[Tx], T]) -> T:
        if self._backend.reads_inline:
            return self._run(fn, False)
        return await self._in_thread(fn, False)

    def close(self) -> None:
        """Waits for what is being read."""
        self._closed = True
        self._threads.shutdown()
        with self._guard:
            for connection in self._open:
                connection.close()
            self._open.clear()

    async def _in_thread(self, fn: Callable[[Tx], T], snapshot: bool) -> T:
        self._refuse_when_closed()
        loop = asyncio.get_running_loop()
        # In the caller's context, so that what goes wrong there is logged under its request.
        run = contextvars.copy_context().run
        return await loop.run_in_executor(self._threads, run, self._run, fn, snapshot)

    def _run(self, fn: Callable[[Tx], T], snapshot: bool) -> T:
        self._refuse_when_closed()
        try:
            return self._try(fn, snapshot)
        except Exception as error:
            failure = self._backend.failure(error)
            if failure not in (Failure.LOST, Failure.AGAIN):
                self._explain(error, failure)
                raise
            log.info("read_again", error=str(error))
        try:
            return self._try(fn, snapshot)
        except Exception as error:
            self._explain(error, self._backend.failure(error))
            raise

    def _try(self, fn: Callable[[Tx], T], snapshot: bool) -> T:
        connection = self._connection()
        try:
            if snapshot:
                connection.begin_read()
            tx = Tx(connection, self._clock.now())
            result = fn(tx)
            tx.refuse_writes()
            if snapshot:
                connection.commit()
        except BaseException as error:
            self._clean(connection, error)
            raise
        return result

    def _connection(self) -> Connection:
        known: Connection | None = getattr(self._mine, "connection", None)
        if known is None:
            known = self._mine.connection = self._backend.connect(readonly=True)
            with self._guard:
                self._open.add(known)
        return known

    def _clean(self, connection: Connection, error: BaseException) -> None:
        failure = self._backend.failure(error) if isinstance(error, Exception) else None
        try:
            if failure not in (Failure.LOST, Failure.AGAIN):
                connection.rollback()
                return
        except Exception as worse:
            log.warning("read_rollback_failed", error=str(worse))
        self._mine.connection = None
        with self._guard:
            self._open.discard(connection)
        connection.close()

    def _refuse_when_closed(self) -> None:
        if self._closed:
            raise Unavailable("The server is stopping.")

    def _explain(self, error: Exception, failure: Failure | None) -> None:
        """Raises Unavailable for what is not the function's own error."""
        if failure is None or failure is Failure.MINE:
            return
        log.error("read_failed", failure=failure.value, exc_info=error)
        if failure is Failure.BUSY:
            raise Unavailable("The database took too long to answer.") from error
        raise Unavailable("The database does not answer.") from error
