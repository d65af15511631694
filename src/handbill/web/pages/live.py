"""Server-sent events: an open page hears at once that what it shows has changed.

A stream waits for a topic of the database and looks whenever it was announced; it tells what it
saw where that differs from what it told before. Between two looks it holds no transaction and no
thread. A page must do without: there is not room for everybody, and proxies may hold streams back.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from collections.abc import Awaitable, Callable
from http import HTTPStatus

import msgspec
from starlette.responses import Response
from starlette.types import Message, Receive, Scope, Send

from handbill.infra.database import Database
from handbill.infra.database.changes import Subscription
from handbill.kernel.errors import HandbillError

Look = Callable[[], Awaitable[object]]
"""Gives what a page should know now: a value for JSON that can be compared."""

STREAMS_MAX = 500
"""In one process: many systems let it hold 1,024 files and connections."""
NETWORK_MAX = 100
HEARTBEAT_SECONDS = 15.0
"""Proxies end what is silent; and what changes with time alone is seen then."""
LIFE_SECONDS = 300.0
"""A browser comes back by itself."""
PACE_SECONDS = 0.5
"""After a look in vain: another process may announce, all the time, that anything has changed."""
RETRY_MILLISECONDS = 2_000

_HEADERS = {
    "cache-control": "no-store",
    "referrer-policy": "no-referrer",
    "x-accel-buffering": "no",
}


class Streams:
    """All that one process has open, of pages and of the till. For the event loop alone."""

    def __init__(
        self,
        db: Database,
        *,
        most: int = STREAMS_MAX,
        network_most: int = NETWORK_MAX,
        heartbeat_seconds: float = HEARTBEAT_SECONDS,
        life_seconds: float = LIFE_SECONDS,
    ) -> None:
        self.db = db
        self.heartbeat_seconds = heartbeat_seconds
        self.life_seconds = life_seconds
        self._most, self._network_most = most, network_most
        self._by_network: Counter[str] = Counter()
        self._telling: set[asyncio.Task[None]] = set()
        self._draining = False

    def open(
        self, topic: str, look: Look, *, network: str | None, event: str = "state"
    ) -> Response:
        """An answer that tells what `look` gives: at once, and whenever that changes after `topic`
        was announced. `network` as `asking.network` gives it.

        204 where there is no room or the server is about to end: a browser does not come back for
        more, and its page looks by itself.
        """
        if self._draining or len(self) >= self._most or self._is_crowded(network):
            return Response(status_code=HTTPStatus.NO_CONTENT, headers=_HEADERS)
        return _Stream(self, topic, look, network, event)

    def drain(self) -> None:
        """Ends them all, and opens no more."""
        self._draining = True
        for task in self._telling:
            task.cancel()

    def add(self, telling: asyncio.Task[None], network: str | None) -> None:
        self._telling.add(telling)
        if network is not None:  # this machine is not counted
            self._by_network[network] += 1

    def remove(self, telling: asyncio.Task[None], network: str | None) -> None:
        self._telling.remove(telling)
        if network is not None:
            self._by_network[network] -= 1
            if not self._by_network[network]:
                del self._by_network[network]

    def __len__(self) -> int:
        return len(self._telling)

    def _is_crowded(self, network: str | None) -> bool:
        return network is not None and self._by_network[network] >= self._network_most


class _Stream(Response):
    def __init__(
        self, streams: Streams, topic: str, look: Look, network: str | None, event: str
    ) -> None:
        self.media_type = "text/event-stream"
        super().__init__(headers=_HEADERS)
        del self.headers["content-length"]  # of a body that is none
        self._streams = streams
        self._topic, self._look = topic, look
        self._network, self._event = network, event

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        start = {"type": "http.response.start", "status": 200, "headers": self.raw_headers}
        await send(start)
        if scope["method"] != "HEAD":
            await self._tell_until_gone(receive, send)
        await send({"type": "http.response.body"})

    async def _tell_until_gone(self, receive: Receive, send: Send) -> None:
        telling = asyncio.ensure_future(self._tell(send))
        leaving = asyncio.ensure_future(_gone(receive))
        leaving.add_done_callback(lambda _: telling.cancel())
        self._streams.add(telling, self._network)
        try:
            await asyncio.wait({telling})
        finally:
            self._streams.remove(telling, self._network)
            telling.cancel()
            leaving.cancel()
        if not telling.cancelled():
            telling.result()

    async def _tell(self, send: Send) -> None:
        """Until its time is up, or nothing can be seen any more."""
        await send(_chunk(b"retry: %d\n\n" % RETRY_MILLISECONDS))
        with contextlib.suppress(TimeoutError, HandbillError):
            async with asyncio.timeout(self._streams.life_seconds):
                with self._streams.db.subscription(self._topic) as news:
                    await self._go_on_telling(news, send)

    async def _go_on_telling(self, news: Subscription, send: Send) -> None:
        loop, heartbeat = asyncio.get_running_loop(), self._streams.heartbeat_seconds
        told, told_at = b"", loop.time()
        while True:
            seen = msgspec.json.encode(await self._look())
            if seen != told:
                told, told_at = seen, loop.time()
                await send(_chunk(b"event: %b\ndata: %b\n\n" % (self._event.encode(), seen)))
            else:
                if loop.time() - told_at >= heartbeat:
                    told_at = loop.time()
                    await send(_chunk(b":\n\n"))
                await asyncio.sleep(PACE_SECONDS)
            await news.wait(heartbeat)


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def _chunk(body: bytes) -> Message:
    return {"type": "http.response.body", "body": body, "more_body": True}
