"""Every address of this server, put together as one ASGI application."""

from __future__ import annotations

from collections.abc import Iterable

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.routing import Mount, Route, Router
from starlette.types import Receive, Scope, Send

from handbill.kernel.addresses import Addresses
from handbill.kernel.errors import HandbillError, TooMany
from handbill.qr.kept import Codes
from handbill.web import api, crowds, doors, former_hosts
from handbill.web.deps import Deps
from handbill.web.entrance import Entrance, Ready
from handbill.web.health import Health, folders_with_data
from handbill.web.inbound import Inbound
from handbill.web.metrics import Metrics
from handbill.web.pages import receipt_letters, site
from handbill.web.pages.snippets import SnippetMaker
from handbill.web.parts import Parts
from handbill.web.rates import Rates, Standing
from handbill.web.visits import Visits

UNCOUNTED = frozenset({"api", "static", "healthz", "readyz", "metrics"})
"""First words of addresses that a network may ask for as often as it likes: files, and what is
asked for by programs of the operator. The API counts those who call without a key."""

_HTTPS_SECONDS = 31_536_000


class Application(Entrance):
    """An ASGI application with its own few resources; close it when nothing is served any more.
    `templates` are all addresses that it knows."""

    def __init__(self, parts: Parts) -> None:
        self.health = Health(parts.db, *folders_with_data(parts.settings))
        self.codes = Codes(parts.press)
        self._site = site.Site(parts, self.codes)
        self.receipts = receipt_letters.ReceiptLetters(self._site.desk)
        self._crowds = _crowds(parts)
        self._former = former_hosts.FormerHosts(parts.settings.former_hosts, parts.addresses)
        visits, snippets = Visits(), SnippetMaker(parts.addresses, self._site.desk.renderer)
        routes: list[Route | Mount] = [
            *self.health.routes(),
            *Metrics(parts, visits).routes(),
            *api.routes(Deps.of(parts, self._crowds, snippets.make, self._site.desk.printer)),
            *Inbound(parts.db, parts.inbox).routes(),
            *self._site.routes(),
            *doors.routes(self._site.desk),
        ]
        if parts.sandbox is not None:
            routes.append(Mount("/sandbox", parts.sandbox))
        self.templates = frozenset(route.path for route in routes)
        self._routers = _by_first_word(routes)
        self._nowhere = Router(redirect_slashes=False)
        super().__init__(
            self._answer, routes, visits, parts.tell, always(parts.addresses), self._from_memory
        )

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope["app"] = self  # so that a router raises where it has no route
        word = _first_word(scope["path"])
        standing = None if word in UNCOUNTED else self._crowds.take(scope)
        if standing is not None and not standing.allowed:
            await self._turn_away(standing, scope, receive, send)
            return
        if self._former.is_at(scope):
            moved = self._former.moved(scope, word)
            if moved is not None:
                await moved(scope, receive, send)
                return
            send = self._former.leading_on(send)
        try:
            await self._routers.get(word, self._nowhere)(scope, receive, send)
        except (HTTPException, HandbillError) as error:
            response = await self._site.refusal(Request(scope, receive), error)
            await response(scope, receive, send)

    def _from_memory(self, scope: Scope) -> Ready | None:
        """What is kept, before any router: most payers open a page that others opened before."""
        ready = self._site.ready(scope)
        if ready is not None and self._former.is_at(scope):
            return None  # to be led to the present host
        if ready is not None:
            standing = self._crowds.take(scope)
            if standing is not None and not standing.allowed:
                return None  # to be turned away like everybody
        return ready

    async def _turn_away(
        self, standing: Standing, scope: Scope, receive: Receive, send: Send
    ) -> None:
        words = "Too many requests from this network."
        error = TooMany(words, retry_after_seconds=standing.retry_seconds)
        response = await self._site.refusal(Request(scope, receive), error)
        response.headers.update(self._crowds.headers(standing))
        await response(scope, receive, send)

    def drain(self) -> None:
        """Readiness turns off, and what has no end of its own ends."""
        self.health.drain()
        self._site.drain()

    def close(self) -> None:
        self.codes.close()


def always(addresses: Addresses) -> list[tuple[bytes, bytes]]:
    """Headers of every answer, files and errors included: what it says it is, it is, and an address
    that was https stays so. Our host alone: what else lives on the domain is not ours to bind."""
    headers = [(b"x-content-type-options", b"nosniff")]
    if addresses.scheme == "https":
        headers.append((b"strict-transport-security", b"max-age=%d" % _HTTPS_SECONDS))
    return headers


def _by_first_word(routes: Iterable[Route | Mount]) -> dict[str, Router]:
    """A router for each first word of an address. One router tried forty routes before it found
    the page that most payers open, and a framework's layers around it cost as much again."""
    routers: dict[str, Router] = {}
    for route in routes:
        # A router's own redirect would lead to whatever host the request names; see Site.refusal.
        router = routers.setdefault(_first_word(route.path), Router(redirect_slashes=False))
        router.routes.append(route)
    return routers


def _first_word(path: str) -> str:
    return path[1:].partition("/")[0]


def _crowds(parts: Parts) -> crowds.Crowds:
    settings = parts.settings
    limit, burst = settings.network_rate_limit, settings.network_rate_burst
    rates = Rates(parts.clock, limit, burst, crowds.NAME) if limit else None
    return crowds.Crowds(rates, parts.db.tallies)
