"""The schema goes up and down on both databases, whole or not at all, one process at a time."""

from __future__ import annotations

import os
import re
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest

from handbill.infra.database import open_database
from handbill.infra.database.database import open_backend
from handbill.infra.migrations import runner
from handbill.kernel.clock import ManualClock
from handbill.kernel.errors import Unavailable

VERSIONS = Path(runner.__file__).parent / "versions"
WAIT_SECONDS = 60.0


def tables(url: str) -> set[str]:
    """Every table but Alembic's own."""
    if url.startswith("sqlite"):
        with sqlite3.connect(path_of(url)) as db:
            found = db.execute(
                "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
            ).fetchall()
        db.close()
    else:
        with psycopg.connect(url) as postgres:
            found = postgres.execute(
                "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
            ).fetchall()
    return {name for (name,) in found} - {"alembic_version"}


def path_of(url: str) -> str:
    return url.removeprefix("sqlite:///")


def execute(url: str, statement: str) -> None:
    if url.startswith("sqlite"):
        with sqlite3.connect(path_of(url)) as db:
            db.execute(statement)
        db.close()
    else:
        with psycopg.connect(url) as postgres:
            postgres.execute(statement)


def until(happened: Callable[[], bool]) -> None:
    deadline = time.monotonic() + WAIT_SECONDS
    while not happened():
        assert time.monotonic() < deadline
        time.sleep(0.001)


def test_it_goes_up_and_down_and_up(empty_database_url: str) -> None:
    url = empty_database_url
    assert open_backend(url).revision() is None

    runner.upgrade(url)
    made = tables(url)
    assert open_backend(url).revision() == runner.head()
    assert {"merchants", "links", "payments", "attempts", "events", "jobs"} <= made
    runner.upgrade(url)  # nothing to do

    runner.downgrade(url, "base")
    assert tables(url) == set()
    assert open_backend(url).revision() is None

    runner.upgrade(url)
    assert tables(url) == made


def test_each_step_goes_down_to_what_was_before_it(empty_database_url: str) -> None:
    url, seen = empty_database_url, dict[str, set[str]]()
    steps = sorted(path.name[:4] for path in VERSIONS.glob("[0-9]*.py"))
    for step in steps:
        runner.upgrade(url, step)
        seen[step] = tables(url)

    for step, earlier in zip(reversed(steps[1:]), reversed(steps[:-1]), strict=True):
        assert tables(url) == seen[step]
        runner.downgrade(url, earlier)
        assert tables(url) == seen[earlier]


def test_history_is_a_line_and_its_head_is_the_newest_file() -> None:
    """The server compares the stored revision with the files' names, without loading Alembic."""
    files = sorted(VERSIONS.glob("[0-9]*.py"))
    before = "None"
    for file in files:
        text = file.read_text()
        assert re.search(rf'^revision = "{file.name[:4]}"$', text, re.MULTILINE)
        assert re.search(rf"^down_revision = {before}$", text, re.MULTILINE)
        before = f'"{file.name[:4]}"'
    assert runner.head() == files[-1].name[:4]


def test_a_step_that_fails_leaves_nothing_and_says_why(empty_database_url: str) -> None:
    execute(empty_database_url, "CREATE TABLE jobs (mine INTEGER)")

    with pytest.raises(Unavailable, match=r"jobs.*already exists"):
        runner.upgrade(empty_database_url)

    assert tables(empty_database_url) == {"jobs"}
    execute(empty_database_url, "DROP TABLE jobs")
    runner.upgrade(empty_database_url)
    assert open_backend(empty_database_url).revision() == runner.head()


def test_processes_that_start_together_migrate_once(empty_database_url: str) -> None:
    with ThreadPoolExecutor(3) as pool:
        for started in [pool.submit(runner.upgrade, empty_database_url) for _ in range(3)]:
            started.result()

    assert open_backend(empty_database_url).revision() == runner.head()


def test_killed_in_the_middle_on_sqlite_it_leaves_nothing(empty_sqlite_url: str) -> None:
    journal = Path(path_of(empty_sqlite_url) + "-journal")
    child = _start(empty_sqlite_url)

    until(lambda: journal.exists() or child.poll() is not None)  # a transaction is under way
    child.send_signal(signal.SIGKILL)
    child.wait()

    left = tables(empty_sqlite_url)
    revision = open_backend(empty_sqlite_url).revision()
    runner.upgrade(empty_sqlite_url)
    assert (left, revision) in ((set(), None), (tables(empty_sqlite_url), runner.head()))


def test_killed_in_the_middle_on_postgresql_it_leaves_nothing(empty_postgres_url: str) -> None:
    with (
        psycopg.connect(empty_postgres_url) as blocker,
        psycopg.connect(empty_postgres_url, autocommit=True) as observer,
    ):
        blocker.execute("CREATE TABLE jobs (mine INTEGER)")  # its commit is waited for
        child = _start(empty_postgres_url)
        waiting = (
            "SELECT COUNT(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
            " AND query LIKE '%CREATE TABLE jobs%'"
        )
        until(lambda: observer.execute(waiting).fetchone() != (0,))
        child.send_signal(signal.SIGKILL)
        child.wait()
        blocker.rollback()
        until(lambda: observer.execute(waiting).fetchone() == (0,))

        assert tables(empty_postgres_url) == set()
    runner.upgrade(empty_postgres_url)
    assert open_backend(empty_postgres_url).revision() == runner.head()


def test_a_migrated_database_can_be_opened(empty_database_url: str, clock: ManualClock) -> None:
    runner.upgrade(empty_database_url)

    open_database(empty_database_url, clock).close()


def _start(url: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "handbill.infra.migrations", "up", "head"],
        env={**os.environ, "HANDBILL_MIGRATION_URL": url},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
