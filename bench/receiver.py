"""A merchant's server that takes whatever is posted, counts it and keeps the last body: little
enough to be no part of what is measured. `GET /taken` says what came since it was last asked."""

from __future__ import annotations

import asyncio
import sys
from typing import cast

import msgspec
import uvloop

END = b"\r\n\r\n"
LENGTH = b"content-length:"


class Taken(msgspec.Struct):
    count: int = 0
    body: str = ""


class Connection(asyncio.Protocol):
    """One client. Every request says its length."""

    def __init__(self, taken: list[Taken]) -> None:
        self._taken = taken
        self._received = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's says so, and is none

    def data_received(self, data: bytes) -> None:
        self._received += data
        while (end := self._received.find(END)) >= 0:
            whole = end + len(END) + self._length(end)
            if len(self._received) < whole:
                return
            head, body = self._received[:end], self._received[end + len(END) : whole]
            self._received = self._received[whole:]
            self._answer(head, body)

    def _length(self, end: int) -> int:
        head = self._received[:end].lower()
        start = head.find(LENGTH)
        return int(head[start + len(LENGTH) :].split(b"\r\n", 1)[0]) if start >= 0 else 0

    def _answer(self, head: bytes, body: bytes) -> None:
        told = b""
        if head.startswith(b"POST "):
            self._taken[0].count += 1
            self._taken[0].body = body.decode()
        elif head.startswith(b"GET /taken "):
            told = msgspec.json.encode(self._taken[0])
            self._taken[0] = Taken()
        self._transport.write(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % len(told) + told)


async def serve(port: int) -> None:
    taken = [Taken()]
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Connection(taken), "127.0.0.1", port)
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(serve(int(sys.argv[1])))
