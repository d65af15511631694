"""Group commit: one thread takes the functions that wait and runs them in one transaction.

A commit costs a disk flush; sharing it is what makes durable writes fast. The promises:
- An answered write is on disk.
- A function that raises before it changed a row fails alone.
- One that raises afterwards undoes the batch, which is run again in pieces: what stood before it,
  itself, what stood after it. Where nobody knows whose error it is, each half by itself. So its
  neighbours pass; a function may run several times, and is committed once or not at all.
- When a COMMIT gets no answer its outcome is unknown: nothing is run again (`WriteUnknown`).
"""

from __future__ import annotations

import asyncio
import os
import queue
import sys
import threading
from collections import deque
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from enum import Enum
from typing import Any

import structlog

from handbill.infra.database.backend import Backend, Connection, Failure
from handbill.infra.database.sql import Write
from handbill.infra.database.tx import Tx
from handbill.infra.tallies import Tallies
from handbill.kernel.clock import Clock
from handbill.kernel.errors import HandbillError, StorageFull, Unavailable, WriteUnknown

BATCH_MAX = 256
WAITING_MAX = 20_000
TRIES_MAX = 5
SWITCH_SECONDS = 0.0005
EXIT_BROKEN_DISK = 74  # EX_IOERR of sysexits.h

log = structlog.get_logger()


@dataclass(slots=True, eq=False)
class Pending:
    """A function that waits, and what came of it."""

    fn: Callable[[Tx], Any]
    merchant: int | None
    loop: asyncio.AbstractEventLoop
    future: asyncio.Future[Any]
    result: Any = None
    error: Exception | None = None


Batch = list[Pending]


class Stage(Enum):
    OPENING = "opening"
    RUNNING = "running"
    COMMITTING = "committing"


class Stopped(Exception):
    """A transaction met `error`. `culprit` is the place of the function that did, if one did."""

    def __init__(self, error: Exception, stage: Stage, culprit: int | None = None) -> None:
        super().__init__(str(error))
        self.error = error
        self.stage = stage
        self.culprit = culprit


class Writer:
    """Owns the only connection that writes. `committed` gets the topics, in its thread."""

    def __init__(
        self,
        backend: Backend,
        clock: Clock,
        committed: Callable[[set[str]], None],
        tallies: Tallies,
    ) -> None:
        self._backend = backend
        self._clock = clock
        self._committed = committed
        self._tallies = tallies
        self._waiting: queue.SimpleQueue[Pending | None] = queue.SimpleQueue()
        self._connection: Connection | None = backend.connect()
        # Every statement gives the interpreter's lock away; a busy event loop gives it back only
        # after this long, and Python's own 5 ms made 40 writes a second of 300.
        sys.setswitchinterval(min(SWITCH_SECONDS, sys.getswitchinterval()))
        self._closing = threading.Lock()
        self._closed = False
        self._thread = threading.Thread(target=self._work, name="writer", daemon=True)
        self._thread.start()

    async def write(self, fn: Callable[[Tx], Any], merchant: int | None) -> Any:
        if self._waiting.qsize() >= WAITING_MAX:
            raise Unavailable("Too many writes wait; try again in a moment.")
        loop = asyncio.get_running_loop()
        pending = Pending(fn, merchant, loop, loop.create_future())
        with self._closing:  # what is queued after the end would wait for ever
            if self._closed:
                raise Unavailable("The server is stopping.")
            self._waiting.put(pending)
        return await pending.future

    @property
    def waiting(self) -> int:
        return self._waiting.qsize()

    def close(self) -> None:
        """Finishes what waits, then ends the thread. Idempotent."""
        with self._closing:
            if not self._closed:
                self._closed = True
                self._waiting.put(None)
        self._thread.join()

    def _work(self) -> None:
        going = True
        while going:
            batch, going = self._take()
            pieces = deque([batch] if batch else [])
            while pieces:
                piece = pieces.popleft()
                pieces.extendleft(reversed(self._settle_safely(piece)))
        self._drop()

    def _take(self) -> tuple[Batch, bool]:
        """What waits, at least one; False with the last of it."""
        batch: Batch = []
        while len(batch) < BATCH_MAX:
            try:
                item = self._waiting.get(block=not batch)
            except queue.Empty:
                break
            if item is None:
                return batch, False
            batch.append(item)
        return batch, True

    def _settle_safely(self, batch: Batch) -> list[Batch]:
        try:
            return self._settle(batch)
        except Exception as error:  # a mistake of ours must not end the only thread that writes
            log.critical("writer_failed", exc_info=error)
            self._drop()
            for pending in batch:
                pending.error = WriteUnknown("The write met a fault; its end is not known.")
            self._committed(set())
            _answer(batch)
            return []

    def _settle(self, batch: Batch) -> list[Batch]:
        """Answers every function of the batch, or gives the pieces in which to run it again."""
        for tries in range(1, TRIES_MAX + 1):
            try:
                topics = self._transact(batch)
            except Stopped as stopped:
                failure = self._backend.failure(stopped.error)
                self._clean_up(failure)
                if self._may_try_again(stopped, failure, tries):
                    continue
                if len(batch) > 1 and _is_of_a_function(stopped, failure):
                    return _pieces(batch, stopped.culprit)
                _refuse(batch, stopped, failure)
                topics = set()  # nobody knows of which, should it be committed all the same
            self._committed(topics)
            break
        _answer(batch)
        return []

    def _transact(self, batch: Batch) -> set[str]:
        """Raises Stopped, and nothing else."""
        try:
            connection = self._connect()
            connection.begin(sorted({p.merchant for p in batch if p.merchant is not None}))
        except Exception as error:
            raise Stopped(error, Stage.OPENING) from error
        # After the locks: what waited for them must not carry an older time than what held them.
        now = self._clock.now()
        later: list[Write] = []
        known: dict[Hashable, Any] = {}
        whole = Tx(connection, now, later, known)
        for place, pending in enumerate(batch):
            tx = Tx(connection, now, later, known)
            _run(pending, tx)
            met = tx.failed or pending.error
            if met is None:
                whole.absorb(tx)
            elif tx.wrote:
                raise Stopped(met, Stage.RUNNING, place) from met
            else:
                tx.forget()
        try:
            rest = whole.settle()
        except Exception as error:
            raise Stopped(error, Stage.RUNNING) from error
        try:
            connection.commit(rest, sorted(whole.topics))
        except Exception as error:
            raise Stopped(error, Stage.COMMITTING) from error
        self._tallies.count_all([*whole.counted, ("commits", ())])
        self._tallies.count("committed_writes", by=len(batch))
        return whole.topics

    def _may_try_again(self, stopped: Stopped, failure: Failure | None, tries: int) -> bool:
        if failure is Failure.AGAIN:
            return tries < TRIES_MAX
        # A connection may have died long ago. The first function to notice gets a new one.
        return failure is Failure.LOST and stopped.stage is not Stage.COMMITTING and tries == 1

    def _connect(self) -> Connection:
        if self._connection is None:
            self._connection = self._backend.connect()
        return self._connection

    def _clean_up(self, failure: Failure | None) -> None:
        if failure is Failure.BROKEN:
            # Going on would acknowledge lost money, and a kernel that could not write a page calls
            # it clean afterwards. A new start reads what is really there.
            log.critical("disk_broken", exit_code=EXIT_BROKEN_DISK)
            os._exit(EXIT_BROKEN_DISK)
        if failure is Failure.LOST:
            self._drop()
        elif self._connection is not None:
            try:
                self._connection.rollback()
            except Exception as error:
                log.warning("rollback_failed", error=str(error))
                self._drop()

    def _drop(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            try:
                connection.close()
            except Exception as error:
                log.warning("connection_close_failed", error=str(error))


def _run(pending: Pending, tx: Tx) -> None:
    pending.result = pending.error = None
    try:
        pending.result = pending.fn(tx)
    except BaseException as error:
        if isinstance(error, Exception) and not isinstance(error, StopIteration):
            pending.error = error
        else:  # a future cannot carry it, or would take it for its own cancellation
            pending.error = RuntimeError(f"a function of a transaction raised {error!r}")
            pending.error.__cause__ = error


def _is_of_a_function(stopped: Stopped, failure: Failure | None) -> bool:
    """Whether a part of the batch may fare better than the whole."""
    return stopped.stage is not Stage.OPENING and failure in (None, Failure.MINE, Failure.BUSY)


def _pieces(batch: Batch, culprit: int | None) -> list[Batch]:
    """In order; at least two."""
    if culprit is None:
        half = len(batch) // 2
        return [batch[:half], batch[half:]]
    pieces = [batch[:culprit], batch[culprit : culprit + 1], batch[culprit + 1 :]]
    return [piece for piece in pieces if piece]


def _refuse(batch: Batch, stopped: Stopped, failure: Failure | None) -> None:
    """Gives every function a clear reason, also one that was refused already: it may have been
    refused for the sake of a neighbour's rows, which are not there now."""
    own = failure in (None, Failure.MINE) and stopped.stage is not Stage.OPENING
    if not own:
        log.error(
            "write_refused",
            stage=stopped.stage.value,
            failure=failure.value if failure else None,
            functions=len(batch),
            exc_info=stopped.error,
        )
    for pending in batch:
        pending.error = stopped.error if own else _reason(stopped.stage, failure)


def _reason(stage: Stage, failure: Failure | None) -> HandbillError:
    if failure is Failure.FULL:
        return StorageFull("The disk is full; nothing was written.")
    if failure is Failure.LOST and stage is Stage.COMMITTING:
        return WriteUnknown("The write was sent, but its end is not known.")
    if failure in (Failure.BUSY, Failure.AGAIN):
        return Unavailable("The database is busy; nothing was written.")
    return Unavailable("The database does not answer; nothing was written.")


def _answer(batch: Batch) -> None:
    by_loop: dict[asyncio.AbstractEventLoop, Batch] = {}
    for pending in batch:
        by_loop.setdefault(pending.loop, []).append(pending)
    for loop, answered in by_loop.items():
        try:
            loop.call_soon_threadsafe(_resolve, answered)
        except RuntimeError:  # the loop is closed: nobody waits any more
            continue


def _resolve(batch: Batch) -> None:
    for pending in batch:
        if pending.future.done():  # its caller was cancelled
            continue
        if pending.error is not None:
            pending.future.set_exception(pending.error)
        else:
            pending.future.set_result(pending.result)
