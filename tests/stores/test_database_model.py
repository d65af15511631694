"""Group commit against the simplest database: a dictionary, one function after the other."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from handbill.infra.database import Database, Tx, open_database
from handbill.kernel.clock import ManualClock
from handbill.kernel.errors import Conflict
from tests.support.batches import together

KEYS = st.sampled_from("abc")
AMOUNTS = st.integers(-3, 9)
Effect = dict[str, int]
"""Name -> amount. What was gathered is kept under a name of its own."""


@pytest.fixture(scope="module")
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def db(empty_database_url: str, clock: ManualClock) -> Iterator[Database]:
    database = open_database(empty_database_url, clock)
    asyncio.run(
        database.write(
            lambda tx: tx.run(
                "CREATE TABLE notes (name TEXT PRIMARY KEY, amount BIGINT CHECK (amount < 20))"
            )
        )
    )
    yield database
    database.close()


ADD = (
    "INSERT INTO notes (name, amount) VALUES (:name, :amount)"
    " ON CONFLICT (name) DO UPDATE SET amount = notes.amount + :amount"
)


REFUSED = "refused"


class Broken(Exception):
    """What the model raises where the database's rule does."""


class Model:
    """What a `Tx` does, on a dictionary."""

    def __init__(self, notes: Effect) -> None:
        self.notes = notes

    def add(self, name: str, amount: int) -> None:
        self.notes[name] = self.notes.get(name, 0) + amount
        if self.notes[name] >= 20:
            raise Broken

    later = add

    def gather(self, name: str, amount: int) -> None:
        if amount == 0:
            raise Conflict("nothing to gather")
        self.add(f"gathered {name}", amount)

    def get(self, name: str) -> int | None:
        return self.notes.get(name)


class Real:
    """The same verbs on a transaction."""

    def __init__(self, tx: Tx) -> None:
        self.tx = tx

    def add(self, name: str, amount: int) -> None:
        self.tx.run(ADD, name=name, amount=amount)

    def later(self, name: str, amount: int) -> None:
        self.tx.later(ADD, name=name, amount=amount)

    def gather(self, name: str, amount: int) -> None:
        self.tx.gather(store, (f"gathered {name}", amount))

    def get(self, name: str) -> int | None:
        amount: int | None = self.tx.value("SELECT amount FROM notes WHERE name = :n", n=name)
        return amount


def store(tx: Tx, items: list[tuple[str, int]]) -> None:
    for name, amount in items:
        if amount == 0:
            raise Conflict("nothing to gather")
        tx.later(ADD, name=name, amount=amount)


Step = Callable[[Any], Any]


def refuse(notes: Any) -> None:
    raise Conflict("refused")


def spend(name: str, amount: int) -> Step:
    """Reads, then decides: the shape of most functions."""

    def step(notes: Any) -> int:
        has = notes.get(name) or 0
        if has < amount:
            raise Conflict("too little")
        notes.add(name, -amount)
        return int(has)

    return step


def step_of(verb: str) -> Callable[[str, int], Step]:
    return lambda name, amount: lambda notes: getattr(notes, verb)(name, amount)


STEPS = st.one_of(
    st.builds(step_of("add"), KEYS, AMOUNTS),
    st.builds(step_of("later"), KEYS, AMOUNTS),
    st.builds(step_of("gather"), KEYS, AMOUNTS),
    st.builds(spend, KEYS, AMOUNTS),
    st.builds(lambda name: lambda notes: notes.get(name), KEYS),
    st.just(refuse),
)
BATCHES = st.lists(
    st.lists(st.lists(STEPS, min_size=1, max_size=4), min_size=1, max_size=12),
    min_size=1,
    max_size=3,
)


def whole(steps: list[Step], wrap: Callable[[Any], Any]) -> Callable[[Any], list[Any]]:
    """One function that takes several steps."""

    def function(given: Any) -> list[Any]:
        notes = wrap(given)
        return [step(notes) for step in steps]

    return function


def expected(notes: Effect, steps: list[Step]) -> Any:
    """Runs a function on the model, whole or not at all."""
    attempt = dict(notes)
    try:
        answer = whole(steps, Model)(attempt)
    except (Conflict, Broken):
        return REFUSED
    notes.clear()
    notes.update(attempt)
    return answer


def seen(answer: Any) -> Any:
    """An answer in the model's words. Which of two errors comes first is nobody's promise: what is
    left for later fails later."""
    return REFUSED if isinstance(answer, Exception) else answer


async def everything(db: Database) -> Effect:
    def look(tx: Tx) -> Effect:
        names = ("a", "b", "c", "gathered a", "gathered b", "gathered c")
        notes = Real(tx)
        return {name: amount for name in names if (amount := notes.get(name)) is not None}

    return await db.read(look)


@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(batches=BATCHES)
def test_a_batch_has_the_effect_of_its_functions_one_by_one(db: Database, batches: Any):
    # Given
    model: Effect = {}

    async def run() -> None:
        await db.write(lambda tx: tx.run("DELETE FROM notes"))
        for batch in batches:
            # When
            answers = await together(db, *(whole(steps, Real) for steps in batch))

            # Then every answer and every row is the model's
            assert [seen(a) for a in answers] == [expected(model, steps) for steps in batch]
            assert await everything(db) == model

    asyncio.run(run())
