"""Whatever a server acknowledged is there after `kill -9`: links and payments. Every charged
payment has its webhook, and what was begun is brought to an end by the next process."""

from __future__ import annotations

import asyncio
import random
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import TypeVar

import msgspec
import pytest

from handbill.infra.database import Tx, open_database
from handbill.kernel.clock import SystemClock
from handbill.payments.model import RECONCILE
from tests.support.load import BODY, Load, loaded
from tests.support.process import Server, free_port, serving, until

pytestmark = pytest.mark.slow

ROUNDS = {"sqlite": 20, "postgres": 5}
SHOPS, PAYERS = 6, 4
ACKNOWLEDGED_MAX = 400
SEED = 20_260_302
LOAD_SECONDS = 60
HEAL_SECONDS = 120

T = TypeVar("T")


class Row(msgspec.Struct):
    name: str


@pytest.fixture(params=list(ROUNDS))
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def url(kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if kind == "sqlite":
        return f"sqlite:///{tmp_path}/data/handbill.db"
    return str(request.getfixturevalue("empty_postgres_url"))


def test_nothing_acknowledged_is_lost_when_the_server_is_killed(
    kind: str, url: str, tmp_path: Path
) -> None:
    options = ("--database-url", url, "--port", str(free_port()), "--rate-limit", "0")
    moments = random.Random(SEED)
    links: set[str] = set()
    payments: set[str] = set()
    left: set[str] = set()
    key = to_pay = ""

    for round_ in range(ROUNDS[kind]):
        with serving(tmp_path / "data", *options) as server:
            if round_ == 0:
                key = server.first_words.test_key
                to_pay = make_link_to_pay(server, key)
            load = load_until_killed(server, key, to_pay, moments.randint(1, ACKNOWLEDGED_MAX))
        links |= set(load.links)
        payments |= set(load.payments)

        assert load.refusals == []
        assert links <= look(url, lambda tx: names(tx, "SELECT id AS name FROM links"))
        assert payments <= look(url, lambda tx: names(tx, "SELECT id AS name FROM payments"))
        assert look(url, charged_without_event) == set()
        left |= look(url, unfinished)
        check_integrity(url)

    assert left  # or the kills came when nothing was going on
    assert len(links) > ROUNDS[kind] * 20
    assert len(payments) > ROUNDS[kind] * 5
    look(url, let_leases_run_out, write=True)
    with serving(tmp_path / "data", *options) as server:
        until(lambda: look(url, unfinished) == set(), HEAL_SECONDS)
        assert payments <= look(url, charged)
        assert look(url, charged_without_event) == set()
        assert server.stop() == 0
    check_integrity(url)


def make_link_to_pay(server: Server, key: str) -> str:
    with server.client(key) as shop:
        body = {**BODY, "metadata": {"sandbox_scenario": "approve"}}
        return str(shop.post("/api/v1/links", json=body).json()["data"]["id"])


def load_until_killed(server: Server, key: str, to_pay: str, acknowledged: int) -> Load:
    shops = [lambda load: load.make_links(server.url, key)] * SHOPS
    payers = [lambda load: load.pay(server.url, to_pay)] * PAYERS
    with loaded(*shops, *payers) as load:
        until(lambda: len(load.links) + len(load.payments) >= acknowledged, LOAD_SECONDS)
        server.kill()
    return load


def look(url: str, fn: Callable[[Tx], T], *, write: bool = False) -> T:
    async def run() -> T:
        db = open_database(url, SystemClock())
        try:
            return await (db.write(fn) if write else db.read(fn))
        finally:
            db.close()

    return asyncio.run(run())


def names(tx: Tx, sql: str) -> set[str]:
    return {row.name for row in tx.all(Row, sql)}


def charged(tx: Tx) -> set[str]:
    return names(tx, "SELECT id AS name FROM payments WHERE status = 'charged'")


def charged_without_event(tx: Tx) -> set[str]:
    told = "SELECT object_id AS name FROM events WHERE type = 'payment.charged'"
    return charged(tx) - names(tx, told)


def unfinished(tx: Tx) -> set[str]:
    """Attempts that nobody has decided, events that nobody has sent, webhooks that are on their
    way."""
    sent = names(tx, "SELECT event_id AS name FROM deliveries WHERE status = 'delivered'")
    told = names(tx, "SELECT id AS name FROM events WHERE type = 'payment.charged'")
    return names(tx, "SELECT id AS name FROM attempts WHERE live") | (told - sent)


def let_leases_run_out(tx: Tx) -> None:
    """As if two minutes had passed, and the time to ask about open attempts had come."""
    tx.run("UPDATE jobs SET leased_until = NULL")
    tx.run("UPDATE jobs SET due_at = 0 WHERE kind = :kind", kind=RECONCILE)


def check_integrity(url: str) -> None:
    if url.startswith("sqlite"):
        with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as db:
            assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
            assert db.execute("PRAGMA foreign_key_check").fetchall() == []
