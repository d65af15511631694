"""What callers are told when disk, connection or commit fail, and that work goes on."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import psycopg
import pytest

from handbill.infra.database import Database, Tx, open_database
from handbill.infra.database.backend import Connection, Failure
from handbill.infra.database.database import open_backend
from handbill.infra.database.sqlite import SqliteBackend
from handbill.kernel.clock import ManualClock
from handbill.kernel.errors import Conflict, StorageFull, Unavailable, WriteUnknown
from tests.support.batches import Fault, Hook, Watched, once, outcome, queued, together

pytestmark = pytest.mark.anyio

TABLE = "CREATE TABLE notes (name TEXT PRIMARY KEY, body TEXT)"
COUNT = "SELECT COUNT(*) FROM notes"


@pytest.fixture
def watched(empty_database_url: str) -> Watched:
    return Watched(open_backend(empty_database_url))


@pytest.fixture
async def db(watched: Watched, clock: ManualClock) -> AsyncIterator[Database]:
    database = Database(watched, clock)
    await database.write(lambda tx: tx.run(TABLE))
    watched.forget()
    yield database
    database.close()


@pytest.fixture
async def postgres(empty_postgres_url: str, clock: ManualClock) -> AsyncIterator[Database]:
    database = Database(Watched(open_backend(empty_postgres_url)), clock)
    await database.write(lambda tx: tx.run(TABLE))
    yield database
    database.close()


def add(name: str):
    def function(tx: Tx) -> str:
        tx.run("INSERT INTO notes (name) VALUES (:name)", name=name)
        return name

    return function


def refuse(tx: Tx) -> None:
    raise Conflict("refused")


def count(tx: Tx) -> int:
    return int(tx.value(COUNT))


def set_hook(watched: Watched, moment: str, hook: Hook):
    """A function that sets the trap in the transaction it runs in, which is its batch's."""
    armed: list[int] = []

    def function(tx: Tx) -> None:
        if not armed:
            armed.append(1)
            setattr(watched, moment, hook)

    return function


def terminate_others(url: str) -> None:
    """Ends every session of the database, as a restart of the server would."""
    with psycopg.connect(url, autocommit=True) as admin:
        admin.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )


@pytest.mark.parametrize("moment", ["before_commit", "after_commit"])
async def test_a_commit_without_an_answer_is_unknown_and_not_run_again(
    db: Database, watched: Watched, moment: str
):
    # Given a connection that is lost just before the commit arrives, or just after
    runs: list[str] = []

    def note(name: str):
        def function(tx: Tx) -> None:
            runs.append(name)
            add(name)(tx)

        return function

    arm = set_hook(watched, moment, once(Failure.LOST))

    # When
    results = await together(db, arm, note("a"), refuse, note("b"))

    # Then nobody is told more than is known, also not the one refused in that transaction
    assert [type(r) for r in results] == [WriteUnknown] * 4
    assert runs == ["a", "b"]
    assert await db.write(count) == (0 if moment == "before_commit" else 2)


async def test_a_full_disk_at_the_commit_is_told_and_passes(db: Database, watched: Watched):
    # Given
    arm = set_hook(watched, "before_commit", once(Failure.FULL))

    # When
    results = await together(db, arm, add("a"), add("b"))

    # Then
    assert [type(r) for r in results] == [StorageFull] * 3
    assert results[0] is not results[1]
    assert await db.write(add("c")) == "c"
    assert await db.write(count) == 1


async def test_a_full_disk_in_the_middle_is_told_and_passes(db: Database, watched: Watched):
    # Given
    watched.before_statement = once(Failure.FULL)

    # When, then
    assert isinstance(await outcome(db.write(add("a"))), StorageFull)
    assert await db.write(add("a")) == "a"


async def test_a_deadlock_is_tried_again(db: Database, watched: Watched):
    # Given
    watched.before_commit = once(Failure.AGAIN, times=2)

    # When
    results = await together(db, add("a"), refuse, add("b"))

    # Then
    assert [str(r) for r in results] == ["a", "refused", "b"]
    assert await db.write(count) == 2


async def test_what_never_comes_through_is_refused_in_the_end(db: Database, watched: Watched):
    # Given
    watched.before_commit = once(Failure.AGAIN, times=100)

    # When
    answer = await outcome(db.write(add("a")))

    # Then
    assert type(answer) is Unavailable
    assert watched.begun <= 10


@pytest.mark.parametrize("moment", ["before_begin", "before_statement"])
async def test_a_connection_lost_before_the_commit_is_replaced_unnoticed(
    db: Database, watched: Watched, moment: str
):
    # Given
    setattr(watched, moment, once(Failure.LOST))

    # When
    results = await together(db, add("a"), add("b"))

    # Then
    assert results == ["a", "b"]
    assert watched.connected == 1
    assert await db.write(count) == 2


async def test_where_there_is_no_connection_callers_are_told_that_nothing_happened(
    db: Database, watched: Watched
):
    # Given
    watched.before_begin = once(Failure.LOST, times=2)

    # When
    answer = await outcome(db.write(add("a")))

    # Then
    assert type(answer) is Unavailable
    assert await db.write(add("a")) == "a"


async def test_a_mistake_in_the_machinery_does_not_end_the_writer(db: Database, watched: Watched):
    # Given an error that even reading its meaning fails
    class Unreadable(Fault):
        def __init__(self) -> None:
            Exception.__init__(self)

    def trip(connection: Connection) -> None:
        watched.before_commit = lambda connection: None
        raise Unreadable

    watched.before_commit = trip

    # When, then
    assert type(await outcome(db.write(add("a")))) is WriteUnknown
    assert await db.write(add("b")) == "b"


async def test_a_connection_that_cannot_roll_back_is_replaced(db: Database, watched: Watched):
    # Given
    def fail_after_closing(tx: Tx) -> None:
        add("a")(tx)
        raise Conflict("refused")

    watched.before_statement = lambda connection: connection.close()

    # When, then
    assert isinstance(await outcome(db.write(fail_after_closing)), Exception)
    watched.before_statement = lambda connection: None
    assert await db.write(add("b")) == "b"


async def test_a_real_full_file_is_told_and_writing_goes_on_when_there_is_space(
    empty_sqlite_url: str, clock: ManualClock
):
    # Given a file that may grow by a few pages only
    db = open_database(empty_sqlite_url, clock)
    await db.write(lambda tx: tx.run(TABLE))
    await db.write(lambda tx: tx.value("PRAGMA max_page_count = 8"))

    def grow(tx: Tx) -> int:
        return tx.run("INSERT INTO notes (name, body) VALUES ('big', :body)", body="x" * 60_000)

    # When
    results = await together(db, add("a"), grow, add("b"))

    # Then all of that batch are told, and what is small enough finds room
    assert [type(r) for r in results] == [StorageFull] * 3
    assert await db.write(add("small")) == "small"

    # And when there is space again, everything does
    await db.write(lambda tx: tx.value("PRAGMA max_page_count = 100000"))
    assert await db.write(grow) == 1
    assert await db.point(count) == 2
    db.close()


async def test_a_full_disk_of_the_server_is_known_by_its_code(postgres: Database):
    # Given the server's own word for a full disk
    def full(tx: Tx) -> None:
        add("a")(tx)
        tx.run("DO $$ BEGIN RAISE EXCEPTION 'no space' USING ERRCODE = '53100'; END $$")

    # When, then
    assert isinstance(await outcome(postgres.write(full)), StorageFull)
    assert await postgres.write(add("a")) == "a"


def test_a_broken_disk_ends_the_process(empty_sqlite_url: str):
    # Given a process whose disk answers EIO to the flush of a commit
    # When
    ended = subprocess.run(
        [sys.executable, "-m", "tests.support.broken_disk", empty_sqlite_url],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    # Then it acknowledged nothing after the error, and says why it ended
    assert ended.returncode == 74, ended.stderr
    assert "first" in ended.stdout
    assert "second" not in ended.stdout
    assert "disk_broken" in ended.stdout + ended.stderr


async def test_codes_of_sqlite_are_read_as_the_manual_says(tmp_path: Path):
    # Given
    backend = SqliteBackend(tmp_path / "unused.db")

    def meaning(code: int) -> Failure | None:
        error = sqlite3.OperationalError("told by the file")
        error.sqlite_errorcode = code
        return backend.failure(error)

    # Then
    assert meaning(sqlite3.SQLITE_FULL) is Failure.FULL
    assert meaning(sqlite3.SQLITE_IOERR_FSYNC) is Failure.BROKEN
    assert meaning(sqlite3.SQLITE_IOERR_WRITE) is Failure.BROKEN
    assert meaning(sqlite3.SQLITE_IOERR_SHMSIZE) is Failure.LOST
    assert meaning(sqlite3.SQLITE_BUSY_SNAPSHOT) is Failure.BUSY
    assert meaning(sqlite3.SQLITE_CONSTRAINT_UNIQUE) is Failure.MINE
    assert backend.failure(ValueError("not the driver's")) is None


async def test_somebody_who_holds_the_file_too_long_is_told(
    empty_sqlite_url: str, clock: ManualClock
):
    # Given another process in the middle of a long write
    path = Path(empty_sqlite_url.removeprefix("sqlite:///"))
    db = Database(SqliteBackend(path, wait_seconds=0.1), clock)
    await db.write(lambda tx: tx.run(TABLE))
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")

    # When, then
    assert type(await outcome(db.write(add("a")))) is Unavailable
    other.execute("COMMIT")
    other.close()
    assert await db.write(add("a")) == "a"
    db.close()


async def test_a_merchant_locked_too_long_is_told(empty_postgres_url: str, clock: ManualClock):
    # Given another process that holds the merchant
    options = "?options=-c%20lock_timeout%3D100"
    db = open_database(empty_postgres_url + options, clock)
    other = open_backend(empty_postgres_url).connect()
    await db.write(lambda tx: tx.run(TABLE))
    other.begin([7])

    # When, then nobody else waits for it
    assert type(await outcome(db.write(add("a"), merchant=7))) is Unavailable
    assert await db.write(add("b"), merchant=8) == "b"
    other.rollback()
    assert await db.write(add("a"), merchant=7) == "a"
    other.close()
    db.close()


async def test_a_server_that_was_restarted_is_found_again(
    postgres: Database, empty_postgres_url: str
):
    # Given
    await postgres.write(add("a"))
    await postgres.read(count)

    # When every session ends
    terminate_others(empty_postgres_url)

    # Then neither readers nor the writer lose a call
    assert await postgres.read(count) == 1
    assert await postgres.point(count) == 1
    assert await postgres.write(add("b")) == "b"
    assert await postgres.point(count) == 2


async def test_a_session_that_ends_in_the_middle_of_a_batch_is_replaced(
    postgres: Database, empty_postgres_url: str
):
    # Given
    ended: list[int] = []

    def cut_off_once(tx: Tx) -> str:
        add("b")(tx)
        if not ended:
            ended.append(1)
            terminate_others(empty_postgres_url)
        add("c")(tx)
        return "c"

    # When
    results = await together(postgres, add("a"), cut_off_once, add("d"))

    # Then
    assert results == ["a", "c", "d"]
    assert await postgres.point(count) == 4


async def test_a_session_that_ends_at_the_commit_leaves_it_unknown(
    postgres: Database, empty_postgres_url: str
):
    # Given
    watched = postgres.backend
    assert isinstance(watched, Watched)

    def cut_off(connection: Connection) -> None:
        watched.before_commit = lambda connection: None
        terminate_others(empty_postgres_url)

    watched.before_commit = cut_off

    # When, then
    assert type(await outcome(postgres.write(add("a")))) is WriteUnknown
    assert await postgres.write(add("b")) == "b"


async def test_a_commit_that_the_server_turns_into_a_rollback_is_an_error(postgres: Database):
    # Given an error in the transaction that nobody looked at
    watched = postgres.backend
    assert isinstance(watched, Watched)

    def spoil(connection: Connection) -> None:
        watched.before_commit = lambda connection: None
        with contextlib.suppress(psycopg.Error):
            connection.execute("SELECT nothing", {}, ())

    watched.before_commit = spoil

    # When, then: PostgreSQL answers COMMIT with ROLLBACK and calls it success
    assert isinstance(await outcome(postgres.write(add("a"))), Exception)
    assert await postgres.write(add("a")) == "a"


async def test_a_table_that_changed_under_a_prepared_statement_is_read_again(
    postgres: Database, empty_postgres_url: str
):
    # Given statements that are prepared by now
    look = "SELECT * FROM notes ORDER BY name"
    for n in range(4):
        await postgres.write(add(str(n)))
        await postgres.write(lambda tx: tx.value(look))
        await postgres.point(lambda tx: tx.value(look))

    # When another process brings the table to a new form
    with psycopg.connect(empty_postgres_url, autocommit=True) as migration:
        migration.execute("ALTER TABLE notes ADD COLUMN more TEXT")

    # Then
    assert await postgres.write(lambda tx: tx.value(look)) == "0"
    for _ in range(8):  # each of the readers' connections
        assert await postgres.point(lambda tx: tx.value(look)) == "0"


async def test_commits_are_flushed_also_where_the_server_was_told_not_to(
    postgres: Database, empty_postgres_url: str
):
    # Given a server whose own setting is off, as the tests' server has it
    with psycopg.connect(empty_postgres_url) as session:
        assert session.execute("SHOW synchronous_commit").fetchone() == ("off",)

    # Then
    assert await postgres.write(lambda tx: tx.value("SHOW synchronous_commit")) == "on"


def test_commits_of_sqlite_are_flushed(empty_sqlite_url: str):
    """2 is FULL: with less, a power cut loses what was acknowledged since the last checkpoint."""
    # When
    connection = open_backend(empty_sqlite_url).connect()

    # Then
    assert connection.execute("PRAGMA synchronous", {}, ()).fetchall() == [(2,)]
    connection.close()


async def test_a_stopped_database_refuses_at_once(db: Database):
    # When
    db.close()
    db.close()

    # Then
    for call in (db.write(count), db.read(count), db.point(count)):
        assert type(await outcome(call)) is Unavailable


async def test_closing_finishes_what_waits(db: Database, empty_database_url: str):
    # Given many functions that wait
    waiting = await queued(db, *(add(str(n)) for n in range(300)))

    # When
    await asyncio.get_running_loop().run_in_executor(None, db.close)

    # Then
    assert await asyncio.gather(*waiting) == [str(n) for n in range(300)]
    again = open_database(empty_database_url, ManualClock())
    assert await again.point(count) == 300
    again.close()
