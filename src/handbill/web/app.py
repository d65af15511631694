"""Every address of this server, put together as one ASGI application."""

from __future__ import annotations

from starlette.applications import Starlette
from starlette.routing import BaseRoute, Mount
from starlette.types import Receive, Scope, Send

from handbill.merchants.keys import Keyring
from handbill.qr.kept import Codes
from handbill.web import api
from handbill.web.calls import Deps
from handbill.web.health import Health
from handbill.web.inbound import Inbound
from handbill.web.pages.site import Site
from handbill.web.parts import Parts
from handbill.web.rates import Rates


class Application:
    """An ASGI application with its own few resources; close it when nothing is served any more."""

    def __init__(self, parts: Parts) -> None:
        self.health = Health(parts.db, parts.settings.data)
        self.codes = Codes()
        self._site = Site(parts, self.codes)
        routes: list[BaseRoute] = [
            *self.health.routes(),
            *api.routes(_deps(parts)),
            *Inbound(parts.db, parts.inbox).routes(),
            *self._site.routes(),
        ]
        if parts.sandbox is not None:
            routes.append(Mount("/sandbox", parts.sandbox))
        self._app = Starlette(routes=routes, exception_handlers=self._site.exception_handlers())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._app(scope, receive, send)

    def close(self) -> None:
        self.codes.close()


def _deps(parts: Parts) -> Deps:
    settings = parts.settings
    rates = Rates(parts.clock, settings.rate_limit, settings.rate_burst)
    return Deps(
        db=parts.db,
        keyring=Keyring(parts.db, parts.crypto, parts.clock),
        addresses=parts.addresses,
        clock=parts.clock,
        rates=rates if settings.rate_limit else None,
        settings=settings,
        crypto=parts.crypto,
        storage=parts.storage,
        workshop=parts.workshop,
    )
