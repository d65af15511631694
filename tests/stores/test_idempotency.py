"""Keys, claims and answers on both databases: what a repeat finds, whatever became of the first."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import msgspec
import psycopg
import pytest

from handbill import idempotency
from handbill.idempotency import KEPT_FOR, RUNS_AT_MOST, SWEEP, SWEEP_MAX, Answer, Claim, Request
from handbill.infra.database import Database, Tx, open_database
from handbill.infra.database.backend import Failure
from handbill.infra.database.database import open_backend
from handbill.infra.jobs import Worker
from handbill.kernel.clock import HOUR, ManualClock
from handbill.kernel.errors import Conflict, KeyInProgress, KeyReused, StorageFull, WriteUnknown
from handbill.merchants.store import add_merchant
from tests.support.batches import Watched, once, outcome, together
from tests.support.process import until
from tests.support.shop import CRYPTO

pytestmark = pytest.mark.anyio

ANSWER = Answer(201, {"content-type": "application/json"}, '{"data":"чай"}'.encode())
LATER_ANSWER = Answer(200, {}, b"later")
WAIT_SECONDS = 30
REPLAY = msgspec.structs.replace(ANSWER, is_replay=True)


class Till:
    """Asks under the key `k` for something whose doing is counted."""

    def __init__(self, db: Database, watched: Watched, merchant_id: int) -> None:
        self.db, self.watched, self.merchant_id = db, watched, merchant_id
        self.request = Request(merchant_id, True, idempotency.hash_of("k"), "print")

    def once(self, tx: Tx) -> Answer:
        def act(tx: Tx) -> Answer:
            self._do(tx)
            return ANSWER

        return idempotency.once(tx, CRYPTO, self.request, act)

    def claim(self, tx: Tx) -> Answer | Claim:
        def begin(tx: Tx) -> str:
            return f"object-{self._do(tx)}"

        return idempotency.claim(tx, CRYPTO, self.request, begin)

    def settle(self, tx: Tx, answer: Answer = ANSWER) -> Answer:
        return idempotency.settle(tx, CRYPTO, self.request, answer)

    async def let_go(self, how: Callable[[Tx, Request, Claim], None], claim: object) -> None:
        assert isinstance(claim, Claim)
        await self.write(lambda tx: how(tx, self.request, claim))

    def _do(self, tx: Tx) -> int:
        return add_merchant(tx, "Something done", None)

    async def done(self) -> int:
        """How often it was done."""
        return await self.count("merchants") - 1

    async def kept(self) -> int:
        return await self.count("idempotency_keys")

    async def count(self, table: str) -> int:
        return int(await self.db.read(lambda tx: tx.value(f"SELECT COUNT(*) FROM {table}")))

    async def write(self, fn: Callable[[Tx], object]) -> object:
        return await self.db.write(fn, merchant=self.merchant_id)


def object_of(claim: object) -> str:
    assert isinstance(claim, Claim)
    return claim.object_id


@asynccontextmanager
async def open_till(url: str, clock: ManualClock) -> AsyncIterator[Till]:
    watched = Watched(open_backend(url))
    db = Database(watched, clock)
    merchant_id = await db.write(lambda tx: add_merchant(tx, "Shop", None))
    yield Till(db, watched, merchant_id)
    db.close()


@pytest.fixture
async def till(database_url: str, clock: ManualClock) -> AsyncIterator[Till]:
    async with open_till(database_url, clock) as opened:
        yield opened


async def test_what_is_asked_twice_is_done_once(till: Till) -> None:
    assert await till.write(till.once) == ANSWER
    assert await till.write(till.once) == REPLAY
    assert await till.done() == 1


async def test_repeats_in_one_batch_are_done_once(till: Till) -> None:
    answers = await together(till.db, *[till.once] * 5, merchant=till.merchant_id)

    assert answers == [ANSWER, *[REPLAY] * 4]
    assert await till.done() == 1


@pytest.mark.parametrize("moment", ["before_commit", "after_commit"])
async def test_a_commit_of_unknown_outcome_is_found_out_by_the_repeat(
    till: Till, moment: str
) -> None:
    # Given a connection that is lost just before the commit arrives, or just after
    setattr(till.watched, moment, once(Failure.LOST))
    assert isinstance(await outcome(till.write(till.once)), WriteUnknown)

    # When
    repeated = await till.write(till.once)

    # Then
    assert repeated == (ANSWER if moment == "before_commit" else REPLAY)
    assert await till.done() == 1


async def test_what_a_full_disk_refused_is_done_by_the_repeat(till: Till) -> None:
    till.watched.before_commit = once(Failure.FULL)
    assert isinstance(await outcome(till.write(till.once)), StorageFull)

    assert await till.write(till.once) == ANSWER
    assert await till.done() == 1


async def test_what_fails_beside_it_in_the_batch_takes_neither_away(till: Till) -> None:
    def spoil(tx: Tx) -> None:
        add_merchant(tx, "Spoiled", None)
        raise Conflict("too late")

    answers = await together(till.db, till.once, spoil, till.once, merchant=till.merchant_id)

    assert (answers[0], answers[2]) == (ANSWER, REPLAY)
    assert (await till.done(), await till.kept()) == (1, 1)


async def test_a_key_counts_for_72_hours(till: Till, clock: ManualClock) -> None:
    await till.write(till.once)
    clock.advance(KEPT_FOR - 1)
    assert await till.write(till.once) == REPLAY

    clock.advance(1)

    assert await till.write(till.once) == ANSWER
    assert (await till.done(), await till.kept()) == (2, 1)


async def test_a_claim_holds_others_off_until_it_is_settled(till: Till) -> None:
    assert isinstance(await till.write(till.claim), Claim)
    assert isinstance(await outcome(till.write(till.claim)), KeyInProgress)

    await till.write(till.settle)

    assert await till.write(till.claim) == REPLAY
    assert await till.done() == 1


async def test_a_claim_that_was_left_is_taken_up_after_90_seconds_with_its_object(
    till: Till, clock: ManualClock
) -> None:
    # Given a process that died between claim and settle
    first = await till.write(till.claim)
    clock.advance(RUNS_AT_MOST - 1)
    assert isinstance(await outcome(till.write(till.claim)), KeyInProgress)

    # When
    clock.advance(1)
    second = await till.write(till.claim)

    # Then it is gone on with, by one
    assert object_of(second) == object_of(first)
    assert await till.done() == 1
    assert isinstance(await outcome(till.write(till.claim)), KeyInProgress)


async def test_a_released_claim_is_taken_up_at_once(till: Till) -> None:
    first = await till.write(till.claim)

    await till.let_go(idempotency.release, first)

    assert object_of(await till.write(till.claim)) == object_of(first)
    assert await till.done() == 1


async def test_a_forgotten_claim_is_begun_anew(till: Till) -> None:
    first = await till.write(till.claim)

    await till.let_go(idempotency.forget, first)

    assert object_of(await till.write(till.claim)) != object_of(first)
    assert await till.done() == 2


@pytest.mark.parametrize("how", [idempotency.release, idempotency.forget])
async def test_who_lost_a_claim_cannot_let_go_of_it(
    till: Till, clock: ManualClock, how: Callable[[Tx, Request, Claim], None]
) -> None:
    lost = await till.write(till.claim)
    clock.advance(RUNS_AT_MOST)
    await till.write(till.claim)

    await till.let_go(how, lost)

    assert isinstance(await outcome(till.write(till.claim)), KeyInProgress)


@pytest.mark.parametrize("how", [idempotency.release, idempotency.forget])
async def test_what_is_settled_is_not_let_go(
    till: Till, how: Callable[[Tx, Request, Claim], None]
) -> None:
    claim = await till.write(till.claim)
    await till.write(till.settle)

    await till.let_go(how, claim)

    assert await till.write(till.claim) == REPLAY


async def test_of_two_who_came_to_an_end_the_first_is_believed(
    till: Till, clock: ManualClock
) -> None:
    # Given one that was slow and one that took its place
    await till.write(till.claim)
    clock.advance(RUNS_AT_MOST)
    await till.write(till.claim)

    # When
    first = await till.write(till.settle)
    second = await till.write(lambda tx: till.settle(tx, LATER_ANSWER))

    # Then
    assert (first, second) == (ANSWER, REPLAY)
    assert await till.write(till.claim) == REPLAY


async def test_what_the_beginning_refused_is_not_claimed(till: Till) -> None:
    def refuse(tx: Tx) -> str:
        raise Conflict("not now")

    refused = await outcome(
        till.write(lambda tx: idempotency.claim(tx, CRYPTO, till.request, refuse))
    )

    assert isinstance(refused, Conflict)
    assert isinstance(await till.write(till.claim), Claim)


async def test_a_claimed_key_refuses_another_request_before_it_says_that_it_is_busy(
    till: Till,
) -> None:
    await till.write(till.claim)
    till.request = msgspec.structs.replace(till.request, fingerprint="another")

    assert isinstance(await outcome(till.write(till.claim)), KeyReused)


async def test_old_keys_are_swept_a_bounded_number_at_a_time(
    till: Till, clock: ManualClock
) -> None:
    # Given more old keys than one transaction deletes, and a young one
    def fill(tx: Tx) -> None:
        for number in range(SWEEP_MAX + 1):
            other = msgspec.structs.replace(till.request, key_hash=f"old-{number}")
            idempotency.once(tx, CRYPTO, other, lambda tx: ANSWER)

    await till.write(fill)
    clock.advance(KEPT_FOR)
    await till.write(till.once)
    worker = Worker(till.db, {SWEEP: idempotency.sweep}, clock)
    await till.db.write(idempotency.schedule)
    await till.db.write(idempotency.schedule)

    # When, then
    assert await worker.step() == 1
    assert await till.kept() == 2
    assert await worker.step() == 1
    assert await till.kept() == 1
    assert await till.write(till.once) == REPLAY

    # And again an hour later, for ever
    assert await worker.step() == 0
    clock.advance(HOUR)
    assert await worker.step() == 1


async def test_a_key_that_is_used_again_while_another_process_sweeps_it_stays(
    postgres_url: str, clock: ManualClock
) -> None:
    """Where a file is the database, one waits for the other anyway."""
    async with open_till(postgres_url, clock) as till:
        # Given an old key
        await till.write(till.once)
        clock.advance(KEPT_FOR)
        await till.db.write(idempotency.schedule)
        elsewhere = open_database(postgres_url, clock)
        worker = Worker(elsewhere, {SWEEP: idempotency.sweep}, clock)
        taken, goes_on = threading.Event(), threading.Event()

        def take_and_hold(tx: Tx) -> Answer:
            answer = till.once(tx)
            tx.value("SELECT COUNT(*) FROM idempotency_keys")  # sends what was left for later
            taken.set()
            assert goes_on.wait(WAIT_SECONDS)
            return answer

        # When it is used again, and the sweep comes to wait for its row
        using = asyncio.create_task(till.write(take_and_hold))
        await asyncio.to_thread(taken.wait, WAIT_SECONDS)
        sweeping = asyncio.create_task(worker.step())
        await asyncio.to_thread(until, lambda: waits_for_a_lock(postgres_url), WAIT_SECONDS)
        goes_on.set()

        # Then it finds that the key is not old any more
        assert await using == ANSWER
        assert await sweeping == 1
        elsewhere.close()
        assert await till.write(till.once) == REPLAY


def waits_for_a_lock(url: str) -> bool:
    """Whether anybody does in this database."""
    with psycopg.connect(url) as db:
        found = db.execute(
            "SELECT COUNT(*) FROM pg_stat_activity"
            " WHERE wait_event_type = 'Lock' AND datname = current_database()"
        ).fetchone()
    return found is not None and found[0] > 0
