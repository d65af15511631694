"""Every request comes in here: it gets a name, is timed, counted and, where wanted, logged.

Never logs an address as it was asked for: some hold tokens. A name that a caller brings along is
not taken over: it would let strangers write into our log.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import NamedTuple

import msgspec
from starlette.routing import Mount, Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from handbill.infra import tracing
from handbill.kernel import ids
from handbill.web.visits import Visits

UNNAMED = "none"
"""The route of an address that leads nowhere."""
UNLOGGED = frozenset({"/healthz", "/readyz", "/metrics", "/static/{name}"})
"""Asked for again and again by programs, or beside a page."""


class Visit(msgspec.Struct, frozen=True):
    """A request that was answered. `route` is the template of its address; merchant and key are
    those of an API key."""

    request_id: str
    method: str
    route: str
    status: int
    seconds: float
    merchant_id: int | None
    key_id: str | None


class Ready(NamedTuple):
    """A whole answer of status 200, and the template of its address."""

    route: str
    headers: list[tuple[bytes, bytes]]
    body: bytes


def nothing_at_hand(_scope: Scope) -> Ready | None:
    return None


class Entrance:
    """Stands before the application. `tell` None: no line in the log. `always`: headers that every
    answer leaves with, whoever made it. `at_hand` gives what needs no application.

    Every page passes here, so it counts microseconds: names are counted, because random bytes for
    each cost a tenth of a millisecond under load, and nothing is looked up that is not needed yet.
    """

    def __init__(
        self,
        app: ASGIApp,
        routes: Sequence[Route | Mount],
        visits: Visits,
        tell: Callable[[Visit], None] | None,
        always: Sequence[tuple[bytes, bytes]] = (),
        at_hand: Callable[[Scope], Ready | None] = nothing_at_hand,
    ) -> None:
        self._app = app
        # By identity, as some applications have no hash; the routes keep what they name alive.
        self._routes = routes
        self._templates = {id(one.endpoint): one.path for one in routes if isinstance(one, Route)}
        self._mounts = tuple(route.path for route in routes if isinstance(route, Mount))
        self._visits = visits
        self._tell = tell
        self._always = tuple(always)
        self._at_hand = at_hand
        self._process = ids.token()[:12].encode()
        self._numbers = itertools.count(1)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = time.perf_counter()
        name = b"%b-%x" % (self._process, next(self._numbers))
        ready = self._at_hand(scope)
        if ready is not None:
            await self._hand_over(ready, name, send)
            self._note(scope, name, ready.route, 200, time.perf_counter() - started)
            return
        tracing.begin(name)
        status = 0

        def send_named(message: Message) -> Awaitable[None]:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                # A copy: files from memory are answered with the same headers again and again.
                named = (b"x-request-id", name)
                message["headers"] = [*message["headers"], *self._always, named]
            return send(message)

        try:
            await self._app(scope, receive, send_named)
        finally:
            route = self._templates.get(id(scope.get("endpoint"))) or self._mount(scope["path"])
            self._note(scope, name, route, status, time.perf_counter() - started)

    async def _hand_over(self, ready: Ready, name: bytes, send: Send) -> None:
        headers = [*ready.headers, *self._always, (b"x-request-id", name)]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": ready.body})

    def _note(self, scope: Scope, name: bytes, route: str, status: int, seconds: float) -> None:
        self._visits.note((scope["method"], route, status), seconds)
        if self._tell is not None and route not in UNLOGGED:
            self._tell(_visit(scope, name, route, status, seconds))

    def _mount(self, path: str) -> str:
        return next((one for one in self._mounts if path.startswith(one + "/")), UNNAMED)


def _visit(scope: Scope, name: bytes, route: str, status: int, seconds: float) -> Visit:
    identity = scope.get("identity")
    return Visit(
        request_id=name.decode(),
        method=scope["method"],
        route=route,
        status=status,
        seconds=seconds,
        merchant_id=identity.tenant.merchant_id if identity else None,
        key_id=identity.key_id if identity else None,
    )
