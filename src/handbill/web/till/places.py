"""Places on limited links that payers hold, and the way to free one for somebody who waits.

A place is never dropped: the payment that holds it is ended at its acquirer first, so nobody pays
for a place that somebody else has got.
"""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from handbill.infra.database import Tx
from handbill.kernel.errors import Conflict, NotFound
from handbill.links import store as links
from handbill.merchants.model import Identity
from handbill.payments import service
from handbill.payments.decisions import Decisions
from handbill.web.till import words
from handbill.web.till.frames import versioned
from handbill.web.till.register import HOME, Register
from handbill.web.till.views import Place, PlacesPage

PLACES_MAX = 50


class Places:
    def __init__(self, register: Register) -> None:
        self._register = register
        self._decisions = Decisions(register.desk.acquirers)

    def routes(self) -> list[Route]:
        guard = self._register.guard
        return [
            Route(f"{HOME}/places", guard(self.show), methods=["GET"]),
            Route(f"{HOME}/places/{{id}}/release", guard(self.free), methods=["POST"]),
        ]

    async def show(self, request: Request, identity: Identity) -> Response:
        return await self._page(request, identity)

    async def free(self, request: Request, identity: Identity) -> Response:
        """`id` is that of the payment that holds it. One that is free already is no mistake."""
        register, tenant = self._register, identity.tenant
        payment_id = request.path_params["id"]

        def holds(tx: Tx) -> bool:
            payment = service.get(tx, tenant, payment_id)
            if payment.link_id is None:
                raise NotFound("It holds no place.")
            return links.holds_place(tx, payment.id)

        if await register.db.point(holds):
            try:
                await self._decisions.cancel(register.db, tenant, payment_id)
            except Conflict:
                notice = register.language(request).gettext(words.NOT_FREED)
                return await self._page(request, identity, notice, 409)
        return register.go_to("/places")

    async def _page(
        self, request: Request, identity: Identity, notice: str = "", status: int = 200
    ) -> Response:
        register, language = self._register, self._register.language(request)

        def read(tx: Tx) -> PlacesPage:
            frame = register.frames.around(tx, identity, "places", language)
            held = links.held_places(tx, identity.tenant, PLACES_MAX)
            places = tuple(_place(tx, identity, one) for one in held)
            return versioned(PlacesPage(frame, places, notice), frame)

        return register.page(request, "places", await register.db.read(read), status)


def _place(tx: Tx, identity: Identity, held: links.HeldPlace) -> Place:
    payment = service.get(tx, identity.tenant, held.payment_id)
    return Place(
        payment_id=payment.id,
        title=held.title or payment.txid,
        amount=payment.amount,
        began_at=payment.created_at,
        until=held.until_at,
    )
