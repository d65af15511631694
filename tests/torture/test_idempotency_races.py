"""Two servers, one database, every request many times at once, and a fifth of the callers hang up:
one effect for each key, and whoever hears an answer hears the same."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

from handbill.infra.database import open_database
from handbill.kernel.clock import SystemClock
from tests.conftest import KINDS
from tests.support.process import pay, serving, until
from tests.support.repeating import CONFLICT, CUT_SHARE, Callers

REPEATS = (2, 50)
CREATED = 201
CHARGED_SECONDS = 60
SEED = 20_260_303
LINK = {
    "amount": {"default": 1000, "currency": "RUB"},
    "amount_type": "fixed",
    "pay_config": {"methods": ["card"]},
}


class Made(msgspec.Struct):
    name: str
    id: str


class Two(msgspec.Struct, frozen=True):
    """Two servers on one database, and a payment that was charged."""

    url: str
    ports: tuple[int, int]
    api_key: str
    paid: str


@pytest.fixture(scope="module", params=KINDS)
def two(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Two]:
    folder = tmp_path_factory.mktemp("two") / "data"
    url = f"sqlite:///{folder}/handbill.db"
    if request.param == "postgres":
        url = request.getfixturevalue("postgres_server").create("two")
    options = ("--database-url", url, "--rate-limit", "0")
    with serving(folder, *options) as one, serving(folder, *options) as other:
        words = one.first_words
        paid = pay(one, words.link_id)
        with one.client(words.test_key) as shop:
            path = f"/api/v1/transactions/{paid}"
            until(lambda: shop.get(path).json()["data"]["status"] == "charged", CHARGED_SECONDS)
        yield Two(url, (one.port, other.port), words.test_key, paid)
        assert one.stop() == other.stop() == 0


@pytest.mark.parametrize("keys", [30, pytest.param(10_000, marks=pytest.mark.slow)])
def test_one_effect_and_one_answer_for_each_key(two: Two, keys: int) -> None:
    names = [f"link {keys}-{number}" for number in range(keys)]
    asked = {name: post(two, "links", name, {**LINK, "title": name}) for name in names}

    callers = race(two, asked)

    # Each was done once, and every answer is the one answer to it
    made = look(two, f"SELECT title AS name, id FROM links WHERE title LIKE 'link {keys}-%'")
    assert sorted(one.name for one in made) == sorted(names)
    judge(callers, made, {CREATED})


@pytest.mark.parametrize("keys", [15, pytest.param(500, marks=pytest.mark.slow)])
def test_one_refund_at_the_acquirer_for_each_key(two: Two, keys: int) -> None:
    names = [f"refund {keys}-{number}" for number in range(keys)]
    path = f"transactions/{two.paid}/refunds"
    asked = {name: post(two, path, name, {"amount": 1, "reason": name}) for name in names}

    callers = race(two, asked)

    # Each was made once, here and there; who came while it was on its way was told so
    made = look(two, f"SELECT reason AS name, id FROM refunds WHERE reason LIKE 'refund {keys}-%'")
    assert sorted(one.name for one in made) == sorted(names)
    everything = [
        look(two, f"SELECT reason AS name, id FROM {table}")
        for table in ("refunds", "sandbox_refunds")
    ]
    assert len(everything[0]) == len(everything[1])
    judge(callers, made, {CREATED, CONFLICT})


def race(two: Two, asked: dict[str, bytes]) -> Callers:
    callers = Callers(two.ports, SEED)
    asyncio.run(callers.race(asked, REPEATS))
    assert callers.cut > callers.sent * CUT_SHARE / 2
    print(f"{len(asked)} keys, {callers.sent} requests, {callers.cut} cut")
    return callers


def judge(callers: Callers, made: list[Made], statuses: set[int]) -> None:
    """But for those who were told to wait, all that was heard of a key is the same."""
    ids = {one.name: one.id for one in made}
    for name, heard in callers.heard.items():
        assert {answer.status for answer in heard} <= statuses, name
        told = [answer for answer in heard if answer.status == CREATED]
        assert len({answer.kept for answer in told}) == 1, name
        assert ids[name].encode() in told[0].kept, name
        assert sum(not answer.is_replay for answer in told) <= 1, name


def post(two: Two, path: str, name: str, body: Any) -> bytes:
    content = json.dumps(body).encode()
    head = (
        f"POST /api/v1/{path} HTTP/1.1",
        "host: localhost",
        "content-type: application/json",
        f"content-length: {len(content)}",
        f"x-api-key: {two.api_key}",
        f"idempotency-key: {name}",
    )
    return "\r\n".join((*head, "", "")).encode() + content


def look(two: Two, sql: str) -> list[Made]:
    async def run() -> list[Made]:
        db = open_database(two.url, SystemClock())
        try:
            return await db.read(lambda tx: tx.all(Made, sql))
        finally:
            db.close()

    return asyncio.run(run())
