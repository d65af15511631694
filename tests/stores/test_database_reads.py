"""Reading: what a reader sees, may not do, and is told when it takes too long."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from enum import StrEnum
from pathlib import Path
from typing import Any

import msgspec
import pytest

from handbill.infra.database import Database, Tx, open_database
from handbill.infra.database.database import open_backend
from handbill.infra.database.sqlite import SqliteBackend
from handbill.infra.migrations.runner import head
from handbill.kernel.clock import ManualClock
from handbill.kernel.errors import NotFound, Unavailable
from tests.support.batches import outcome

pytestmark = pytest.mark.anyio

NOTES = """
CREATE TABLE notes (
    id BIGINT PRIMARY KEY,
    word TEXT,
    done BOOLEAN NOT NULL,
    extra_json TEXT
)
"""
ENDLESS = """
WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000000000000)
SELECT COUNT(*) FROM n
"""
COUNT = "SELECT COUNT(*) FROM notes"


class Word(StrEnum):
    HELLO = "hello"


class Note(msgspec.Struct, frozen=True):
    id: int
    word: Word | None
    done: bool
    extra: dict[str, Any] | None


@pytest.fixture
async def db(empty_database_url: str, clock: ManualClock) -> AsyncIterator[Database]:
    database = open_database(empty_database_url, clock)
    await database.write(lambda tx: tx.run(NOTES))
    yield database
    database.close()


def add(id: int, word: str | None = None, done: bool = False, extra: Any = None):
    return lambda tx: tx.run(
        "INSERT INTO notes (id, word, done, extra_json) VALUES (:id, :word, :done, :extra_json)",
        id=id,
        word=word,
        done=done,
        extra_json=extra,
    )


def get(id: int):
    return lambda tx: tx.get(Note, "SELECT * FROM notes WHERE id = :id", id=id)


async def test_values_come_back_as_they_went_in(db: Database):
    # When
    await db.write(add(1, Word.HELLO, True, {"a": [1, "é", None]}))
    await db.write(add(2**62, None, False, None))

    # Then
    assert await db.point(get(1)) == Note(1, Word.HELLO, True, {"a": [1, "é", None]})
    assert await db.read(get(2**62)) == Note(2**62, None, False, None)


async def test_what_is_missing_is_not_found(db: Database):
    assert await db.point(lambda tx: tx.find(Note, "SELECT * FROM notes")) is None
    assert isinstance(await outcome(db.point(get(1))), NotFound)


async def test_a_sum_is_an_integer(db: Database):
    # Given
    await db.write(add(1))
    await db.write(add(2))

    # Then
    total = await db.point(lambda tx: tx.value("SELECT SUM(id) FROM notes"))
    assert (total, type(total)) == (3, int)


async def test_a_list_may_have_any_length(db: Database):
    # Given
    await db.write(add(1, "one"))
    await db.write(add(2, 'it\'s "two"'))

    def count(test: str, **lists: Any):
        return lambda tx: tx.value(f"SELECT COUNT(*) FROM notes WHERE {test}", **lists)

    # Then
    many = list(range(2, 100_000))
    assert await db.point(count("id IN :ids", ids=many)) == 1
    assert await db.point(count("id NOT IN :ids", ids=many)) == 1
    assert await db.point(count("id IN :ids", ids=[])) == 0
    assert await db.point(count("id NOT IN :ids", ids=[])) == 2
    assert await db.point(count("word IN :words", words=("one", 'it\'s "two"', "{,}"))) == 2
    assert await db.point(count("word IN :a AND id IN :b", a={"one"}, b=[1, 2])) == 1


async def test_colons_in_text_are_text(db: Database):
    # Given a text full of what looks like parameters
    text = "SELECT ':name 100% :x' -- :nobody\n FROM notes WHERE /* :more */ id = :id"
    await db.write(add(1))

    # Then
    assert await db.point(lambda tx: tx.value(text, id=1)) == ":name 100% :x"


async def test_a_read_sees_one_moment(db: Database):
    # Given a reader between its two looks
    looked, go_on = threading.Event(), threading.Event()

    def look_twice(tx: Tx) -> tuple[int, int]:
        first = tx.value(COUNT)
        looked.set()
        assert go_on.wait(30)
        return first, tx.value(COUNT)

    reading = asyncio.create_task(db.read(look_twice))
    await asyncio.get_running_loop().run_in_executor(None, looked.wait)

    # When somebody writes in between
    await db.write(add(1))
    go_on.set()

    # Then
    assert await reading == (0, 0)
    assert await db.read(lambda tx: tx.value(COUNT)) == 1


async def test_a_read_cannot_write(db: Database):
    for call in (db.read, db.point):
        assert isinstance(await outcome(call(add(1))), Exception)
        assert await call(lambda tx: tx.value(COUNT)) == 0


async def test_a_read_that_leaves_something_to_be_written_is_a_mistake(db: Database):
    left_behind = (
        lambda tx: tx.later("DELETE FROM notes"),
        lambda tx: tx.gather(lambda tx, items: None, 1),
        lambda tx: tx.announce("notes"),
    )
    for function in left_behind:
        assert isinstance(await outcome(db.read(function)), RuntimeError)
        assert isinstance(await outcome(db.point(function)), RuntimeError)


async def test_an_error_in_a_read_does_not_spoil_the_next(db: Database):
    for _ in range(6):  # more than there are readers
        for call in (db.read, db.point):
            assert isinstance(await outcome(call(lambda tx: tx.value("SELECT nothing"))), Exception)
            assert await call(lambda tx: tx.value(COUNT)) == 0


async def test_a_reader_does_not_hold_up_the_writer(db: Database):
    # Given a reader in the middle of a snapshot
    looked, go_on = threading.Event(), threading.Event()

    def look(tx: Tx) -> None:
        tx.value(COUNT)
        looked.set()
        assert go_on.wait(30)

    reading = asyncio.create_task(db.read(look))
    await asyncio.get_running_loop().run_in_executor(None, looked.wait)

    # When, then
    for n in range(10):
        await db.write(add(n))
    go_on.set()
    await reading


async def test_an_endless_query_of_sqlite_is_ended(empty_sqlite_url: str, clock: ManualClock):
    # Given
    path = Path(empty_sqlite_url.removeprefix("sqlite:///"))
    db = Database(SqliteBackend(path, read_seconds=0.05), clock)

    # When, then
    for call in (db.read, db.point):
        assert type(await outcome(call(lambda tx: tx.value(ENDLESS)))) is Unavailable
        assert await call(lambda tx: tx.value("SELECT 1")) == 1
    db.close()


async def test_an_endless_query_of_postgres_is_ended(empty_postgres_url: str, clock: ManualClock):
    # Given
    db = open_database(empty_postgres_url + "?options=-c%20statement_timeout%3D50", clock)

    # When, then
    for call in (db.read, db.point):
        assert type(await outcome(call(lambda tx: tx.value(ENDLESS)))) is Unavailable
        assert await call(lambda tx: tx.value("SELECT 1")) == 1
    db.close()


async def test_the_writer_is_not_bound_by_the_readers_time(
    empty_sqlite_url: str, clock: ManualClock
):
    # Given
    path = Path(empty_sqlite_url.removeprefix("sqlite:///"))
    db = Database(SqliteBackend(path, read_seconds=0.0001), clock)
    counting = ENDLESS.replace("1000000000000", "1000000")

    # When, then
    assert await db.write(lambda tx: tx.value(counting)) == 1_000_000
    db.close()


async def test_the_revision_is_unknown_on_an_empty_database(db: Database):
    assert db.backend.revision() is None


def test_the_revision_of_a_migrated_database_is_known(database_url: str):
    assert open_backend(database_url).revision() == head()
