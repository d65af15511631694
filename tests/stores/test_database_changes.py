"""Waiting for what others commit, in this process and in another one."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import psycopg
import pytest

from handbill.infra.database import Database, Tx, open_database
from handbill.kernel.clock import ManualClock
from handbill.kernel.errors import Conflict
from tests.support.batches import outcome

pytestmark = pytest.mark.anyio

TABLE = "CREATE TABLE notes (name TEXT)"
LONG_SECONDS = 30.0
SHORT_SECONDS = 0.05


@pytest.fixture
async def db(empty_database_url: str, clock: ManualClock) -> AsyncIterator[Database]:
    database = open_database(empty_database_url, clock)
    await database.write(lambda tx: tx.run(TABLE))
    yield database
    database.close()


def note(topic: str):
    def function(tx: Tx) -> None:
        tx.run("INSERT INTO notes (name) VALUES (:name)", name=topic)
        tx.announce(topic)

    return function


async def write_in_another_process(url: str, topic: str) -> None:
    def run() -> None:
        subprocess.run(
            [sys.executable, "-m", "tests.support.announcing", url, topic],
            cwd=Path(__file__).parents[2],
            check=True,
            timeout=60,
        )

    await asyncio.get_running_loop().run_in_executor(None, run)


async def test_a_commit_wakes_those_who_wait_for_its_topic(db: Database):
    with db.subscription("jobs") as jobs, db.subscription("jobs") as more:
        await db.write(note("jobs"))
        assert await jobs.wait(LONG_SECONDS)
        assert await more.wait(LONG_SECONDS)


async def test_what_is_announced_before_the_wait_is_not_missed(db: Database):
    # Given a subscription that was opened before the look
    with db.subscription("jobs") as jobs:
        # When the commit falls between the look and the wait, twice
        await db.write(note("jobs"))
        await db.write(note("jobs"))

        # Then
        assert await jobs.wait(LONG_SECONDS)


async def test_nobody_wakes_for_another_topic_or_for_what_was_refused(
    empty_postgres_url: str, clock: ManualClock
):
    # Given PostgreSQL, which says whose topic it is; on SQLite a spare wake-up is allowed
    db = open_database(empty_postgres_url, clock)
    await db.write(lambda tx: tx.run(TABLE))

    def refuse(tx: Tx) -> None:
        note("jobs")(tx)
        raise Conflict("refused")

    # When, then
    with db.subscription("jobs") as jobs, db.subscription("events") as events:
        await db.write(note("events"))
        assert isinstance(await outcome(db.write(refuse)), Conflict)
        assert await events.wait(LONG_SECONDS)
        assert not await jobs.wait(SHORT_SECONDS)
        assert not await events.wait(SHORT_SECONDS)
    db.close()


async def test_the_echo_of_our_own_notification_is_not_heard(
    empty_postgres_url: str, clock: ManualClock
):
    # Given two processes' worth of databases
    db = open_database(empty_postgres_url, clock)
    other = open_database(empty_postgres_url, clock)
    await db.write(lambda tx: tx.run(TABLE))
    before = db.mark().changes

    # When we announce, and then the other one does: notifications come in the order of commits
    with db.subscription("theirs") as theirs:
        await db.write(note("ours"))
        await other.write(note("theirs"))
        assert await theirs.wait(LONG_SECONDS)

    # Then each was heard once
    assert db.mark().changes - before == 2
    db.close()
    other.close()


async def test_the_time_of_a_wait_runs_out(db: Database):
    with db.subscription("nothing") as nothing:
        while await nothing.wait(SHORT_SECONDS):
            pass  # a spare wake-up of the start


async def test_another_process_wakes_us(db: Database, empty_database_url: str):
    # Given
    with db.subscription("jobs") as jobs:
        while await jobs.wait(SHORT_SECONDS):
            pass

        # When
        await write_in_another_process(empty_database_url, "jobs")

        # Then
        assert await jobs.wait(LONG_SECONDS)
        assert await db.point(lambda tx: tx.value("SELECT COUNT(*) FROM notes")) == 1


async def test_a_listener_that_was_cut_off_misses_nothing(
    empty_postgres_url: str, clock: ManualClock
):
    # Given a process whose sessions all ended
    db = open_database(empty_postgres_url, clock)
    await db.write(lambda tx: tx.run(TABLE))
    with db.subscription("jobs") as jobs:
        with psycopg.connect(empty_postgres_url, autocommit=True) as admin:
            admin.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )

        # When another one announces meanwhile
        await write_in_another_process(empty_postgres_url, "jobs")

        # Then it looks as soon as it listens again
        assert await jobs.wait(LONG_SECONDS)
    db.close()


async def test_many_topics_are_too_long_for_a_notification_and_wake_everybody(
    empty_postgres_url: str, clock: ManualClock
):
    # Given two processes' worth of databases
    db = open_database(empty_postgres_url, clock)
    other = open_database(empty_postgres_url, clock)
    await db.write(lambda tx: tx.run(TABLE))

    def announce_much(tx: Tx) -> None:
        for n in range(2_000):
            tx.announce(f"topic-{n:07}")

    # When, then
    with other.subscription("something else") as waiting:
        await db.write(announce_much)
        assert await waiting.wait(LONG_SECONDS)
    db.close()
    other.close()


def test_a_closed_event_loop_is_left_alone(empty_sqlite_url: str, clock: ManualClock):
    # Given a subscription that nobody closed, in a loop that is gone
    db = open_database(empty_sqlite_url, clock)

    async def leave_open() -> None:
        await db.write(lambda tx: tx.run(TABLE))
        db.subscription("jobs").__enter__()

    asyncio.run(leave_open())

    # When, then
    asyncio.run(db.write(note("jobs")))
    db.close()


def test_a_caller_whose_loop_is_gone_is_left_alone(empty_sqlite_url: str, clock: ManualClock):
    # Given a write that nobody waits for any more
    db = open_database(empty_sqlite_url, clock)

    async def leave() -> None:
        await db.write(lambda tx: tx.run(TABLE))
        task = asyncio.create_task(db.write(note("left")))
        await asyncio.sleep(0)
        task.cancel()

    asyncio.run(leave())

    # When, then its function has run, and the next caller is answered
    async def count() -> int:
        return await db.write(lambda tx: tx.value("SELECT COUNT(*) FROM notes"))

    assert asyncio.run(count()) == 1
    db.close()
