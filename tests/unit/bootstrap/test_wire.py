"""A caller who has not asked for anything yet gets neither much memory nor much time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
import uvicorn
from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send

from handbill.bootstrap.wire import BoundedProtocol
from tests.support.roads import Server

pytestmark = pytest.mark.anyio

GET = b"GET / HTTP/1.1\r\nhost: x\r\n"
PATIENCE_SECONDS = 5.0
"""How long a test waits for what should happen at once."""


class Impatient(BoundedProtocol):
    head_bytes_max = 4_096
    head_seconds_max = 0.2


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    """Reads the body, then says how long it was."""
    size, more = 0, True
    while more:
        message = await receive()
        size += len(message.get("body", b""))
        more = message.get("more_body", False)
    await PlainTextResponse(f"read {size}")(scope, receive, send)


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    server = Server()
    server.open(uvicorn.Config(app, http=Impatient, log_config=None, lifespan="off", ws="none"))
    yield server
    await server.close()


async def said(server: Server, *parts: bytes) -> bytes:
    """All that the server says until it closes the connection, or has answered in full."""
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    try:
        for part in parts:
            writer.write(part)
            await writer.drain()
        return await asyncio.wait_for(reader.read(), PATIENCE_SECONDS)
    except ConnectionError:
        return b"reset"
    finally:
        writer.close()


async def test_an_ordinary_request_is_answered(server: Server) -> None:
    answer = await said(server, GET + b"connection: close\r\n\r\n")

    assert answer.startswith(b"HTTP/1.1 200 ")


async def test_a_head_without_end_is_cut_off(server: Server) -> None:
    parts = [GET + b"x: ", *[b"a" * 1_024] * 64]

    answer = await said(server, *parts)

    assert answer.startswith(b"HTTP/1.1 400 ") or answer == b"reset"


async def test_many_small_headers_count_as_much_as_a_large_one(server: Server) -> None:
    answer = await said(server, GET, *[b"x: y\r\n" * 100] * 20)

    assert answer.startswith(b"HTTP/1.1 400 ") or answer == b"reset"


@pytest.mark.parametrize("begun", [b"", b"GET ", GET + b"x: "])
async def test_a_head_that_takes_too_long_ends_the_connection(server: Server, begun: bytes) -> None:
    # On a busy machine the end can come before the beginning was sent.
    assert await said(server, begun) in (b"", b"reset")


async def test_the_second_request_of_a_connection_is_bounded_too(server: Server) -> None:
    answer = await said(server, GET + b"\r\n" + GET + b"x: ")

    assert answer.count(b"HTTP/1.1 200 ") == 1
    assert answer.endswith(b"read 0")


async def test_a_body_may_be_large_and_slow(server: Server) -> None:
    head = b"POST / HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: 20000\r\n\r\n"
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    writer.write(head + b"a" * 10_000)
    await writer.drain()
    # The time of a head passes for a silent caller, and this one is still there.
    assert await said(server, b"") == b""
    writer.write(b"a" * 10_000)

    answer = await asyncio.wait_for(reader.read(), PATIENCE_SECONDS)

    assert answer.endswith(b"read 20000")
    writer.close()
