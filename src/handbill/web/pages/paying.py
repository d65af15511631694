"""The page of a link or a product, and Pay. A GET writes nothing; Pay is one click, once."""

from __future__ import annotations

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Scope

from handbill.catalog import store as catalog
from handbill.kernel.errors import (
    Challenged,
    Conflict,
    Faults,
    Invalid,
    LinkNotPayable,
    NotFound,
)
from handbill.payments.choice import mark_of
from handbill.payments.order import Order
from handbill.web.entrance import Ready
from handbill.web.pages import (
    asking,
    challenging,
    choosing,
    ends,
    kept,
    reading,
    sharing,
    showing,
    standing,
)
from handbill.web.pages.desk import Desk
from handbill.web.pages.language import Language
from handbill.web.pages.onward import led_on, told
from handbill.web.pages.questions import Pressed, Said
from handbill.web.pages.reading import Read
from handbill.web.pages.tickets import Tickets
from handbill.web.pages.views import PayPage

OF_LINK = "/pay/link/{id}"
OF_PRODUCT = "/pay/product/{id}"


class Paying:
    """Shows the page to whoever knows the address, and starts what a payer chose there."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._tickets = Tickets(desk.crypto, desk.clock)
        self._kept = kept.KeptPages(desk.db, desk.clock, self._tickets, desk.languages)
        self._challenges = challenging.Challenges(desk)
        self._ends = ends.Ends(desk)

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
        link_id = reading.id_of(request)
        return await self._at_hand(request) or await self._show(request, OF_LINK, link_id)

    async def show_product(self, request: Request) -> Response:
        at_hand = await self._at_hand(request)
        if at_hand is not None:
            return at_hand
        return await self._show(request, OF_PRODUCT, await _link_of_product(self._desk, request))

    async def pay(self, request: Request) -> Response:
        return await self._pay(request, reading.id_of(request))

    async def pay_product(self, request: Request) -> Response:
        return await self._pay(request, await _link_of_product(self._desk, request))

    async def _show(self, request: Request, route: str, link_id: str) -> Response:
        desk = self._desk
        payer, seen = desk.cookie.known(request), desk.db.mark()
        try:
            asked = reading.asked(request, desk.crypto, link_id)
        except LinkNotPayable as error:
            if asking.wants_json(request):
                raise
            return await self._not_as_signed(request, link_id, error)
        read = await desk.db.point(lambda tx: reading.read(tx, link_id, payer, asked))
        language = desk.language_of(request, read.offer.link.lang)
        if read.offer.end is not None:
            if asking.wants_json(request):
                raise LinkNotPayable(read.offer.end, free_at=read.offer.free_at)
            return self._ends.of_link(read.offer, read.mine_here, read.offer.end, language)
        page = self._page(read, _view(desk, read, language, read.said), language)
        if read.mine is None and read.offer.link.max_payments is None:
            self._kept.keep(request.scope, route, read.offer, page, seen)
        return self._answer(page)

    async def _not_as_signed(
        self, request: Request, link_id: str, error: LinkNotPayable
    ) -> Response:
        """Nothing of the address is believed, but it is still a link of this seller."""
        read = await self._desk.db.point(lambda tx: reading.read(tx, link_id, None, None))
        language = self._desk.language_of(request, read.offer.link.lang)
        return self._ends.about(read.offer, error.state, language)

    async def _at_hand(self, request: Request) -> Response | None:
        if self._desk.cookie.known(request) is not None:
            return None
        page = await self._kept.look(request)
        return None if page is None else self._answer(page)

    def _page(self, read: Read, view: PayPage, language: Language) -> kept.Page:
        desk, offer = self._desk, read.offer
        hosts, scripts = desk.page_hosts(offer.methods), view.form.live is not None
        headers = desk.page_headers(language, hosts, scripts=scripts, shown_by=offer.merchant)
        cut, mark = desk.renderer.pay(view, language), mark_of(offer.link.pay_config)
        return kept.Page(offer.link.id, cut, headers, view.total, language.code, mark)

    def _answer(self, page: kept.Page, status: int = 200) -> Response:
        token = self._tickets.issue(page.link_id, page.total, page.consent)
        return asking.html(page.cut.with_token(token), page.headers, status)

    async def _pay(self, request: Request, link_id: str) -> Response:
        fields = await asking.form(request)
        ticket = self._tickets.read(fields.get("attempt"), link_id)
        network = asking.network(request, self._desk.crypto)
        order = choosing.order_of(request, fields, link_id, ticket, network)
        order = msgspec.structs.replace(
            order,
            lang=self._desk.languages.asked(request),
            personal=reading.asked(request, self._desk.crypto, link_id),
        )
        order = self._challenges.prove(order, fields)
        if asking.wants_json(request):
            return await self._pay_as_a_program(order)
        language = self._desk.language_of(request)  # the page named its own in the form's address
        if choosing.UPDATE in fields:
            order = msgspec.structs.replace(order, payer=self._desk.cookie.known(request))
            return await self._again(order, language)
        if ticket is None:
            read = await reading.of_order(self._desk.db, order)
            return self._ends.stale(read.offer, language)
        cookie = self._desk.cookie.read(request)
        cookie = cookie or self._desk.cookie.of_first(ticket.attempt_id)
        order = msgspec.structs.replace(order, payer=self._desk.cookie.hashed(cookie))
        response = await self._start(order, fields, language)
        self._desk.cookie.set(response, cookie)
        return response

    async def _pay_as_a_program(self, order: Order) -> Response:
        desk = self._desk
        try:
            return told(desk, await desk.payments.start(desk.db, order))
        except Challenged as asked:
            raise self._challenges.describe(order, asked) from asked

    async def _start(self, order: Order, fields: dict[str, str], language: Language) -> Response:
        desk = self._desk
        try:
            started = await desk.payments.start(desk.db, order)
        except Invalid as error:
            if "method" in error.faults:  # one that went since
                read = await reading.of_order(desk.db, order)
                return self._ends.stale(read.offer, language)
            return await self._again(order, language, refused=error.faults)
        except LinkNotPayable as error:
            read = await reading.of_order(desk.db, order)
            state = read.offer.end or error.state
            return self._ends.of_link(read.offer, read.mine_here, state, language)
        except Challenged as asked:
            read = await reading.of_order(desk.db, order)
            return self._challenges.page(read.offer, order, fields, asked, language)
        except Conflict:
            read = await reading.of_order(desk.db, order)
            if read.mine is None:
                raise
            return self._ends.undecided(read.mine, read.offer.merchant, language)
        return await led_on(desk, started)

    async def _again(
        self, order: Order, language: Language, refused: Faults | None = None
    ) -> Response:
        """The page with what the payer said and what it comes to: they asked for the total (None),
        or what they sent was `refused`."""
        read = await reading.of_order(self._desk.db, order)
        if read.offer.end is not None:  # changed meanwhile
            return self._ends.stale(read.offer, language)
        pressed = Pressed.PAY if refused is not None else Pressed.UPDATE
        said = Said(order.choice, order.amount_typed, order.amount_minor, pressed)
        view, status = _view(self._desk, read, language, said), 422
        if not view.is_refused:
            view = showing.with_news(view, refused or {}, language)
            status = 200 if refused is None else 409
        return self._answer(self._page(read, view, language), status)


def _view(desk: Desk, read: Read, language: Language, said: Said) -> PayPage:
    now = desk.clock.now()
    view = showing.pay_page(read.offer, desk.addresses, read.sizes, language, now, said)
    preview = sharing.preview(read.offer, view, desk.addresses, read.sizes, language)
    view = msgspec.structs.replace(view, preview=preview)
    if read.mine_here is None:
        return view
    going = standing.unfinished(read.mine_here, desk.addresses, now)
    return msgspec.structs.replace(view, unfinished=going)


async def _link_of_product(desk: Desk, request: Request) -> str:
    product_id = reading.id_of(request)
    product = await desk.db.point(lambda tx: catalog.find_for_page(tx, product_id))
    if product is None:
        raise NotFound("There is no such product.")
    return product.link_id
