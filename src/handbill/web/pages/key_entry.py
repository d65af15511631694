"""In with a key, and out again: the key comes in the body of a form, and the browser keeps none."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from handbill.infra.networks import network_of
from handbill.kernel.errors import TooMany
from handbill.web.pages import asking
from handbill.web.pages.rooms import Rooms
from handbill.web.rates import Rates

REFUSALS_A_SECOND = 1
REFUSALS_AT_ONCE = 20
RETRY_SECONDS = 60


class KeyEntry:
    """Keys have too many bits to be guessed; whoever tries all the same is soon slowed down.

    `view` makes what the template `sign_in` is given of a fault in words; `refused` are the words
    for a key that opens nothing here.
    """

    def __init__(self, rooms: Rooms, view: Callable[[str], msgspec.Struct], refused: str) -> None:
        self._rooms = rooms
        self._view = view
        self._refused = refused
        self._refusals = Rates(rooms.clock, REFUSALS_A_SECOND, REFUSALS_AT_ONCE)

    def routes(self) -> list[Route]:
        open_to_all, path = self._rooms.open_to_all, f"{self._rooms.path}/session"
        return [
            Route(path, open_to_all(self.sign_in), methods=["POST"]),
            Route(f"{path}/end", open_to_all(self.sign_out), methods=["POST"]),
        ]

    def page(self, request: Request, fault: str = "") -> Response:
        return self._rooms.page(request, "sign_in", self._view(fault), 403 if fault else 200)

    async def sign_in(self, request: Request) -> Response:
        rooms = self._rooms
        fields = await asking.form(request)
        identity = await rooms.sessions.identify(fields.get("key", ""))
        language = rooms.language(request)
        if identity is None:
            self._count(request)
            return self.page(request, language.gettext(self._refused))
        response = rooms.go_to()
        rooms.sessions.open(response, identity, language.code if language.is_chosen else None)
        return response

    async def sign_out(self, _request: Request) -> Response:
        response = self._rooms.go_to()
        self._rooms.sessions.close(response)
        return response

    def _count(self, request: Request) -> None:
        host = request.client.host if request.client else ""
        if not self._refusals.take(network_of(host) or host).allowed:
            self._rooms.db.tallies.count("rate_limited", self._rooms.path.removeprefix("/"))
            words = "Too many keys that open nothing here."
            raise TooMany(words, retry_after_seconds=RETRY_SECONDS)
