"""SIGTERM: no request is refused that came in time, none is cut off that can finish, and what was
left undone is taken up by the next process."""

from __future__ import annotations

import asyncio
import signal
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2
import pytest

from tests.support.process import JSON, Server, answer_of, pay, read_first_words, serving, until
from tests.support.receivers import Heard, answer, receiving

pytestmark = pytest.mark.anyio

SECONDS = 20
END_SECONDS_MAX = 10
AT_ONCE_SECONDS = 3
JSON_BODY = {"content-type": "application/json"}
BODY = b'{"amount": {"default": 1000, "currency": "RUB"}, "amount_type": "fixed", "pay_config": {}}'


@contextmanager
def half_a_request(server: Server) -> Iterator[socket.socket]:
    """A link that is being made by a client with a slow line: half of the body is still to come."""
    head = (
        "POST /api/v1/links HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n"
        f"x-api-key: {server.first_words.test_key}\r\ncontent-length: {len(BODY)}\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", server.port), timeout=SECONDS) as line:
        line.sendall(head.encode() + BODY[:40])
        server.payer.get("/healthz")  # it has read what came before
        yield line


def test_what_runs_is_finished_and_nothing_new_is_let_in(folder: Path) -> None:
    with serving(folder) as server, half_a_request(server) as line:
        server.signal()
        began = time.monotonic()

        # Load balancers see it first, while everybody is still served.
        draining = until(lambda: _not_ready(server), AT_ONCE_SECONDS)
        assert draining == {"status": "not ready", "reason": "draining"}
        assert server.payer.get("/healthz").status_code == 200
        until(lambda: answer_of(f"{server.url}/healthz") is None, AT_ONCE_SECONDS)

        line.sendall(BODY[40:])
        assert line.recv(65_536).startswith(b"HTTP/1.1 201 ")
        assert server.process.wait(END_SECONDS_MAX) == 0
        assert time.monotonic() - began < END_SECONDS_MAX
        assert [line for line in server.err.splitlines() if "[info " not in line] == []
        key = server.first_words.test_key

    with serving(folder) as server:
        assert read_first_words(server.out) is None
        assert "hb_" not in server.out
        made = server.client(key).get("/api/v1/links").json()["data"]
        assert 1000 in [link["amount"]["default"] for link in made]


def test_a_request_without_an_end_does_not_hold_the_process(folder: Path) -> None:
    with serving(folder, "--shutdown-seconds", "1") as server, half_a_request(server):
        server.signal(signal.SIGINT)

        assert server.process.wait(END_SECONDS_MAX / 2) == 0


def test_pages_that_listen_do_not_hold_the_process(folder: Path) -> None:
    with serving(folder) as server:
        link = f"/pay/link/{server.first_words.link_id}"
        server.payer.post(link, data={"method": "card"}, headers=JSON)
        shop = server.client(server.first_words.test_key)
        [payment] = shop.get("/api/v1/transactions").json()["data"]
        status = httpx2.URL(payment["payment_url"]).path
        with server.payer.stream("GET", f"{status}/events") as stream:
            lines = stream.iter_lines()
            assert next(lines) == "retry: 2000"
            server.signal()
            began = time.monotonic()
            list(lines)  # to its end, without an error

        assert server.process.wait(END_SECONDS_MAX) == 0
        assert time.monotonic() - began < AT_ONCE_SECONDS
        assert [line for line in server.err.splitlines() if "[info " not in line] == []


def test_a_second_signal_ends_the_process_at_once(folder: Path) -> None:
    with serving(folder) as server, half_a_request(server):
        server.signal()
        until(lambda: _not_ready(server), AT_ONCE_SECONDS)
        server.signal()

        assert server.process.wait(AT_ONCE_SECONDS) == -signal.SIGTERM


async def test_a_job_that_was_running_is_taken_up_by_the_next_process(folder: Path) -> None:
    over = asyncio.Event()

    async def hang_then_answer(heard: Heard, writer: asyncio.StreamWriter) -> None:
        if len(receiver.heard) == 1:
            await over.wait()
        await answer()(heard, writer)

    async with receiving(hang_then_answer) as receiver, asyncio.timeout(4 * SECONDS):
        with serving(folder) as server:
            shop = server.client(server.first_words.test_key)
            link = shop.post("/api/v1/links", content=BODY, headers=JSON_BODY).json()["data"]
            shop.patch(f"/api/v1/links/{link['id']}", json={"notify_url": receiver.url()})
            pay(server, link["id"])
            await receiver.has_heard(1)
            server.signal()
            assert await asyncio.to_thread(server.process.wait, END_SECONDS_MAX) == 0

        with serving(folder) as server:
            began = time.monotonic()
            await receiver.has_heard(2)
            waited = time.monotonic() - began
            over.set()

    first, second = receiver.heard
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    # The lease of a process that is killed runs for two minutes; one that ends gives it back.
    assert waited < AT_ONCE_SECONDS, waited


def _not_ready(server: Server) -> dict[str, str] | None:
    seen = server.payer.get("/readyz")
    return dict(seen.json()) if seen.status_code == 503 else None
