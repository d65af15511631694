"""Group commit: one thread takes the functions that wait, runs them in one transaction, commits once.

A commit costs a disk flush; sharing it is what makes durable writes fast. The promises:
- An answered write is on disk.
- A function that raises before its first write fails alone. One that raises after a write undoes
  the batch, which is then run again with a savepoint around each function, so that its neighbours
  pass; functions may therefore run twice.
- An error from COMMIT means unknown: nothing is run again (`WriteUnknown`). A full disk is known.
"""

from __future__ import annotations

import asyncio
import os
import queue
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import structlog

from handbill.infra.database.backend import Backend, Connection, Failure
from handbill.infra.database.tx import Tx, Write
from handbill.kernel.clock import Clock
from handbill.kernel.errors import HandbillError, StorageFull, Unavailable, WriteUnknown

BATCH_MAX = 256
WAITING_MAX = 20_000
TRIES_MAX = 5

log = structlog.get_logger()


@dataclass(slots=True, eq=False)
class Pending:
    """A function that waits, and what came of it."""

    fn: Callable[[Tx], Any]
    merchant: int | None
    loop: asyncio.AbstractEventLoop
    future: asyncio.Future[Any]
    result: Any = None
    error: BaseException | None = None


class _Undo(Exception):
    """The batch met an error after a write."""


class Writer:
    """Owns the only connection that writes. `committed` is called from its thread with the topics."""

    def __init__(
        self, backend: Backend, clock: Clock, committed: Callable[[set[str]], None]
    ) -> None:
        self._backend = backend
        self._clock = clock
        self._committed = committed
        self._waiting: queue.SimpleQueue[Pending | None] = queue.SimpleQueue()
        self._connection: Connection | None = backend.connect()
        self._closed = False
        self._thread = threading.Thread(target=self._work, name="writer", daemon=True)
        self._thread.start()

    async def write(self, fn: Callable[[Tx], Any], merchant: int | None) -> Any:
        if self._closed:
            raise Unavailable("The server is stopping.")
        if self._waiting.qsize() >= WAITING_MAX:
            raise Unavailable("Too many writes wait; try again in a moment.")
        loop = asyncio.get_running_loop()
        pending = Pending(fn, merchant, loop, loop.create_future())
        self._waiting.put(pending)
        return await pending.future

    def close(self) -> None:
        """Finishes what waits, then ends the thread. Idempotent."""
        if not self._closed:
            self._closed = True
            self._waiting.put(None)
        self._thread.join()

    def _work(self) -> None:
        while (first := self._waiting.get()) is not None:
            batch, stop = [first], False
            while len(batch) < BATCH_MAX:
                try:
                    item = self._waiting.get_nowait()
                except queue.Empty:
                    break
                if item is None:
                    stop = True
                    break
                batch.append(item)
            self._settle(batch)
            _answer(batch)
            if stop:
                break
        if self._connection is not None:
            self._connection.close()

    def _settle(self, batch: list[Pending]) -> None:
        """Gives every function of the batch a result or an error. Never raises."""
        careful = False
        for _ in range(TRIES_MAX):
            for pending in batch:
                pending.result = pending.error = None
            try:
                connection = self._connect()
                topics = self._run(connection, batch, careful)
            except _Undo:
                self._rollback()
                careful = True
                continue
            except Exception as error:
                self._rollback()
                if self._backend.failure(error) is Failure.AGAIN:
                    continue
                self._refuse(batch, error)
                return
            self._commit(connection, batch, topics)
            return
        self._refuse(batch, Unavailable("The database is busy; try again in a moment."))

    def _run(self, connection: Connection, batch: list[Pending], careful: bool) -> set[str]:
        connection.begin(sorted({p.merchant for p in batch if p.merchant is not None}))
        now = self._clock.now()
        later: list[Write] = []
        whole = Tx(connection, now, later)
        for pending in batch:
            tx = Tx(connection, now, later)
            if careful:
                self._run_carefully(connection, pending, tx, whole)
            else:
                self._run_plainly(pending, tx, whole)
        try:
            whole.settle()
        except Exception as error:
            if careful or self._backend.failure(error) is not Failure.MINE:
                raise
            raise _Undo from error
        connection.publish(sorted(whole.topics))
        return whole.topics

    def _run_plainly(self, pending: Pending, tx: Tx, whole: Tx) -> None:
        try:
            pending.result = pending.fn(tx)
            whole.absorb(tx)
        except HandbillError as error:
            if tx.wrote:
                raise _Undo from error
            tx.forget()
            pending.error = error
        except Exception as error:
            if self._backend.failure(error) is not Failure.MINE:
                raise
            raise _Undo from error

    def _run_carefully(
        self, connection: Connection, pending: Pending, tx: Tx, whole: Tx
    ) -> None:
        connection.savepoint()
        try:
            pending.result = pending.fn(tx)
            tx.settle()
        except Exception as error:
            if not isinstance(error, HandbillError):
                if self._backend.failure(error) is not Failure.MINE:
                    raise
                log.error("write_failed", exc_info=error)
            tx.forget()
            connection.rollback_to_savepoint()
            pending.error = error
        else:
            whole.absorb(tx)
        connection.release()

    def _commit(self, connection: Connection, batch: list[Pending], topics: set[str]) -> None:
        try:
            connection.commit()
        except Exception as error:
            failure = self._backend.failure(error)
            log.error("commit_failed", failure=failure.value, error=str(error))
            if failure is Failure.BROKEN:
                # The disk no longer keeps what it is told. Going on would acknowledge lost money.
                os._exit(74)
            self._rollback()
            if failure is Failure.FULL:
                self._refuse(batch, error)
            else:
                unknown = WriteUnknown("The write was sent, but its end is not known.")
                for pending in batch:
                    pending.error = pending.error or unknown
            return
        self._committed(topics)

    def _refuse(self, batch: list[Pending], error: Exception) -> None:
        """Nothing was written: every function of the batch gets a clear reason."""
        reason: Exception = error
        failure = self._backend.failure(error)
        if failure is Failure.FULL:
            reason = StorageFull("The disk is full; nothing was written.")
        elif not isinstance(error, HandbillError):
            log.error("write_refused", failure=failure.value, exc_info=error)
            reason = Unavailable("The database does not answer; nothing was written.")
        for pending in batch:
            pending.error = pending.error or reason

    def _connect(self) -> Connection:
        if self._connection is None:
            self._connection = self._backend.connect()
        return self._connection

    def _rollback(self) -> None:
        connection = self._connection
        if connection is None:
            return
        try:
            connection.rollback()
        except Exception:
            self._connection = None
            try:
                connection.close()
            except Exception as error:
                log.warning("connection_close_failed", error=str(error))


def _answer(batch: list[Pending]) -> None:
    by_loop: dict[asyncio.AbstractEventLoop, list[Pending]] = {}
    for pending in batch:
        by_loop.setdefault(pending.loop, []).append(pending)
    for loop, answered in by_loop.items():
        try:
            loop.call_soon_threadsafe(_resolve, answered)
        except RuntimeError:  # the loop is closed: nobody waits any more
            continue


def _resolve(batch: list[Pending]) -> None:
    for pending in batch:
        if pending.future.done():
            continue
        if pending.error is not None:
            pending.future.set_exception(pending.error)
        else:
            pending.future.set_result(pending.result)
