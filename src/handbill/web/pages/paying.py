"""The page of a link or a product, and Pay. A GET writes nothing; Pay is one click, once."""

from __future__ import annotations

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Scope

from handbill.catalog import store as catalog
from handbill.kernel import ids
from handbill.kernel.errors import Challenged, Conflict, Invalid, LinkNotPayable, NotFound
from handbill.kernel.money import Money
from handbill.payments.opening import Order
from handbill.web.entrance import Ready
from handbill.web.pages import asking, challenging, kept, reading, showing, standing
from handbill.web.pages.desk import Desk
from handbill.web.pages.language import Language
from handbill.web.pages.onward import led_on, told
from handbill.web.pages.reading import Read
from handbill.web.pages.tickets import Ticket, Tickets

OF_LINK = "/pay/link/{id}"
OF_PRODUCT = "/pay/product/{id}"


class Paying:
    """Shows the page to whoever knows the address, and starts what a payer chose there."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._tickets = Tickets(desk.crypto, desk.clock)
        self._kept = kept.KeptPages(desk.db, desk.clock, self._tickets, desk.languages)
        self._challenges = challenging.Challenges(desk)

    def routes(self) -> list[Route]:
        guard = self._desk.guard
        return [
            Route(OF_LINK, guard(self.show), methods=["GET"]),
            Route(OF_LINK, guard(self.pay), methods=["POST"]),
            Route(OF_PRODUCT, guard(self.show_product), methods=["GET"]),
            Route(OF_PRODUCT, guard(self.pay_product), methods=["POST"]),
        ]

    def ready(self, scope: Scope) -> Ready | None:
        return self._kept.ready(scope)

    async def show(self, request: Request) -> Response:
        link_id = _id(request)
        return await self._at_hand(request) or await self._show(request, OF_LINK, link_id)

    async def show_product(self, request: Request) -> Response:
        at_hand = await self._at_hand(request)
        if at_hand is not None:
            return at_hand
        return await self._show(request, OF_PRODUCT, await self._link_of_product(request))

    async def pay(self, request: Request) -> Response:
        return await self._pay(request, _id(request))

    async def pay_product(self, request: Request) -> Response:
        return await self._pay(request, await self._link_of_product(request))

    async def _show(self, request: Request, route: str, link_id: str) -> Response:
        desk = self._desk
        payer, seen = desk.cookie.known(request), desk.db.mark()
        asked = reading.asked(request, desk.crypto, link_id)
        read = await desk.db.point(lambda tx: reading.read(tx, link_id, payer, asked))
        language = desk.language_of(request, read.offer.link.lang)
        if read.offer.end is not None:
            return desk.end(read.offer, read.mine_here, read.offer.end, language)
        page = self._make(read, language)
        if read.mine is None and read.offer.link.max_payments is None:
            self._kept.keep(request.scope, route, read.offer, page, seen)
        return self._answer(page)

    async def _at_hand(self, request: Request) -> Response | None:
        if self._desk.cookie.known(request) is not None:
            return None
        page = await self._kept.look(request)
        return None if page is None else self._answer(page)

    def _make(
        self,
        read: Read,
        language: Language,
        typed: str | None = None,
        fault: str = "",
        warning: str = "",
    ) -> kept.Page:
        desk, offer = self._desk, read.offer
        view = showing.pay_page(offer, desk.addresses, read.sizes, language)
        if read.mine_here is not None:
            going = standing.unfinished(read.mine_here, desk.addresses, desk.clock.now())
            view = msgspec.structs.replace(view, unfinished=going)
        if fault:
            again = showing.asked(offer, typed, fault)
            view = msgspec.structs.replace(view, asked=again)
        if warning:
            view = msgspec.structs.replace(view, warnings=(warning,))
        hosts = desk.page_hosts(offer.methods)
        headers = desk.page_headers(language, hosts, shown_by=offer.merchant)
        cut = desk.renderer.pay(view, language)
        return kept.Page(offer.link.id, cut, headers, view.total, language.code)

    def _answer(self, page: kept.Page, status: int = 200) -> Response:
        token = self._tickets.issue(page.link_id, page.total)
        return asking.html(page.cut.with_token(token), page.headers, status)

    async def _pay(self, request: Request, link_id: str) -> Response:
        fields = await asking.form(request)
        ticket = self._tickets.read(fields.get("attempt"), link_id)
        network = asking.network(request, self._desk.crypto)
        order = _order(request, fields, link_id, ticket, network)
        order = msgspec.structs.replace(
            order,
            lang=self._desk.languages.asked(request),
            personal=reading.asked(request, self._desk.crypto, link_id),
        )
        order = self._challenges.prove(order, fields)
        if asking.wants_json(request):
            return await self._pay_as_a_program(order)
        language = self._desk.language_of(request)  # the page named its own in the form's address
        if ticket is None:
            return _stale(self._desk, order, language)
        cookie = self._desk.cookie.read(request)
        cookie = cookie or self._desk.cookie.of_first(ticket.attempt_id)
        order = msgspec.structs.replace(order, payer=self._desk.cookie.hashed(cookie))
        response = await self._start(order, link_id, fields, language)
        self._desk.cookie.set(response, cookie)
        return response

    async def _pay_as_a_program(self, order: Order) -> Response:
        desk = self._desk
        try:
            return told(desk, await desk.payments.start(desk.db, order))
        except Challenged as asked:
            raise self._challenges.describe(order, asked) from asked

    async def _start(
        self, order: Order, link_id: str, fields: dict[str, str], language: Language
    ) -> Response:
        desk = self._desk
        try:
            started = await desk.payments.start(desk.db, order)
        except Invalid as error:
            if set(error.faults) == {"amount"}:
                return await self._refused(order, link_id, fields, language)
            return _stale(desk, order, language)  # a method that went since
        except LinkNotPayable as error:
            read = await reading.of_order(desk.db, order)
            return desk.end(read.offer, read.mine_here, read.offer.end or error.state, language)
        except Challenged as asked:
            read = await reading.of_order(desk.db, order)
            return self._challenges.page(read.offer, order, fields, asked, language)
        except Conflict:
            read = await reading.of_order(desk.db, order)
            if read.mine is None:
                raise
            return desk.undecided(read.mine, language)
        return await led_on(desk, started)

    async def _refused(
        self, order: Order, link_id: str, fields: dict[str, str], language: Language
    ) -> Response:
        """The page again, with the amount as it was typed and what is wrong with it."""
        desk = self._desk
        read = await reading.of_order(desk.db, order)
        if read.offer.end is not None:  # changed meanwhile
            return _stale(desk, order, language)
        if read.offer.amounts is not None:
            words = language.gettext(
                "The amount has changed since you opened this page. Nothing was started."
            )
            return self._answer(self._make(read, language, warning=words), 409)
        link, typed, minor = read.offer.link, fields.get("amount", ""), order.amount_minor
        if minor is not None:
            typed = language.plain_number(Money(minor, link.currency))
        fault = showing.amount_fault(link, typed, language)
        return self._answer(self._make(read, language, typed, fault), 422)

    async def _link_of_product(self, request: Request) -> str:
        product_id = _id(request)
        product = await self._desk.db.point(lambda tx: catalog.find_for_page(tx, product_id))
        if product is None:
            raise NotFound("There is no such product.")
        return product.link_id


def _stale(desk: Desk, order: Order, language: Language) -> Response:
    query = order.personal.query if order.personal is not None else ""
    return desk.stale(desk.addresses.link_page(order.link_id or "", query), language)


def _order(
    request: Request,
    fields: dict[str, str],
    link_id: str,
    ticket: Ticket | None,
    network: str | None,
) -> Order:
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
        network=network,
    )


def _id(request: Request) -> str:
    known = ids.parse_id(request.path_params["id"])
    if known is None:
        raise NotFound("There is nothing at this address.")
    return known
