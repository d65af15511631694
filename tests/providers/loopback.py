"""Real HTTP on loopback: an ASGI app behind uvicorn, a server that hangs up, a dead port."""

from __future__ import annotations

import asyncio
import re
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from urllib.parse import urlsplit

import uvicorn
from starlette.types import ASGIApp

STOP_SECONDS = 5.0
_LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)


def free_socket() -> socket.socket:
    """Bound to a port that nobody else has."""
    bound = socket.socket()
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    bound.bind(("127.0.0.1", 0))
    return bound


def url_of(bound: socket.socket) -> str:
    return f"http://127.0.0.1:{bound.getsockname()[1]}"


@asynccontextmanager
async def serve(app: ASGIApp, bound: socket.socket | None = None) -> AsyncIterator[str]:
    """Gives the server's address; it answers before the body of the block begins."""
    bound = bound or free_socket()
    server = uvicorn.Server(
        uvicorn.Config(app, log_level="error", lifespan="off", timeout_graceful_shutdown=1)
    )
    task = asyncio.create_task(server.serve(sockets=[bound]))
    async with asyncio.timeout(STOP_SECONDS):
        while not server.started:
            await asyncio.sleep(0.005)
    try:
        yield url_of(bound)
    finally:
        server.should_exit = server.force_exit = True  # nobody waits for an answer any more
        async with asyncio.timeout(STOP_SECONDS):
            await task


@asynccontextmanager
async def hangs_up(target: str) -> AsyncIterator[str]:
    """Passes each request on to `target`, waits for the whole answer there, and then cuts the
    connection without a byte: what was asked has happened, and nobody is told."""
    parts = urlsplit(target)

    async def relay(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        length = _LENGTH.search(head)
        body = await reader.readexactly(int(length[1])) if length else b""
        upstream, sink = await asyncio.open_connection(parts.hostname, parts.port)
        sink.write(head[:-2] + b"connection: close\r\n\r\n" + body)
        await upstream.read()
        sink.close()
        writer.close()

    server = await asyncio.start_server(relay, "127.0.0.1", 0)
    try:
        yield url_of(server.sockets[0]) + parts.path
    finally:
        server.close()
        with suppress(TimeoutError):
            async with asyncio.timeout(STOP_SECONDS):
                await server.wait_closed()


def dead_url() -> str:
    """An address that refuses connections."""
    bound = free_socket()
    url = url_of(bound)
    bound.close()
    return url
