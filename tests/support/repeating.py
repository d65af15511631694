"""Callers who do not trust the network: each request is sent many times at once, to several
servers, and some hang up before they have read the answer."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence

import msgspec

AT_ONCE = 4
"""Keys. Of each of them all repeats are on their way together."""
CUT_SHARE = 0.2
ANSWER_SECONDS = 60
CONFLICT = 409
LOOK_SECONDS = 0.02


class Heard(msgspec.Struct, frozen=True):
    """A whole answer. `kept` is what a replay has to repeat to the byte."""

    status: int
    is_replay: bool
    kept: bytes


class Line:
    """A connection that is kept for the next request."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer

    async def ask(self, request: bytes) -> Heard:
        self._writer.write(request)
        head = await self._reader.readuntil(b"\r\n\r\n")
        first, *lines = head.decode().rstrip().split("\r\n")
        headers = dict(line.split(": ", 1) for line in lines)
        body = await self._reader.readexactly(int(headers["content-length"]))
        return Heard(
            int(first.split()[1]),
            headers.get("idempotent-replayed") == "true",
            headers["content-type"].encode() + b"\n" + body,
        )

    async def hang_up(self, request: bytes, after_bytes: int) -> None:
        """Sends it, reads so much of the answer, and is gone."""
        self._writer.write(request)
        await self._writer.drain()
        if after_bytes:
            await self._reader.readexactly(after_bytes)
        self._writer.transport.abort()

    def close(self) -> None:
        self._writer.close()


class Callers:
    """`heard` has every whole answer, by key."""

    def __init__(self, ports: Sequence[int], seed: int) -> None:
        self._ports = ports
        self._idle: dict[int, list[Line]] = {port: [] for port in ports}
        self._random = random.Random(seed)
        self.heard: dict[str, list[Heard]] = {}
        self.sent = self.cut = 0

    async def race(self, requests: dict[str, bytes], repeats: tuple[int, int]) -> None:
        """Each request so many times; then it is asked what has become of it, until it is done."""
        room = asyncio.Semaphore(AT_ONCE)

        async def one(key: str, request: bytes) -> None:
            async with room, asyncio.timeout(ANSWER_SECONDS):
                self.heard[key] = []
                times = self._random.randint(*repeats)
                await asyncio.gather(*(self._send(key, request, n) for n in range(times)))
                while await self._ask(key, request, self._random.choice(self._ports)) == CONFLICT:
                    await asyncio.sleep(LOOK_SECONDS)  # another process tells nobody

        await asyncio.gather(*(one(*item) for item in requests.items()))
        for lines in self._idle.values():
            for line in lines:
                line.close()

    async def _send(self, key: str, request: bytes, number: int) -> None:
        port = self._ports[number % len(self._ports)]
        if self._random.random() >= CUT_SHARE:
            await self._ask(key, request, port)
            return
        line = await self._line(port)
        self.sent += 1
        self.cut += 1
        await line.hang_up(request, self._random.choice([0, 1, 100]))

    async def _ask(self, key: str, request: bytes, port: int) -> int:
        line = await self._line(port)
        self.sent += 1
        heard = await line.ask(request)
        self.heard[key].append(heard)
        self._idle[port].append(line)
        return heard.status

    async def _line(self, port: int) -> Line:
        idle = self._idle[port]
        return idle.pop() if idle else Line(*await asyncio.open_connection("127.0.0.1", port))
