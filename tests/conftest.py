"""Fixtures for every test: a clock that stands still and a fresh, migrated database.

A database fixture runs its test twice, on SQLite and on PostgreSQL; the environment variable
`HANDBILL_TEST_DATABASES=sqlite` limits a quick run to one of them. Where PostgreSQL is missing
the tests fail; they never skip.
"""

from __future__ import annotations

import itertools
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from handbill.infra.database import Database, open_database
from handbill.infra.migrations.runner import upgrade
from handbill.kernel.clock import ManualClock
from tests.support.postgres import PostgresServer, start_server

KINDS = os.environ.get("HANDBILL_TEST_DATABASES", "sqlite,postgres").split(",")
TEMPLATE = "handbill_template"

# A machine that others use, too, is slow at times, and no fault of what is tested.
settings.register_profile("handbill", deadline=None)
settings.load_profile("handbill")

_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """Started by the first test that needs it."""
    server = start_server()
    yield server
    server.stop()


@pytest.fixture
def empty_postgres_url(postgres_server: PostgresServer) -> Iterator[str]:
    """A database without a table, for tests of the migrations themselves."""
    name = f"empty_{next(_numbers)}"
    yield postgres_server.create(name)
    postgres_server.drop(name)


@pytest.fixture
def empty_sqlite_url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/empty.db"


@pytest.fixture(scope="session")
def postgres_template(postgres_server: PostgresServer) -> str:
    """Migrated once; every test copies it."""
    upgrade(postgres_server.create(TEMPLATE))
    return TEMPLATE


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Migrated once; every test copies it."""
    path = tmp_path_factory.mktemp("template") / "handbill.db"
    upgrade(f"sqlite:///{path}")
    return path


@pytest.fixture
def postgres_url(postgres_server: PostgresServer, postgres_template: str) -> Iterator[str]:
    name = f"test_{next(_numbers)}"
    yield postgres_server.create(name, template=postgres_template)
    postgres_server.drop(name)


@pytest.fixture
def sqlite_url(sqlite_template: Path, tmp_path: Path) -> str:
    path = tmp_path / "handbill.db"
    shutil.copyfile(sqlite_template, path)
    return f"sqlite:///{path}"


@pytest.fixture(params=KINDS)
def database_url(request: pytest.FixtureRequest) -> str:
    """A migrated database of this test alone, by its URL."""
    return str(request.getfixturevalue(f"{request.param}_url"))


@pytest.fixture(params=KINDS)
def empty_database_url(request: pytest.FixtureRequest) -> str:
    return str(request.getfixturevalue(f"empty_{request.param}_url"))


@pytest.fixture
def db(database_url: str, clock: ManualClock) -> Iterator[Database]:
    """An open database on `database_url`, which lives by `clock`."""
    database = open_database(database_url, clock)
    yield database
    database.close()
