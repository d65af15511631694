"""Background jobs: a table with leases, run by any process, each at least once.

A job is (kind, payload, due). This module knows no handler: `bootstrap` hands the worker the table
kind -> function. A handler ends its job with `finish` in the transaction of its own effect, so that
the two cannot part; a lease that ran out carries an old fence, and `finish` refuses it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import msgspec
import structlog

from handbill.infra.database import Database, Tx
from handbill.kernel.clock import MINUTE, SECOND, Clock, Instant
from handbill.kernel.errors import HandbillError, LeaseLost
from handbill.kernel.ids import new_id

TOPIC = "jobs"
LEASE = 2 * MINUTE
CLAIM_MAX = 64
DUE_READ_MAX = 10_000
RUNNING_MAX = 128
IDLE_SECONDS = 5.0
FINISH_SECONDS = 4.0
RETRY_FIRST = 5 * SECOND
RETRY_MAX = 30 * MINUTE

log = structlog.get_logger()


class Job(msgspec.Struct, frozen=True):
    """A leased job. `fence` proves that the lease is still ours."""

    id: str
    kind: str
    payload: dict[str, Any]
    due_at: Instant
    fence: int
    tries: int


Handler = Callable[[Database, Job], Awaitable[None]]


def add(
    tx: Tx, kind: str, payload: Mapping[str, Any], *, due_at: Instant, key: str | None = None
) -> None:
    """Adds a job. With a `key`, a job that waits under the same key is left as it is."""
    tx.later(
        "INSERT INTO jobs (id, kind, key, payload_json, due_at, fence, tries, created_at)"
        " VALUES (:id, :kind, :key, :payload_json, :due_at, 0, 0, :now)"
        " ON CONFLICT (key) DO NOTHING",
        id=new_id(tx.now),
        kind=kind,
        key=key,
        payload_json=payload,
        due_at=due_at,
        now=tx.now,
    )
    tx.announce(TOPIC)


def finish(tx: Tx, job: Job) -> None:
    """Ends the job. Raises LeaseLost, which undoes the caller's transaction too."""
    if (
        tx.run("DELETE FROM jobs WHERE id = :id AND fence = :fence", id=job.id, fence=job.fence)
        == 0
    ):
        raise LeaseLost(f"The lease of a {job.kind} job ran out.")


def again(tx: Tx, job: Job, due_at: Instant) -> None:
    """Puts the job back for `due_at`, with its tries counted from nought. Raises LeaseLost."""
    changed = tx.run(
        "UPDATE jobs SET due_at = :due_at, leased_until = NULL, tries = 0"
        " WHERE id = :id AND fence = :fence",
        id=job.id,
        fence=job.fence,
        due_at=due_at,
    )
    if changed == 0:
        raise LeaseLost(f"The lease of a {job.kind} job ran out.")
    tx.announce(TOPIC)


def hasten(tx: Tx, key_prefix: str, milliseconds: int) -> None:
    """Brings jobs that wait under keys with this beginning nearer. Those that run stay."""
    tx.run(
        "UPDATE jobs SET due_at = due_at - :milliseconds"
        " WHERE SUBSTR(key, 1, CAST(:length AS INTEGER)) = :beginning AND leased_until IS NULL",
        milliseconds=milliseconds,
        length=len(key_prefix),
        beginning=key_prefix,
    )
    tx.announce(TOPIC)


def claim(tx: Tx, limit: int) -> list[Job]:
    """Leases what is due, oldest first. Two workers never get the same job."""
    leased = tx.all(
        Job,
        # Materialized: PostgreSQL may otherwise run the inner query again for every row, and lease
        # more than the limit.
        "WITH due AS MATERIALIZED (SELECT id FROM jobs WHERE due_at <= :now"
        " AND (leased_until IS NULL OR leased_until <= :now)"
        " ORDER BY due_at LIMIT :limit FOR UPDATE SKIP LOCKED)"
        " UPDATE jobs SET leased_until = :until, fence = fence + 1, tries = tries + 1"
        " WHERE id IN (SELECT id FROM due)"
        " RETURNING id, kind, payload_json, due_at, fence, tries",
        until=tx.now + LEASE,
        now=tx.now,
        limit=limit,
    )
    return sorted(leased, key=lambda job: (job.due_at, job.id))  # RETURNING keeps no order


def next_due(tx: Tx) -> Instant | None:
    """When the next job can be taken: due and not leased, or its lease run out."""
    # Each half walks an index from its end: this is asked again and again, over many jobs.
    due: Instant | None = tx.value(
        "SELECT MIN(soonest.at) FROM ("
        "SELECT * FROM (SELECT due_at AS at FROM jobs WHERE leased_until IS NULL"
        " ORDER BY due_at LIMIT 1) AS waiting UNION ALL "
        "SELECT * FROM (SELECT leased_until AS at FROM jobs WHERE leased_until IS NOT NULL"
        " ORDER BY leased_until LIMIT 1) AS leased) AS soonest"
    )
    return due


class Due(msgspec.Struct, frozen=True):
    """Jobs of a kind that are due, those that run among them. `oldest_at`: since when."""

    kind: str
    count: int
    oldest_at: Instant


def due(tx: Tx) -> list[Due]:
    """By kind, of the oldest ones."""
    return tx.all(
        Due,
        "SELECT kind, COUNT(*) AS count, MIN(due_at) AS oldest_at FROM (SELECT kind, due_at"
        " FROM jobs WHERE due_at <= :now ORDER BY due_at LIMIT :limit) AS due"
        " GROUP BY kind ORDER BY kind",
        now=tx.now,
        limit=DUE_READ_MAX,
    )


def retry_at(tries: int, now: Instant) -> Instant:
    """Doubling from five seconds to half an hour."""
    return now + min(RETRY_FIRST << min(tries - 1, 20), RETRY_MAX)


class Worker:
    """Runs jobs. `step` runs what is due now, for tests; `run` goes on until stopped."""

    def __init__(self, db: Database, handlers: Mapping[str, Handler], clock: Clock) -> None:
        self._db = db
        self._handlers = handlers
        self._clock = clock
        self._running: dict[asyncio.Task[None], Job] = {}
        self._stopping = asyncio.Event()

    async def step(self) -> int:
        """Claims what is due and runs it to its end. Gives how many jobs ran."""
        jobs = await self._claim()
        await asyncio.gather(*(self._run_job(job) for job in jobs))
        return len(jobs)

    async def run(self) -> None:
        """Until `stop`. A failure of the database is waited out."""
        with self._db.subscription(TOPIC) as news:
            while not self._stopping.is_set():
                try:
                    jobs = await self._claim()
                    for job in jobs:
                        task = asyncio.create_task(self._run_job(job))
                        self._running[task] = job
                        task.add_done_callback(self._running.pop)
                    if len(self._running) >= RUNNING_MAX:
                        await asyncio.wait(self._running, return_when=asyncio.FIRST_COMPLETED)
                    wait_seconds = 0.0 if len(jobs) == CLAIM_MAX else await self._idle_seconds()
                except Exception as error:
                    log.error("worker_failed", exc_info=error)
                    wait_seconds = IDLE_SECONDS
                await self._pause(news.wait(wait_seconds))
        await self._finish()

    def stop(self) -> None:
        """Takes no more jobs; `run` returns when those that run have ended, or soon after."""
        self._stopping.set()

    async def _finish(self) -> None:
        """Waits for the jobs that run. Those that take too long are put back for another worker,
        which does them again: at least once, not at most."""
        if not self._running:
            return
        _, late = await asyncio.wait(self._running, timeout=FINISH_SECONDS)
        unfinished = [self._running[task] for task in late]
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)
        for job in unfinished:
            await self._put_back(job, job.due_at)  # it did not fail: no reason to wait

    async def _pause(self, news: Awaitable[bool]) -> None:
        waiting = asyncio.ensure_future(news)
        stopping = asyncio.ensure_future(self._stopping.wait())
        await asyncio.wait({waiting, stopping}, return_when=asyncio.FIRST_COMPLETED)
        for task in (waiting, stopping):
            task.cancel()

    async def _claim(self) -> list[Job]:
        room = min(CLAIM_MAX, RUNNING_MAX - len(self._running))
        # Look before writing: an idle worker must not cost a commit.
        due = await self._db.point(next_due)
        if room <= 0 or due is None or due > self._clock.now():
            return []
        return await self._db.write(lambda tx: claim(tx, room))

    async def _idle_seconds(self) -> float:
        due = await self._db.point(next_due)
        if due is None:
            return IDLE_SECONDS
        return max(0.0, min(IDLE_SECONDS, (due - self._clock.now()) / 1_000))

    async def _run_job(self, job: Job) -> None:
        try:
            await self._handlers[job.kind](self._db, job)
        except LeaseLost:
            log.info("job_lease_lost", kind=job.kind)
        except Exception as error:
            _report(job, error)
            await self._put_back(job)

    async def _put_back(self, job: Job, due_at: Instant | None = None) -> None:
        """For `due_at`, or later the more often it was tried."""
        try:
            await self._db.write(
                lambda tx: tx.run(
                    "UPDATE jobs SET due_at = :due_at, leased_until = NULL"
                    " WHERE id = :id AND fence = :fence",
                    due_at=retry_at(job.tries, tx.now) if due_at is None else due_at,
                    id=job.id,
                    fence=job.fence,
                )
            )
        except Exception as error:  # the lease runs out by itself
            log.warning("job_not_put_back", kind=job.kind, exc_info=error)


def _report(job: Job, error: Exception) -> None:
    # An acquirer that is down is no mistake of ours: what we raise ourselves needs no traceback.
    trace = None if isinstance(error, HandbillError) else error
    known = {"kind": job.kind, "job": job.id, "tries": job.tries, "error": str(error)}
    log.warning("job_failed", **known, exc_info=trace)
