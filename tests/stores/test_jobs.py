"""Jobs: leased to one worker at a time, run at least once, ended with their effect."""

from __future__ import annotations

import asyncio
from random import Random

import pytest

from handbill.infra import jobs
from handbill.infra.database import Database, Tx, open_database
from handbill.infra.jobs import Handler, Job, Worker
from handbill.kernel.clock import MINUTE, SECOND, ManualClock
from handbill.kernel.errors import LeaseLost, ProviderUnavailable

pytestmark = pytest.mark.anyio


async def add(db: Database, number: int = 1, *, after: int = 0, key: str | None = None) -> None:
    await db.write(
        lambda tx: jobs.add(tx, "count", {"number": number}, due_at=tx.now + after, key=key)
    )


async def claim(db: Database, limit: int = 10) -> list[Job]:
    return await db.write(lambda tx: jobs.claim(tx, limit))


def counting(into: list[int]) -> Handler:
    async def run(db: Database, job: Job) -> None:
        into.append(job.payload["number"])
        await db.write(lambda tx: jobs.finish(tx, job))

    return run


async def until(done: list[int], count: int) -> None:
    """Lets the loop turn until so many jobs were run."""
    async with asyncio.timeout(10):
        while len(done) < count:
            await asyncio.sleep(0.001)


async def test_what_is_due_is_leased_oldest_first(db: Database, clock: ManualClock) -> None:
    await add(db, 3, after=3 * SECOND)
    await add(db, 1, after=SECOND)
    await add(db, 2, after=2 * SECOND)
    assert await claim(db) == []
    clock.advance(2 * SECOND)

    leased = await claim(db)

    assert [job.payload["number"] for job in leased] == [1, 2]
    assert [(job.kind, job.fence, job.tries) for job in leased] == [("count", 1, 1)] * 2


async def test_no_more_are_leased_than_there_is_room_for(db: Database) -> None:
    for number in range(5):
        await add(db, number)

    assert [len(await claim(db, 2)) for _ in range(4)] == [2, 2, 1, 0]


async def test_a_lease_that_ran_out_goes_to_another_and_the_first_may_not_finish(
    db: Database, clock: ManualClock
) -> None:
    await add(db)
    [mine] = await claim(db)
    clock.advance(jobs.LEASE - 1)
    assert await claim(db) == []

    clock.advance(1)
    [theirs] = await claim(db)

    assert (theirs.id, theirs.fence, theirs.tries) == (mine.id, 2, 2)
    with pytest.raises(LeaseLost):
        await db.write(lambda tx: jobs.finish(tx, mine))
    with pytest.raises(LeaseLost):
        await db.write(lambda tx: jobs.again(tx, mine, tx.now))
    await db.write(lambda tx: jobs.finish(tx, theirs))
    with pytest.raises(LeaseLost):
        await db.write(lambda tx: jobs.finish(tx, theirs))


async def test_a_lost_lease_undoes_the_effect(db: Database, clock: ManualClock) -> None:
    await add(db)
    [mine] = await claim(db)
    clock.advance(jobs.LEASE)
    await claim(db)

    def effect(tx: Tx) -> None:
        jobs.add(tx, "effect", {}, due_at=tx.now)
        jobs.finish(tx, mine)

    with pytest.raises(LeaseLost):
        await db.write(effect)

    assert await db.read(lambda tx: tx.value("SELECT COUNT(*) FROM jobs")) == 1


async def test_a_key_holds_one_waiting_job(db: Database) -> None:
    await add(db, 1, key="k")
    await add(db, 2, key="k")
    await add(db, 3)
    await add(db, 4)

    [one, *others] = await claim(db)
    assert (one.payload["number"], len(others)) == (1, 2)
    await db.write(lambda tx: jobs.finish(tx, one))
    await add(db, 5, key="k")

    assert [job.payload["number"] for job in await claim(db)] == [5]


async def test_the_next_time_is_told(db: Database, clock: ManualClock) -> None:
    now = clock.now()
    assert await db.point(jobs.next_due) is None
    await add(db, after=MINUTE)
    await add(db, after=5 * MINUTE)
    assert await db.point(jobs.next_due) == now + MINUTE

    clock.advance(MINUTE)
    [job] = await claim(db)

    assert await db.point(jobs.next_due) == now + MINUTE + jobs.LEASE
    await db.write(lambda tx: jobs.again(tx, job, now + 2 * MINUTE))
    assert await db.point(jobs.next_due) == now + 2 * MINUTE


async def test_put_back_it_counts_its_tries_from_nought(db: Database) -> None:
    await add(db)
    [job] = await claim(db)

    await db.write(lambda tx: jobs.again(tx, job, tx.now))

    [again] = await claim(db)
    assert (again.tries, again.fence) == (1, 2)


def test_tries_come_at_doubling_distances_up_to_half_an_hour() -> None:
    distances = [jobs.retry_at(tries, 0) // SECOND for tries in range(1, 12)]

    assert distances == [5, 10, 20, 40, 80, 160, 320, 640, 1_280, 1_800, 1_800]
    assert jobs.retry_at(10_000, 0) == jobs.RETRY_MAX


async def test_a_job_that_failed_is_tried_again_later(db: Database, clock: ManualClock) -> None:
    tries: list[int] = []

    async def fails_twice(db: Database, job: Job) -> None:
        tries.append(job.tries)
        if job.tries < 3:
            raise ProviderUnavailable("not now")
        await db.write(lambda tx: jobs.finish(tx, job))

    await add(db)
    worker = Worker(db, {"count": fails_twice}, clock)

    assert (await worker.step(), await worker.step()) == (1, 0)
    clock.advance(5 * SECOND)
    assert await worker.step() == 1
    clock.advance(5 * SECOND)
    assert await worker.step() == 0
    clock.advance(5 * SECOND)
    assert await worker.step() == 1
    assert tries == [1, 2, 3]
    assert await db.point(jobs.next_due) is None


async def test_a_job_that_nobody_knows_waits_for_a_version_that_does(
    db: Database, clock: ManualClock
) -> None:
    done: list[int] = []
    await add(db, 7)

    await Worker(db, {}, clock).step()
    clock.advance(5 * SECOND)
    await Worker(db, {"count": counting(done)}, clock).step()

    assert done == [7]


async def test_two_workers_never_share_a_job(
    db: Database, database_url: str, clock: ManualClock
) -> None:
    """Two processes' worth of workers, claiming at the same time."""
    done: list[int] = []
    other = open_database(database_url, clock)
    try:
        for number in range(300):
            await add(db, number)
        workers = [
            Worker(database, {"count": counting(done)}, clock)
            for database in (db, other, db, other)
        ]
        while any(await asyncio.gather(*(worker.step() for worker in workers))):
            pass
    finally:
        other.close()

    assert sorted(done) == list(range(300))


async def test_a_worker_hears_of_jobs_and_ends_when_it_is_told(
    db: Database, clock: ManualClock
) -> None:
    done: list[int] = []
    rng = Random(5)
    worker = Worker(db, {"count": counting(done)}, clock)
    running = asyncio.create_task(worker.run())

    for number in range(20):
        await add(db, number)
        if rng.random() < 0.5:
            await until(done, number + 1)
    await until(done, 20)
    worker.stop()

    async with asyncio.timeout(10):
        await running
    assert sorted(done) == list(range(20))


async def test_jobs_that_wait_come_nearer_by_the_beginning_of_their_keys(
    db: Database, clock: ManualClock
) -> None:
    await add(db, 0, key="shop:0")
    [running] = await claim(db)
    for number, key in enumerate(("shop:1", "shop_2", "shopping", None, "SHOP:5"), start=1):
        await add(db, number, after=MINUTE, key=key)

    await db.write(lambda tx: jobs.hasten(tx, "shop:", MINUTE - SECOND))
    clock.advance(SECOND)

    assert [job.payload["number"] for job in await claim(db)] == [1]
    await db.write(lambda tx: jobs.finish(tx, running))
