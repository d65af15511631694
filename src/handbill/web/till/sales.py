"""The sales of a till: each with its code and its live state, the last ten, and the way to end one.

Whoever looks again is told what the database says now, never what a page remembers.
"""

from __future__ import annotations

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from handbill.infra.database import Tx
from handbill.kernel.clock import MINUTE
from handbill.kernel.errors import Conflict, NotFound, Unauthorized
from handbill.kernel.money import Money
from handbill.links import store as links
from handbill.merchants.model import Identity, Tenant
from handbill.payments import decisions, facts, selling
from handbill.web.pages import asking
from handbill.web.pages.headers import PICTURE_POLICY
from handbill.web.pages.language import Language
from handbill.web.till import standing, words
from handbill.web.till.frames import versioned
from handbill.web.till.places import PLACES_MAX
from handbill.web.till.register import HOME, Register
from handbill.web.till.views import SalePage, SalesPage


class Sales:
    def __init__(self, register: Register) -> None:
        self._register = register
        self._decisions = decisions.Decisions(register.desk.acquirers)

    def routes(self) -> list[Route]:
        guard = self._register.guard
        one = f"{HOME}/sales/{{id}}"
        return [
            Route(f"{HOME}/sales", guard(self.show_latest), methods=["GET"]),
            Route(f"{HOME}/live", guard(self.live), methods=["GET"]),
            Route(one, guard(self.show), methods=["GET"]),
            Route(f"{one}/qr.svg", guard(self.code), methods=["GET"]),
            Route(f"{one}/cancellation", guard(self.cancel), methods=["POST"]),
        ]

    async def show_latest(self, request: Request, identity: Identity) -> Response:
        register, language = self._register, self._register.language(request)

        def read(tx: Tx) -> SalesPage:
            frame = register.frames.around(tx, identity, "sales", language)
            rows = register.frames.latest(tx, identity, language)
            return versioned(SalesPage(frame, rows), frame)

        return register.page(request, "sales", await register.db.read(read))

    async def live(self, request: Request, identity: Identity) -> Response:
        """Tells an open till that something has changed. It then asks what is so now."""
        register, tenant = self._register, identity.tenant

        async def look() -> list[object]:
            if await register.sessions.read(request) is None:
                raise Unauthorized("The session has ended.")
            return await register.db.read(lambda tx: _news(tx, tenant))

        network = asking.network(request, register.crypto)
        topic = facts.merchant_topic(tenant.merchant_id)
        return register.desk.streams.open(topic, look, network=network)

    async def show(self, request: Request, identity: Identity) -> Response:
        return await self._show(request, identity)

    async def code(self, request: Request, identity: Identity) -> Response:
        """Holds the address of the payer's page of this sale alone."""
        register, sale_id = self._register, request.path_params["id"]
        sale = await register.db.point(lambda tx: selling.get(tx, identity.tenant, sale_id))
        if not sale.is_of_till:
            raise NotFound("There is no code to show.")
        address = register.desk.addresses.payment_page(sale.payment.token)
        picture = await register.desk.codes.picture(address, "svg")
        headers = {**register.desk.plain_headers(), "content-security-policy": PICTURE_POLICY}
        return Response(picture.data, headers=headers, media_type="image/svg+xml")

    async def cancel(self, request: Request, identity: Identity) -> Response:
        """Ends it at the acquirer first, where it was begun there."""
        register, tenant = self._register, identity.tenant
        sale_id = request.path_params["id"]
        sale = await register.db.point(lambda tx: selling.get(tx, tenant, sale_id))
        if not sale.is_of_till:
            raise NotFound("It was not sold at a till.")
        try:
            await self._decisions.cancel(register.db, tenant, sale.payment.id)
        except Conflict:
            notice = register.language(request).gettext(words.NOT_CANCELLED)
            return await self._show(request, identity, notice, 409)
        return register.go_to(f"/sales/{sale.payment.id}")

    async def _show(
        self, request: Request, identity: Identity, notice: str = "", status: int = 200
    ) -> Response:
        register, language = self._register, self._register.language(request)
        sale_id = request.path_params["id"]

        def read(tx: Tx) -> SalePage:
            sale = selling.get(tx, identity.tenant, sale_id)
            view = self._view(tx, identity, sale, language)
            return msgspec.structs.replace(view, notice=notice)

        return register.page(request, "sale", await register.db.read(read), status)

    def _view(self, tx: Tx, identity: Identity, sale: selling.Sale, language: Language) -> SalePage:
        payment = sale.payment
        frame = self._register.frames.around(tx, identity, "sales", language)
        row = self._register.frames.listed(tx, sale, language)
        waits = row.state in words.WAITING and sale.is_of_till
        left = selling.left(tx, payment)
        on_way = payment.amount_minor - payment.refunded_minor - left.minor
        view = SalePage(
            frame=frame,
            sale=row,
            words=language.gettext(words.STATES[row.state].words),
            total=Money(payment.amount_with_fee_minor, payment.currency),
            lines=standing.lines(sale),
            code_url=f"{self._register.home}/sales/{payment.id}/qr.svg" if waits else "",
            until=payment.expires_at if row.state in ("open", "declined") and waits else None,
            may_cancel=waits,
            may_refund=row.state == "paid" and left.minor > 0,
            on_way_back=Money(on_way, payment.currency) if row.state == "paid" and on_way else None,
            surplus=payment.surplus,
        )
        minutes = -(-(payment.expires_at - tx.now) // MINUTE)
        view = versioned(view, frame)
        return msgspec.structs.replace(view, now=tx.now, minutes_left=max(1, minutes))


def _news(tx: Tx, tenant: Tenant) -> list[object]:
    """What changes whenever something does that a till shows."""
    sales = selling.latest(tx, tenant)
    attempts = [sale.attempt.updated_at if sale.attempt else None for sale in sales]
    held = [place.payment_id for place in links.held_places(tx, tenant, PLACES_MAX)]
    return [[(sale.payment.id, sale.payment.updated_at) for sale in sales], attempts, held]
