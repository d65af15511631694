"""Group commit: what one function of a batch may do to the others, which is nothing."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from handbill.infra.database import Database, Tx
from handbill.infra.database.database import open_backend
from handbill.kernel.clock import ManualClock
from handbill.kernel.errors import Conflict, HandbillError, NotFound
from tests.support.batches import Watched, queued, together

pytestmark = pytest.mark.anyio

TABLES = (
    "CREATE TABLE notes (name TEXT PRIMARY KEY, amount BIGINT NOT NULL)",
    "CREATE TABLE owners (name TEXT PRIMARY KEY)",
    """
    CREATE TABLE pets (
        name TEXT NOT NULL,
        owner TEXT NOT NULL REFERENCES owners (name) DEFERRABLE INITIALLY DEFERRED
    )
    """,
)


@pytest.fixture
def watched(empty_database_url: str) -> Watched:
    return Watched(open_backend(empty_database_url))


@pytest.fixture
async def db(watched: Watched, clock: ManualClock) -> AsyncIterator[Database]:
    database = Database(watched, clock)
    for table in TABLES:
        await database.write(create(table))
    yield database
    database.close()


def create(table: str):
    return lambda tx: tx.run(table)


def add(name: str, amount: int = 1):
    def function(tx: Tx) -> str:
        tx.run("INSERT INTO notes (name, amount) VALUES (:name, :amount)", name=name, amount=amount)
        return name

    return function


def add_later(name: str, amount: int = 1):
    def function(tx: Tx) -> str:
        tx.later(
            "INSERT INTO notes (name, amount) VALUES (:name, :amount)", name=name, amount=amount
        )
        return name

    return function


def refuse(tx: Tx) -> None:
    tx.later("INSERT INTO notes (name, amount) VALUES ('of a refused one', 1)")
    raise Conflict("refused")


def add_and_refuse(tx: Tx) -> None:
    add("undone")(tx)
    raise Conflict("refused after a write")


async def stored(db: Database) -> list[str]:
    def look(tx: Tx) -> list[str]:
        found: list[str] = []
        while (name := tx.value(_NEXT, after=found[-1] if found else "")) is not None:
            found.append(name)
        return found

    return await db.read(look)


_NEXT = "SELECT name FROM notes WHERE name > :after ORDER BY name LIMIT 1"


async def test_a_batch_is_one_transaction(db: Database, watched: Watched):
    # Given
    watched.forget()

    # When sixty functions wait at the same time
    results = await together(db, *(add(f"{n:02}") for n in range(60)))

    # Then they share a commit (the other one is that of the function that held them up)
    assert results == await stored(db) == [f"{n:02}" for n in range(60)]
    assert watched.committed == 2


async def test_sixty_four_writers_at_once_all_finish(db: Database, watched: Watched):
    # Given
    watched.forget()

    async def writer(name: str) -> None:
        for n in range(10):
            await db.write(add(f"{name}-{n}"))

    # When
    async with asyncio.TaskGroup() as writers:
        for n in range(64):
            writers.create_task(writer(str(n)))

    # Then
    assert await db.point(lambda tx: tx.value("SELECT COUNT(*) FROM notes")) == 640
    assert watched.committed < 640


async def test_a_write_that_was_answered_is_read(db: Database):
    for n in range(20):
        await db.write(add(f"note {n}"))
        assert await db.point(lambda tx: tx.value("SELECT COUNT(*) FROM notes")) == n + 1
        assert await db.read(lambda tx: tx.value("SELECT COUNT(*) FROM notes")) == n + 1


async def test_a_refusal_before_a_write_costs_its_neighbours_nothing(
    db: Database, watched: Watched
):
    # Given
    watched.forget()

    # When
    results = await together(db, add("a"), refuse, add_later("b"), refuse, add("c"))

    # Then nothing was run twice, and what the refused ones left for later is forgotten
    assert [str(r) for r in results] == ["a", "refused", "b", "refused", "c"]
    assert await stored(db) == ["a", "b", "c"]
    assert (watched.begun, watched.rolled_back) == (2, 0)


async def test_a_write_that_changed_no_row_is_no_write(db: Database, watched: Watched):
    # Given
    watched.forget()

    def take(tx: Tx) -> None:
        if tx.run("UPDATE notes SET amount = 0 WHERE name = 'nobody'") == 0:
            raise Conflict("taken")

    def claim(tx: Tx) -> None:
        if tx.value("DELETE FROM notes WHERE name = 'nobody' RETURNING name") is None:
            raise Conflict("taken")

    # When
    results = await together(db, add("a"), take, claim, add("b"))

    # Then
    assert [str(r) for r in results] == ["a", "taken", "taken", "b"]
    assert (watched.begun, watched.rolled_back) == (2, 0)


async def test_a_mistake_before_a_write_fails_alone(db: Database, watched: Watched):
    # Given
    watched.forget()

    # When
    results = await together(db, add("a"), lambda tx: 1 // 0, lambda tx: next(iter(())), add("b"))

    # Then
    assert [type(r) for r in results] == [str, ZeroDivisionError, RuntimeError, str]
    assert watched.begun == 2


async def test_a_function_cannot_end_the_writer(db: Database):
    # When functions raise what is no Exception
    def leave(tx: Tx) -> None:
        raise SystemExit(1)

    def cancel(tx: Tx) -> None:
        raise asyncio.CancelledError

    results = await together(db, add("a"), leave, cancel, add("b"))

    # Then
    assert [type(r) for r in results] == [str, RuntimeError, RuntimeError, str]
    assert await stored(db) == ["a", "b"]


async def test_an_error_after_a_write_leaves_no_trace_and_its_neighbours_have_effect_once(
    db: Database, watched: Watched
):
    # Given
    await db.write(add("counter", 0))
    watched.forget()
    runs = []

    def count(tx: Tx) -> int:
        runs.append(1)
        tx.run("UPDATE notes SET amount = amount + 1 WHERE name = 'counter'")
        return int(tx.value("SELECT amount FROM notes WHERE name = 'counter'"))

    # When
    results = await together(db, count, count, add_and_refuse, count, add_and_refuse, count)

    # Then the others went again, and each of them counts once
    assert [r for r in results if isinstance(r, int)] == [1, 2, 3, 4]
    assert [type(r) for r in results if not isinstance(r, int)] == [Conflict, Conflict]
    assert await stored(db) == ["counter"]
    assert len(runs) > 4
    assert watched.committed <= 4  # the holder, and what stood between the two


async def test_a_row_that_came_back_was_written(db: Database):
    # Given
    def insert_and_refuse(tx: Tx) -> None:
        tx.value("INSERT INTO notes (name, amount) VALUES ('undone', 1) RETURNING name")
        raise Conflict("refused")

    # When
    results = await together(db, add("a"), insert_and_refuse, add("b"))

    # Then
    assert [type(r) for r in results] == [str, Conflict, str]
    assert await stored(db) == ["a", "b"]


async def test_a_breach_of_the_database_s_rules_is_the_function_s_own(db: Database):
    # Given
    await db.write(add("taken"))

    # When the name is taken, at once or when it is sent later
    results = await together(
        db, add("a"), add("taken"), add_later("b"), add_later("taken"), add_later("c")
    )

    # Then
    assert [isinstance(r, Exception) for r in results] == [False, True, False, True, False]
    assert await stored(db) == ["a", "b", "c", "taken"]


async def test_what_only_the_commit_can_judge_is_the_function_s_own(db: Database):
    # Given a rule that is checked at the commit
    def adopt(owner: str):
        return lambda tx: tx.later(
            "INSERT INTO pets (name, owner) VALUES ('rex', :owner)", owner=owner
        )

    # When
    results = await together(
        db,
        add("a"),
        adopt("nobody"),
        lambda tx: tx.later("INSERT INTO owners (name) VALUES ('ann')"),
        adopt("ann"),
        add("b"),
    )

    # Then
    assert [isinstance(r, Exception) for r in results] == [False, True, False, False, False]
    assert await stored(db) == ["a", "b"]
    assert await db.point(lambda tx: tx.value("SELECT owner FROM pets")) == "ann"


async def test_a_value_that_no_driver_takes_harms_nobody_else(db: Database):
    # When the first leaves something that cannot be sent, and the second's look would send it
    def bad(tx: Tx) -> None:
        tx.later("INSERT INTO notes (name, amount) VALUES (:name, 1)", name="\ud800")

    results = await together(
        db, add_later("a"), bad, lambda tx: tx.value("SELECT COUNT(*) FROM notes"), add("b")
    )

    # Then
    assert results[0] == "a"
    assert isinstance(results[1], ValueError)
    assert results[2:] == [1, "b"]
    assert await stored(db) == ["a", "b"]


async def test_a_function_sees_what_its_predecessor_left_for_later(db: Database):
    results = await together(
        db, add_later("a"), lambda tx: tx.value("SELECT name FROM notes"), add_later("b")
    )
    assert results == ["a", "a", "b"]


async def test_a_refusal_after_looking_does_not_take_the_neighbour_s_write_along(
    db: Database, watched: Watched
):
    # Given
    watched.forget()

    def look_and_refuse(tx: Tx) -> None:
        tx.value("SELECT COUNT(*) FROM notes")
        refuse(tx)

    # When
    results = await together(db, add_later("a"), look_and_refuse, add_later("b"))

    # Then
    assert [type(r) for r in results] == [str, Conflict, str]
    assert await stored(db) == ["a", "b"]
    assert watched.begun == 2


async def test_an_error_of_the_database_cannot_be_swallowed(db: Database):
    # Given
    await db.write(add("taken"))

    def swallow(tx: Tx) -> str:
        try:
            add("taken")(tx)
        except Exception:
            return "all is well"
        return "inserted"

    def swallow_and_go_on(tx: Tx) -> str:
        swallow(tx)
        add("after the error")(tx)
        return "inserted"

    # When
    results = await together(db, add("a"), swallow, swallow_and_go_on, add("b"))

    # Then nobody is told that all is well
    assert [isinstance(r, Exception) for r in results] == [False, True, True, False]
    assert await stored(db) == ["a", "b", "taken"]


async def test_what_is_gathered_is_stored_once_a_batch(db: Database):
    # Given
    calls = []

    def store(tx: Tx, items: list[str]) -> None:
        calls.append(items)
        for item in items:
            add_later(item)(tx)
        if items != ["nested"]:
            tx.gather(store, "nested")

    # When
    def gather_two(tx: Tx) -> None:
        tx.gather(store, "b")
        tx.gather(store, "c")

    await together(db, lambda tx: tx.gather(store, "a"), gather_two)

    # Then, with what the storing itself gathered
    assert calls == [["a", "b", "c"], ["nested"]]
    assert await stored(db) == ["a", "b", "c", "nested"]


async def test_an_error_in_storing_what_was_gathered_is_its_function_s_own(db: Database):
    # Given
    def store(tx: Tx, items: list[str]) -> None:
        if "bad" in items:
            raise NotFound("no counter for it")
        for item in items:
            add_later(item)(tx)

    def gather(item: str):
        return lambda tx: tx.gather(store, item)

    # When
    results = await together(db, gather("a"), add("b"), gather("bad"), gather("c"), add_later("d"))

    # Then
    assert [type(r) for r in results].count(NotFound) == 1
    assert isinstance(results[2], NotFound)
    assert await stored(db) == ["a", "b", "c", "d"]


async def test_a_caller_that_gives_up_disturbs_nobody(db: Database):
    # Given three that wait
    first, second, third = await queued(db, add("a"), add("b"), add("c"))

    # When the second is cancelled before the writer can answer it
    assert isinstance(second, asyncio.Task)
    second.cancel()

    # Then the others are answered, and its function has run all the same
    assert [await first, await third] == ["a", "c"]
    assert await stored(db) == ["a", "b", "c"]


async def test_time_is_the_transaction_s(db: Database, clock: ManualClock):
    # Given
    clock.advance(1)

    # When
    times = await together(db, *[lambda tx: tx.now] * 3)

    # Then
    assert times == [clock.now()] * 3


async def test_errors_are_answered_to_the_one_they_belong_to(db: Database):
    # Given
    def fail(word: str):
        def function(tx: Tx) -> None:
            add(word)(tx)
            raise HandbillError(word)

        return function

    # When everyone fails after a write
    results = await together(db, *(fail(str(n)) for n in range(20)))

    # Then
    assert [str(r) for r in results] == [str(n) for n in range(20)]
    assert await stored(db) == []
