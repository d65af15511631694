"""Roads to an application: a server on a port of its own, and a stretch of road on which a test
remembers what passed, and breaks it."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
import uvicorn
from starlette.types import ASGIApp, Message, Receive, Scope, Send


class Asked(msgspec.Struct, frozen=True):
    """A request that passed. Header names in lower case."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    def json(self) -> dict[str, Any]:
        return dict(msgspec.json.decode(self.body))

    def fits(self, method: str, path: str) -> bool:
        """A path that ends with a slash stands for all below it."""
        below = path.endswith("/") and self.path.startswith(path)
        return self.method == method and (below or self.path == path)


class Answered(msgspec.Struct, frozen=True):
    status: int
    headers: list[tuple[bytes, bytes]]
    body: bytes


class Passage:
    """One request on its way. An accident decides whether it goes on, and what comes back."""

    def __init__(self, app: ASGIApp, scope: Scope, body: bytes, send: Send) -> None:
        self._app, self._scope, self._body, self._send = app, scope, body, send

    async def go_on(self) -> Answered:
        """What the application answers; whoever asked has not got it yet."""
        status, headers, chunks = 500, [], []

        async def receive() -> Message:
            return {"type": "http.request", "body": self._body, "more_body": False}

        async def send(message: Message) -> None:
            nonlocal status, headers
            if message["type"] == "http.response.start":
                status, headers = message["status"], list(message.get("headers", []))
            else:
                chunks.append(message.get("body", b""))

        await self._app(self._scope, receive, send)
        return Answered(status, headers, b"".join(chunks))

    async def answer(self, answer: Answered, *, half: bool = False) -> None:
        """`half`: the connection ends in the middle of the body."""
        headers = [pair for pair in answer.headers if pair[0] != b"content-length"]
        headers.append((b"content-length", str(len(answer.body)).encode()))
        start = {"type": "http.response.start", "status": answer.status, "headers": headers}
        await self._send(start)
        body = answer.body[: len(answer.body) // 2] if half else answer.body
        await self._send({"type": "http.response.body", "body": body, "more_body": half})


Accident = Callable[[Passage], Awaitable[None]]


def refused(status: int) -> Accident:
    """Nothing gets there; the road itself answers."""

    async def accident(passage: Passage) -> None:
        await passage.answer(Answered(status, [], b"no way through"))

    return accident


async def cut(passage: Passage) -> None:
    """It gets there and is carried out, but half of the answer is lost."""
    await passage.answer(await passage.go_on(), half=True)


def held(until: asyncio.Event) -> Accident:
    """It gets there at once; the answer takes until then."""

    async def accident(passage: Passage) -> None:
        answer = await passage.go_on()
        await until.wait()
        await passage.answer(answer)

    return accident


def rewritten(**members: object) -> Accident:
    """The answer's JSON object comes back with other members."""

    async def accident(passage: Passage) -> None:
        answer = await passage.go_on()
        body = msgspec.json.encode({**msgspec.json.decode(answer.body), **members})
        await passage.answer(msgspec.structs.replace(answer, body=body))

    return accident


class Road:
    """An ASGI application that stands before another one."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._accidents: list[tuple[str, str, Accident]] = []
        self.asked: list[Asked] = []

    def break_next(self, method: str, path: str, accident: Accident) -> None:
        """What happens to the next request that fits."""
        self._accidents.append((method, path, accident))

    def heard(self, method: str, path: str) -> list[Asked]:
        return [one for one in self.asked if one.fits(method, path)]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        body = await _whole(receive)
        headers = {name.decode(): value.decode("latin-1") for name, value in scope["headers"]}
        asked = Asked(scope["method"], scope["path"], headers, body)
        self.asked.append(asked)
        accident = self._accident(asked)
        if accident is None:  # straight on: some answers have no end
            await self._app(scope, _heard_again(body, receive), send)
        else:
            await accident(Passage(self._app, scope, body, send))

    def _accident(self, asked: Asked) -> Accident | None:
        for i, (method, path, accident) in enumerate(self._accidents):
            if asked.fits(method, path):
                del self._accidents[i]
                return accident
        return None


def _heard_again(body: bytes, receive: Receive) -> Receive:
    """The body that was read already, and then what comes after it."""
    messages: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def heard() -> Message:
        return messages.pop() if messages else await receive()

    return heard


async def _whole(receive: Receive) -> bytes:
    chunks: list[bytes] = []
    while True:
        message = await receive()
        chunks.append(message.get("body", b""))
        if not message.get("more_body", False):
            return b"".join(chunks)


class Server:
    """A port on loopback that is ours from the beginning: connections are refused until `open`."""

    def __init__(self) -> None:
        self._socket = socket.socket()
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._socket.bind(("127.0.0.1", 0))
        self.port: int = self._socket.getsockname()[1]
        self._uvicorn: uvicorn.Server | None = None
        self._serving: asyncio.Task[None] | None = None

    def open(self, config: uvicorn.Config) -> None:
        self._socket.listen(1_024)
        self._uvicorn = uvicorn.Server(config)
        self._serving = asyncio.create_task(self._uvicorn.serve(sockets=[self._socket]))

    async def close(self) -> None:
        if self._uvicorn is not None and self._serving is not None:
            self._uvicorn.should_exit = True
            await self._serving
        self._socket.close()
