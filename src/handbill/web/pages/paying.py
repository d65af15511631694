"""The page of a link or a product, and Pay. A GET writes nothing; Pay is one click, once."""

from __future__ import annotations

from collections import OrderedDict

import msgspec
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from handbill.catalog import images
from handbill.catalog import store as catalog
from handbill.infra.database import Tx
from handbill.kernel import ids
from handbill.kernel.clock import HOUR
from handbill.kernel.errors import Conflict, Invalid, LinkNotPayable, NotFound
from handbill.kernel.money import Money
from handbill.links import offer as offers
from handbill.links.offer import Offer, Version
from handbill.payments import model, service
from handbill.payments.opening import Order
from handbill.payments.service import PaymentWithAttempt
from handbill.payments.start import Started
from handbill.web.pages import asking, showing, standing
from handbill.web.pages.desk import Desk
from handbill.web.pages.render import Cut

TOKEN_LIFE = 12 * HOUR
TOKEN_MAX = 400
KEPT_MAX = 512


class _Page(msgspec.Struct, frozen=True):
    """A finished page. `total` is what it says the payer pays, where it says so."""

    cut: Cut
    headers: dict[str, str]
    total: Money | None


class _Ticket(msgspec.Struct, frozen=True, array_like=True):
    """What the one-shot token of a page stands for: an attempt, and the total that was shown."""

    link_id: str
    attempt_id: str
    total: Money | None


class _Read(msgspec.Struct, frozen=True):
    """Everything that a pay page shows, of one snapshot."""

    offer: Offer
    sizes: showing.Sizes
    mine: PaymentWithAttempt | None


class Paying:
    """Keeps finished pages by their version: what changes per request is only the token."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._kept: OrderedDict[Version, _Page] = OrderedDict()

    def routes(self) -> list[Route]:
        return [
            Route("/pay/link/{id}", self._desk.guard(self.show), methods=["GET"]),
            Route("/pay/link/{id}", self._desk.guard(self.pay), methods=["POST"]),
            Route("/pay/product/{id}", self._desk.guard(self.show_product), methods=["GET"]),
            Route("/pay/product/{id}", self._desk.guard(self.pay_product), methods=["POST"]),
        ]

    async def show(self, request: Request) -> Response:
        return await self._show(request, _id(request))

    async def show_product(self, request: Request) -> Response:
        return await self._show(request, await self._link_of_product(request))

    async def pay(self, request: Request) -> Response:
        return await self._pay(request, _id(request))

    async def pay_product(self, request: Request) -> Response:
        return await self._pay(request, await self._link_of_product(request))

    async def _show(self, request: Request, link_id: str) -> Response:
        desk = self._desk
        payer = desk.cookie.known(request)
        if payer is None:
            version, end = await desk.db.point(lambda tx: offers.glance(tx, link_id))
            kept = self._kept.get(version) if end is None else None
            if kept is not None:
                return self._answer(kept, link_id)
        read = await desk.db.point(lambda tx: _read(tx, link_id, payer))
        if read.offer.end is not None:
            return desk.end(read.offer, read.mine, read.offer.end)
        page = self._make(read)
        if read.mine is None:
            self._keep(read.offer, page)
        return self._answer(page, link_id)

    def _make(
        self, read: _Read, typed: str | None = None, fault: str = "", warning: str = ""
    ) -> _Page:
        desk, offer = self._desk, read.offer
        view = showing.pay_page(offer, desk.addresses, read.sizes, desk.language)
        if read.mine is not None:
            going = standing.unfinished(read.mine, desk.addresses, desk.clock.now())
            view = msgspec.structs.replace(view, unfinished=going)
        if fault:
            again = showing.asked(offer, typed, fault)
            view = msgspec.structs.replace(view, asked=again)
        if warning:
            view = msgspec.structs.replace(view, warnings=(warning,))
        headers = desk.page_headers(desk.page_hosts(offer.methods))
        return _Page(desk.renderer.pay(view, desk.language), headers, view.total)

    def _keep(self, offer: Offer, page: _Page) -> None:
        link, merchant = offer.link, offer.merchant
        self._kept[Version(link.id, link.version, merchant.updated_at)] = page
        if len(self._kept) > KEPT_MAX:
            self._kept.popitem(last=False)

    def _answer(self, page: _Page, link_id: str, status: int = 200) -> Response:
        now = self._desk.clock.now()
        ticket = _Ticket(link_id, ids.new_id(now), page.total)
        token = self._desk.crypto.sign("pay", ticket, now + TOKEN_LIFE)
        return asking.html(page.cut.with_token(token), page.headers, status)

    async def _pay(self, request: Request, link_id: str) -> Response:
        fields = await asking.form(request)
        ticket = self._ticket(fields.get("attempt"), link_id)
        order = _order(request, fields, link_id, ticket)
        if asking.wants_json(request):
            return self._told(await self._desk.payments.start(self._desk.db, order))
        if ticket is None:
            return self._desk.stale(self._desk.addresses.link_page(link_id))
        cookie = self._desk.cookie.read(request) or self._desk.cookie.new()
        order = msgspec.structs.replace(order, payer=self._desk.cookie.hashed(cookie))
        response = await self._start(order, link_id, fields)
        self._desk.cookie.set(response, cookie)
        return response

    async def _start(self, order: Order, link_id: str, fields: dict[str, str]) -> Response:
        desk = self._desk
        try:
            started = await desk.payments.start(desk.db, order)
        except Invalid as error:
            if set(error.faults) == {"amount"}:
                return await self._refused(order, link_id, fields)
            return desk.stale(desk.addresses.link_page(link_id))  # a method that went since
        except LinkNotPayable as error:
            read = await desk.db.point(lambda tx: _read(tx, link_id, order.payer))
            return desk.end(read.offer, read.mine, read.offer.end or error.state)
        except Conflict:
            read = await desk.db.point(lambda tx: _read(tx, link_id, order.payer))
            if read.mine is None:
                raise
            return desk.undecided(read.mine)
        where = started.redirect_url or desk.addresses.status_page(started.payment.token)
        return RedirectResponse(where, 303, desk.plain_headers())

    async def _refused(self, order: Order, link_id: str, fields: dict[str, str]) -> Response:
        """The page again, with the amount as it was typed and what is wrong with it."""
        desk = self._desk
        read = await desk.db.point(lambda tx: _read(tx, link_id, order.payer))
        if read.offer.end is not None:  # changed meanwhile
            return desk.stale(desk.addresses.link_page(link_id))
        if read.offer.amounts is not None:
            words = desk.language.gettext(
                "The amount has changed since you opened this page. Nothing was started."
            )
            return self._answer(self._make(read, warning=words), link_id, 409)
        link, typed, minor = read.offer.link, fields.get("amount", ""), order.amount_minor
        if minor is not None:
            typed = desk.language.plain_number(Money(minor, link.currency))
        fault = showing.amount_fault(link, typed, desk.language)
        return self._answer(self._make(read, typed, fault), link_id, 422)

    def _told(self, started: Started) -> Response:
        payment = started.payment
        where = started.redirect_url or self._desk.addresses.status_page(payment.token)
        data = {"id": payment.id, "status": payment.status, "payment_url": where}
        return self._desk.json({"data": data}, 201)

    def _ticket(self, token: str | None, link_id: str) -> _Ticket | None:
        """What this copy of the page stands for, or None: forged, stale, of another link."""
        if token is None or len(token) > TOKEN_MAX:
            return None
        value = self._desk.crypto.verify("pay", token, self._desk.clock.now())
        try:
            ticket = msgspec.convert(value, _Ticket)
        except msgspec.ValidationError:  # none, or one that an earlier version signed
            return None
        return ticket if ticket.link_id == link_id else None

    async def _link_of_product(self, request: Request) -> str:
        product_id = _id(request)
        product = await self._desk.db.point(lambda tx: catalog.find_for_page(tx, product_id))
        if product is None:
            raise NotFound("There is no such product.")
        return product.link_id


def _read(tx: Tx, link_id: str, payer: str | None) -> _Read:
    mine = service.of_payer(tx, link_id, payer) if payer else None
    going = mine is not None and mine.payment.status in model.OPEN
    offer = offers.read(tx, link_id, mine.payment.id if mine and going else "")
    keys = [p.image for p in offer.full.products if p.image] + [offer.link.image or ""]
    return _Read(offer, images.sizes(tx, keys), mine)


def _order(request: Request, fields: dict[str, str], link_id: str, ticket: _Ticket | None) -> Order:
    minor = fields.get("amount_minor")
    if minor is not None and not (minor.isascii() and minor.isdigit() and len(minor) <= 13):
        raise Invalid({"amount_minor": ["must be a whole number of minor units"]})
    return Order(
        link_id=link_id,
        method=fields.get("method") or None,
        amount_typed=fields.get("amount"),
        amount_minor=int(minor) if minor is not None else None,
        shown=ticket.total if ticket else None,
        attempt_id=ticket.attempt_id if ticket else None,
        address=request.client.host if request.client else None,
    )


def _id(request: Request) -> str:
    known = ids.parse_id(request.path_params["id"])
    if known is None:
        raise NotFound("There is nothing at this address.")
    return known
