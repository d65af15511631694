"""What the writer and the readers ask of a database. One module for each keeps it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import Enum
from typing import Protocol

from handbill.infra.database.sql import Write
from handbill.infra.database.work import Session


class Failure(Enum):
    """What an error of the driver means for the transaction that met it.

    Only after LOST and BROKEN can a COMMIT have happened: the others are the database's own word
    that it has not.
    """

    MINE = "mine"  # the function's own: a constraint, a wrong statement
    AGAIN = "again"  # the database undid the transaction and asks to try again (deadlock)
    BUSY = "busy"  # waited for a lock, or worked, longer than it may
    FULL = "full"  # no space
    LOST = "lost"  # the connection
    BROKEN = "broken"  # the disk does not keep what it is told: the process must end


class Connection(Session, Protocol):
    """A session that can begin and end transactions. Used by one thread at a time."""

    def begin(self, merchants: Sequence[int]) -> None:
        """Opens a write transaction and takes the merchants' locks, in ascending order."""

    def begin_read(self) -> None:
        """Opens a transaction in which every statement sees the same moment."""

    def commit(self, writes: Sequence[Write] = (), topics: Sequence[str] = ()) -> None:
        """Sends `writes`, tells other processes what is announced, commits: on one way."""

    def rollback(self) -> None:
        """Raises where the connection is of no more use."""

    def close(self) -> None: ...


class Backend(Protocol):
    """How to connect, and how to read the driver's errors."""

    reads_inline: bool
    """Whether a point read is quick enough for the event loop."""

    def connect(self, *, readonly: bool = False) -> Connection:
        """A connection for reading refuses to write, and ends a statement after 5 seconds."""

    def failure(self, error: Exception) -> Failure | None:
        """None: the error is not the driver's."""

    def watch(self, changed: Callable[[set[str] | None], None]) -> Callable[[], None]:
        """Calls `changed` from a thread of its own when another process committed something
        (None: topics unknown). Gives the function that stops it."""

    def scrub(self) -> bool:
        """See `Database`. Waits, also for others that use the database."""

    def revision(self) -> str | None:
        """The stored schema revision, or None on an empty database."""
