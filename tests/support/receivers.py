"""Servers on loopback that answer as a test tells them to, even with nonsense, and count."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import msgspec


class Heard(msgspec.Struct, frozen=True):
    """A request as it came in. Header names are in lower case."""

    line: str
    headers: dict[str, str]
    body: bytes


Script = Callable[[Heard, asyncio.StreamWriter], Awaitable[None]]
"""Writes the answer; the connection is closed when it returns."""


class Receiver:
    """What came to a server: every accepted connection and every complete request."""

    def __init__(self, script: Script) -> None:
        self._script = script
        self.connections = 0
        self.heard: list[Heard] = []
        self.port = 0
        self._news = asyncio.Event()

    async def has_heard(self, count: int) -> None:
        """Returns once so many requests have come in."""
        while len(self.heard) < count:
            self._news.clear()
            await self._news.wait()

    def url(self, path: str = "/hook", host: str = "127.0.0.1", scheme: str = "http") -> str:
        return f"{scheme}://{host}:{self.port}{path}"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
            headers = {
                name.lower(): value.strip()
                for name, _, value in (line.partition(":") for line in head[1:] if line)
            }
            body = await reader.readexactly(int(headers.get("content-length", "0")))
            heard = Heard(head[0], headers, body)
            self.heard.append(heard)
            self._news.set()
            await self._script(heard, writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass  # the client went away
        finally:
            writer.close()


def answer(
    status: str = "200 OK", body: bytes = b"", headers: dict[str, str] | None = None
) -> Script:
    """The same well-formed answer to everything."""
    lines = [f"HTTP/1.1 {status}", f"content-length: {len(body)}", "connection: close"]
    lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
    raw = "\r\n".join(lines).encode() + b"\r\n\r\n" + body
    return raw_answer(raw)


def raw_answer(raw: bytes) -> Script:
    """These bytes, whatever they are, then the end of the connection."""

    async def script(_heard: Heard, writer: asyncio.StreamWriter) -> None:
        writer.write(raw)
        await writer.drain()

    return script


def silence(until: asyncio.Event) -> Script:
    """Takes the request and says nothing until the test is over."""

    async def script(_heard: Heard, _writer: asyncio.StreamWriter) -> None:
        await until.wait()

    return script


@asynccontextmanager
async def receiving(
    script: Script,
    hosts: tuple[str, ...] = ("127.0.0.1",),
    tls: ssl.SSLContext | None = None,
) -> AsyncIterator[Receiver]:
    """A receiver on one free port of every host."""
    receiver = Receiver(script)
    servers: list[asyncio.Server] = []
    try:
        for host in hosts:
            server = await asyncio.start_server(
                receiver.serve, host, receiver.port or None, ssl=tls
            )
            receiver.port = server.sockets[0].getsockname()[1]
            servers.append(server)
        yield receiver
    finally:
        for server in servers:
            server.close()
