"""What the writer and the readers ask of a database. One module for each keeps it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import Enum
from typing import Protocol

from handbill.infra.database.tx import Session


class Failure(Enum):
    """What an error of the driver means for the batch that met it."""

    MINE = "mine"  # the function's own: a constraint, a wrong statement
    AGAIN = "again"  # the database undid the batch and asks to try again (deadlock)
    FULL = "full"  # no space; undone
    LOST = "lost"  # the connection or the disk: at COMMIT, nobody knows
    BROKEN = "broken"  # the disk lies (EIO): the process must end


class Connection(Session, Protocol):
    """A session that can begin and end transactions. Used by one thread at a time."""

    def begin(self, merchants: Sequence[int]) -> None:
        """Opens a write transaction and takes the merchants' locks, in ascending order."""

    def begin_read(self) -> None: ...
    def savepoint(self) -> None: ...
    def release(self) -> None: ...
    def rollback_to_savepoint(self) -> None: ...
    def publish(self, topics: Sequence[str]) -> None:
        """Tells other processes what this transaction announces, with its commit."""

    def commit(self) -> None: ...
    def rollback(self) -> None:
        """Never raises: a connection that cannot roll back is replaced."""

    def close(self) -> None: ...


class Backend(Protocol):
    """How to connect, and how to read the driver's errors."""

    reads_inline: bool
    """Whether a point read is quick enough for the event loop."""

    def connect(self, *, readonly: bool = False) -> Connection: ...
    def failure(self, error: Exception) -> Failure: ...
    def watch(self, changed: Callable[[set[str] | None], None]) -> Callable[[], None]:
        """Calls `changed` from a thread of its own when another process committed something
        (None: topics unknown). Gives the function that stops it."""

    def revision(self) -> str | None:
        """The stored schema revision, or None on an empty database."""
