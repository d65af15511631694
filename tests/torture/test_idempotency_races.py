"""Two servers, one database, every request many times at once, and a fifth of the callers hang up:
one effect for each key, and whoever hears an answer hears the same."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from handbill.infra.database import Tx, open_database
from handbill.kernel.clock import SystemClock
from tests.conftest import KINDS
from tests.support.process import serving
from tests.support.repeating import CUT_SHARE, Callers

REPEATS = (2, 50)
SEED = 20_260_303
LINK = {
    "amount": {"default": 1000, "currency": "RUB"},
    "amount_type": "fixed",
    "pay_config": {"methods": ["card"]},
}


class Made(msgspec.Struct):
    title: str
    id: str


@pytest.fixture(params=KINDS)
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/data/handbill.db"
    return str(request.getfixturevalue("empty_postgres_url"))


@pytest.mark.parametrize("keys", [30, pytest.param(10_000, marks=pytest.mark.slow)])
def test_one_effect_and_one_answer_for_each_key(url: str, tmp_path: Path, keys: int) -> None:
    options = ("--database-url", url, "--rate-limit", "0")
    names = [f"key-{number}" for number in range(keys)]

    # Given two servers
    with (
        serving(tmp_path / "data", *options) as one,
        serving(tmp_path / "data", *options) as other,
    ):
        api_key = one.first_words.test_key
        callers = Callers((one.port, other.port), SEED)

        # When every request comes 2 to 50 times at once
        asyncio.run(callers.race({name: post_link(api_key, name) for name in names}, REPEATS))

        assert one.stop() == other.stop() == 0

    # Then each was done once
    made = look(url, links)
    assert sorted(link.title for link in made) == sorted(names)

    # And every answer is the one answer to it
    ids = {link.title: link.id for link in made}
    for name, heard in callers.heard.items():
        assert {answer.status for answer in heard} == {201}, name
        assert len({answer.kept for answer in heard}) == 1, name
        assert ids[name].encode() in heard[0].kept
        assert sum(not answer.is_replay for answer in heard) <= 1, name
        assert heard[-1].is_replay
    assert callers.cut > callers.sent * CUT_SHARE / 2
    print(f"{keys} keys, {callers.sent} requests, {callers.cut} cut")


def post_link(api_key: str, name: str) -> bytes:
    body = json.dumps({**LINK, "title": name}).encode()
    head = (
        "POST /api/v1/links HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n"
        f"x-api-key: {api_key}\r\nidempotency-key: {name}\r\ncontent-length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def links(tx: Tx) -> list[Made]:
    """Those of the test: the sample link has another title."""
    return tx.all(Made, "SELECT title, id FROM links WHERE title LIKE 'key-%'")


def look(url: str, fn: Callable[[Tx], list[Made]]) -> list[Made]:
    async def run() -> list[Made]:
        db = open_database(url, SystemClock())
        try:
            return await db.read(fn)
        finally:
            db.close()

    return asyncio.run(run())
