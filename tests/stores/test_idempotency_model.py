"""Any sequence of requests, deaths and waits, against the promise in its simplest form."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable, Iterator
from typing import TypeVar

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from handbill import idempotency
from handbill.idempotency import KEPT_FOR, RUNS_AT_MOST, Answer, Request
from handbill.infra.database import Database, Tx, open_database
from handbill.kernel.clock import ManualClock
from handbill.kernel.errors import Conflict, HandbillError
from handbill.merchants.store import add_merchant
from tests.support.shop import CRYPTO

T = TypeVar("T")


class Ask(msgspec.Struct, frozen=True):
    """A request, and what becomes of it if it is the one that is carried out."""

    key: str
    print: str
    fate: str


ASKS = st.builds(
    Ask,
    st.sampled_from("ab"),
    st.sampled_from("xy"),
    st.sampled_from(["answered", "refused", "refused late", "released", "dead"]),
)
WAITS = st.sampled_from([1, RUNS_AT_MOST - 1, RUNS_AT_MOST, KEPT_FOR - RUNS_AT_MOST, KEPT_FOR])


class Life(msgspec.Struct):
    """Of one key, from its first use until it is forgotten."""

    print: str
    object: str
    running_until: int
    forgotten_at: int
    answer: str | None = None


class Promise:
    """What every request must come to."""

    def __init__(self) -> None:
        self.lives: dict[str, Life] = {}
        self.begun = 0

    def ask(self, ask: Ask, now: int) -> str:
        life = self.lives.get(ask.key)
        if life is None or life.forgotten_at <= now:
            if ask.fate == "refused":
                return "conflict"
            self.begun += 1
            life = Life(ask.print, f"object {self.begun}", now, now + KEPT_FOR)
            self.lives[ask.key] = life
        if life.print != ask.print:
            return "idempotency_key_reused"
        if life.answer is not None:
            return "again: " + life.answer
        if life.running_until > now:
            return "idempotency_in_progress"
        if ask.fate == "refused late":
            del self.lives[ask.key]
            return f"left {life.object}"
        life.running_until = now if ask.fate == "released" else now + RUNS_AT_MOST
        if ask.fate in ("answered", "refused"):  # what was begun is not judged a second time
            life.answer = f"answer for {life.object}"
            return life.answer
        return f"left {life.object}"


class House:
    """The real thing. Its objects are numbered; `fresh` keeps the keys of one run from others'."""

    def __init__(self, db: Database, merchant_id: int, fresh: str) -> None:
        self.db, self.merchant_id, self.fresh = db, merchant_id, fresh
        self.begun = 0

    async def ask(self, ask: Ask) -> str:
        request = Request(self.merchant_id, True, self.fresh + ask.key, ask.print)

        def begin(tx: Tx) -> str:
            if ask.fate == "refused":
                raise Conflict("not now")
            return f"object {self.begun + 1}"

        try:
            claimed = await self._write(lambda tx: idempotency.claim(tx, CRYPTO, request, begin))
        except HandbillError as error:
            return error.code
        if isinstance(claimed, Answer):
            return "again: " + claimed.body.decode()
        self.begun = max(self.begun, int(claimed.object_id.split()[1]))
        if ask.fate == "released":
            await self._write(lambda tx: idempotency.release(tx, request, claimed))
        if ask.fate == "refused late":
            await self._write(lambda tx: idempotency.forget(tx, request, claimed))
        if ask.fate in ("refused late", "released", "dead"):
            return f"left {claimed.object_id}"
        answer = Answer(200, {}, f"answer for {claimed.object_id}".encode())
        settled = await self._write(lambda tx: idempotency.settle(tx, CRYPTO, request, answer))
        return settled.body.decode()

    async def _write(self, fn: Callable[[Tx], T]) -> T:
        return await self.db.write(fn, merchant=self.merchant_id)


@pytest.fixture(scope="module")
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def db(database_url: str, clock: ManualClock) -> Iterator[Database]:
    database = open_database(database_url, clock)
    yield database
    database.close()


def test_every_sequence_of_requests_keeps_the_promise(db: Database, clock: ManualClock) -> None:
    merchant_id = asyncio.run(db.write(lambda tx: add_merchant(tx, "Shop", None)))
    runs = itertools.count()

    @settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(st.lists(ASKS | WAITS, min_size=2, max_size=14))
    def walk(steps: list[Ask | int]) -> None:
        promise, house = Promise(), House(db, merchant_id, f"{next(runs)}-")

        async def take_them() -> None:
            for step in steps:
                if isinstance(step, int):
                    clock.advance(step)
                else:
                    expected = promise.ask(step, clock.now())
                    assert await house.ask(step) == expected

        asyncio.run(take_them())
        assert house.begun == promise.begun

    walk()
