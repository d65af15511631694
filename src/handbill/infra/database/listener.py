"""Hears what other processes announce through PostgreSQL, in a thread of its own.

Connects again when it was cut off, and then says that anything may have changed.
"""

from __future__ import annotations

import selectors
import socket
from collections.abc import Callable
from typing import Any

import psycopg
import structlog

CHANNEL = "handbill"
RECONNECT_SECONDS = 1

log = structlog.get_logger()


class Listener:
    """`open` it, `run` it in its thread, `stop` it from any other, and `close` it then."""

    def __init__(
        self,
        connect: Callable[[], psycopg.Connection[Any]],
        process: str,
        changed: Callable[[set[str] | None], None],
    ) -> None:
        """`process` begins the payload of our own notifications, which nobody needs twice."""
        self._connect = connect
        self._process = process
        self._changed = changed
        self._db: psycopg.Connection[Any] | None = None
        self._stopped, self._stopper = socket.socketpair()
        self._waiting = selectors.DefaultSelector()
        self._waiting.register(self._stopped, selectors.EVENT_READ)

    def open(self) -> None:
        self._db = self._connect()
        self._db.execute(f"LISTEN {CHANNEL}")

    def run(self) -> None:
        while True:
            try:
                if self._db is None:
                    self.open()
                    self._changed(None)  # what was said while nobody listened
                if self._hear():
                    return
            except psycopg.Error as error:
                log.warning("watch_failed", error=str(error))
                self._close()
                if self._stops(after_seconds=RECONNECT_SECONDS):
                    return

    def stop(self) -> None:
        self._stopper.send(b"x")

    def close(self) -> None:
        self._close()
        self._waiting.close()
        self._stopped.close()
        self._stopper.close()

    def _hear(self) -> bool:
        """Passes on what others announce; gives True at the end, raises when cut off."""
        assert self._db is not None
        descriptor = self._db.fileno()
        self._waiting.register(descriptor, selectors.EVENT_READ)
        try:
            while not self._stops(after_seconds=None):
                for notice in self._db.notifies(timeout=0):
                    process, *topics = notice.payload.split()
                    if process != self._process:
                        self._changed(set(topics) or None)
        finally:
            self._waiting.unregister(descriptor)
        return True

    def _close(self) -> None:
        db, self._db = self._db, None
        if db is not None:
            db.close()

    def _stops(self, *, after_seconds: float | None) -> bool:
        """Waits for news or the end; tells whether it is the end. None: as long as it takes."""
        ready = self._waiting.select(after_seconds)
        return any(key.fileobj is self._stopped for key, _ in ready)
