"""Streams of events: what they tell, when they end, and how many there may be."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest
from starlette.types import Message

from handbill.infra import jobs
from handbill.infra.database import Database, Tx, open_database
from handbill.kernel.clock import ManualClock
from handbill.web.pages.live import Streams

pytestmark = pytest.mark.anyio

TOPIC = "payment:1"
SECONDS_MAX = 20


class Browser:
    """The other end of a stream."""

    def __init__(self) -> None:
        self.messages: asyncio.Queue[Message] = asyncio.Queue()
        self.left = asyncio.Event()

    async def receive(self) -> Message:
        await self.left.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Message) -> None:
        self.messages.put_nowait(message)

    async def hears(self) -> str:
        async with asyncio.timeout(SECONDS_MAX):
            body: bytes = (await self.messages.get()).get("body", b"")
            return body.decode()

    async def has_begun(self) -> Message:
        """The head of the answer, after which every stream says how soon to come back."""
        head = await self.messages.get()
        assert await self.hears() == "retry: 2000\n\n"
        return head


class Shown:
    """What a page would be told; the database's own value is what `look` sees."""

    def __init__(self, db: Database) -> None:
        self.db = db
        self.state = "waiting"
        self.looks = 0

    async def look(self) -> dict[str, str]:
        self.looks += 1
        return {"state": self.state}

    async def becomes(self, state: str) -> None:
        self.state = state
        await self.announced()

    async def announced(self) -> None:
        await self.db.write(_announce)


def _announce(tx: Tx) -> None:
    jobs.add(tx, "of another kind", {}, due_at=tx.now)
    tx.announce(TOPIC)


@asynccontextmanager
async def listening(
    streams: Streams, look: Callable[[], object], network: str | None = None, method: str = "GET"
) -> AsyncIterator[tuple[Browser, asyncio.Task[None]]]:
    browser = Browser()
    response = streams.open(TOPIC, look, network=network)  # type: ignore[arg-type]
    scope = {"type": "http", "method": method}
    task = asyncio.ensure_future(response(scope, browser.receive, browser.send))
    try:
        yield browser, task
    finally:
        browser.left.set()
        async with asyncio.timeout(SECONDS_MAX):
            await task


async def test_it_tells_what_is_so_now_and_then_each_change(db: Database) -> None:
    shown = Shown(db)
    async with listening(Streams(db), shown.look) as (browser, _):
        head = await browser.has_begun()
        assert await browser.hears() == 'event: state\ndata: {"state":"waiting"}\n\n'
        await shown.becomes("charged")
        assert await browser.hears() == 'event: state\ndata: {"state":"charged"}\n\n'
    headers = dict(head["headers"])
    assert headers[b"content-type"].startswith(b"text/event-stream")
    assert headers[b"cache-control"] == b"no-store"
    assert headers[b"x-accel-buffering"] == b"no"
    assert b"content-length" not in headers


async def test_a_change_between_the_first_look_and_the_wait_is_not_missed(db: Database) -> None:
    shown = Shown(db)

    async def look() -> dict[str, str]:
        before = await shown.look()
        if shown.looks == 1:  # committed while the stream is still looking
            await shown.becomes("charged")
        return before

    async with listening(Streams(db, heartbeat_seconds=SECONDS_MAX * 2), look) as (browser, _):
        await browser.has_begun()
        assert "waiting" in await browser.hears()
        assert "charged" in await browser.hears()


async def test_a_change_that_another_process_made_is_told_too(
    db: Database, database_url: str, clock: ManualClock
) -> None:
    shown = Shown(db)
    async with listening(Streams(db, heartbeat_seconds=SECONDS_MAX * 2), shown.look) as (b, _):
        await b.has_begun()
        assert "waiting" in await b.hears()
        shown.state = "charged"
        another = open_database(database_url, clock)
        await another.write(_announce)
        assert "charged" in await b.hears()
        another.close()


async def test_an_announcement_that_changes_nothing_is_not_told(db: Database) -> None:
    shown = Shown(db)
    async with listening(Streams(db, heartbeat_seconds=SECONDS_MAX * 2), shown.look) as (b, _):
        await b.has_begun()
        assert "waiting" in await b.hears()
        await shown.announced()
        await shown.becomes("charged")
        assert "charged" in await b.hears()


async def test_a_silent_stream_shows_that_it_lives_and_looks_again(db: Database) -> None:
    shown = Shown(db)
    async with listening(Streams(db, heartbeat_seconds=0.01), shown.look) as (browser, _):
        await browser.has_begun()
        assert "waiting" in await browser.hears()
        assert await browser.hears() == ":\n\n"
        shown.state = "unknown"  # with time alone: nobody announces it
        heard = await browser.hears()
        while heard == ":\n\n":
            heard = await browser.hears()
        assert "unknown" in heard


async def test_it_ends_when_its_time_is_up(db: Database) -> None:
    streams = Streams(db, life_seconds=0.01)
    async with listening(streams, Shown(db).look) as (_, task), asyncio.timeout(SECONDS_MAX):
        await task
    assert len(streams) == 0


async def test_it_ends_when_the_browser_leaves(db: Database) -> None:
    streams = Streams(db)
    async with listening(streams, Shown(db).look, network="a") as (browser, task):
        await browser.has_begun()
        assert len(streams) == 1
        browser.left.set()
        async with asyncio.timeout(SECONDS_MAX):
            await task
    assert len(streams) == 0
    assert streams.open(TOPIC, Shown(db).look, network="a").status_code == 200


async def test_a_server_that_drains_ends_every_stream_and_opens_no_more(db: Database) -> None:
    streams, look = Streams(db), Shown(db).look
    async with listening(streams, look) as (one, first), listening(streams, look) as (two, second):
        await one.has_begun()
        await two.has_begun()
        streams.drain()
        async with asyncio.timeout(SECONDS_MAX):
            await asyncio.gather(first, second)
        last = one.messages.get_nowait()
        while not one.messages.empty():
            last = one.messages.get_nowait()
        assert not last.get("more_body")
    assert streams.open(TOPIC, look, network=None).status_code == 204


async def test_a_process_and_a_network_have_only_so_many(db: Database) -> None:
    streams, look = Streams(db, most=3, network_most=2), Shown(db).look

    def status(network: str | None) -> int:
        return streams.open(TOPIC, look, network=network).status_code

    async with listening(streams, look, "a") as (one, _), listening(streams, look, "a") as (two, _):
        await one.has_begun()
        await two.has_begun()
        assert (status("a"), status("b")) == (204, 200)
        async with listening(streams, look, "b") as (three, _):
            await three.has_begun()
            assert (status("b"), status(None)) == (204, 204)
    assert (status("a"), status("b")) == (200, 200)


async def test_this_machine_is_not_counted_as_a_network(db: Database) -> None:
    streams, look = Streams(db, network_most=1), Shown(db).look
    async with listening(streams, look) as (browser, _):
        await browser.has_begun()
        assert streams.open(TOPIC, look, network=None).status_code == 200


async def test_asking_for_the_head_opens_no_stream(db: Database) -> None:
    async with listening(Streams(db), Shown(db).look, method="HEAD") as (browser, task):
        async with asyncio.timeout(SECONDS_MAX):
            await task
    sent = [browser.messages.get_nowait() for _ in range(browser.messages.qsize())]
    assert [message["type"] for message in sent] == ["http.response.start", "http.response.body"]
