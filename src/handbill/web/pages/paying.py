"""The page of a link or a product, and Pay. A GET writes nothing; Pay is one click, once."""

from __future__ import annotations

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Scope

from handbill.kernel.errors import (
    Challenged,
    Conflict,
    Faults,
    Invalid,
    LinkNotPayable,
)
from handbill.links.scanned import Scanned
from handbill.payments.choice import mark_of
from handbill.payments.order import Order
from handbill.web.entrance import Ready
from handbill.web.pages import (
    asking,
    beacons,
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
from handbill.web.pages.sought import Find, Seeking, Sought
from handbill.web.pages.tickets import Tickets
from handbill.web.pages.views import PayPage


class Paying:
    """Shows the page to whoever knows the address, and starts what a payer chose there."""

    def __init__(self, desk: Desk, seeking: Seeking) -> None:
        self._desk = desk
        self._seeking = seeking
        self._tickets = Tickets(desk.crypto, desk.clock)
        self._kept = kept.KeptPages(desk.db, desk.clock, self._tickets, desk.languages)
        self._challenges = challenging.Challenges(desk)
        self._ends = ends.Ends(desk)

    def routes(self) -> list[Route]:
        ways = self._seeking.ways()
        return [route for path, find in ways.items() for route in self._at(path, find)]

    def ready(self, scope: Scope) -> Ready | None:
        return self._kept.ready(scope)

    def _at(self, path: str, find: Find) -> list[Route]:
        """The page at one kind of address, and Pay there."""

        async def show(request: Request) -> Response:
            return await self._at_hand(request) or await self._show(request, await find(request))

        async def pay(request: Request) -> Response:
            return await self._pay(request, await find(request))

        guard = self._desk.guard
        return [
            Route(path, guard(show), methods=["GET"]),
            Route(path, guard(pay), methods=["POST"]),
        ]

    async def _show(self, request: Request, sought: Sought) -> Response:
        desk = self._desk
        payer, link_id, at = desk.cookie.known(request), sought.link_id, sought.at
        try:
            asked = reading.asked(request, desk.crypto, link_id)
        except LinkNotPayable as error:
            if asking.wants_json(request):
                raise
            return await self._not_as_signed(request, sought, error)
        read = await desk.db.point(lambda tx: reading.read(tx, link_id, payer, asked, at))
        language = desk.language_of(request, read.offer.link.lang)
        if read.offer.end is not None:
            if asking.wants_json(request):
                raise LinkNotPayable(read.offer.end, free_at=read.offer.free_at)
            return self._ends.of_link(read.offer, read.mine_here, read.offer.end, language)
        view = _view(desk, read, language, read.said)
        view = msgspec.structs.replace(view, opened_url=desk.addresses.path + beacons.PATH)
        page = self._page(read, view, language)
        if read.mine is None and read.offer.link.max_payments is None:
            self._kept.keep(request.scope, sought.route, read.offer, page, sought.seen)
        return self._answer(page)

    async def _not_as_signed(
        self, request: Request, sought: Sought, error: LinkNotPayable
    ) -> Response:
        """Nothing that was signed is believed, but it is still a link of this seller."""
        link_id, at = sought.link_id, sought.at
        read = await self._desk.db.point(lambda tx: reading.read(tx, link_id, None, at=at))
        language = self._desk.language_of(request, read.offer.link.lang)
        return self._ends.about(read.offer, error.state, language)

    async def _at_hand(self, request: Request) -> Response | None:
        if self._desk.cookie.known(request) is not None:
            return None
        page = await self._kept.look(request)
        return None if page is None else self._answer(page)

    def _page(self, read: Read, view: PayPage, language: Language) -> kept.Page:
        desk, offer = self._desk, read.offer
        hosts, scripts = desk.page_hosts(offer.methods), view.is_scripted
        headers = desk.page_headers(language, hosts, scripts=scripts, shown_by=offer.merchant)
        return kept.Page(
            link_id=offer.link.id,
            code=offer.code,
            cut=desk.renderer.pay(view, language),
            headers=headers,
            total=view.total,
            lang=language.code,
            consent=mark_of(offer.link.pay_config),
        )

    def _answer(self, page: kept.Page, status: int = 200) -> Response:
        return asking.html(self._kept.copy_of(page), page.headers, status)

    async def _pay(self, request: Request, sought: Sought) -> Response:
        link_id, at = sought.link_id, sought.at
        fields = await asking.form(request)
        ticket = self._tickets.read(fields.get("attempt"), link_id)
        network = asking.network(request, self._desk.crypto)
        order = choosing.order_of(request, fields, link_id, ticket, network)
        order = msgspec.structs.replace(
            order,
            lang=self._desk.languages.asked(request),
            personal=reading.asked(request, self._desk.crypto, link_id),
            placement_id=at.placement_id if at is not None else None,
        )
        order = self._challenges.prove(order, fields)
        if asking.wants_json(request):
            return await self._pay_as_a_program(order)
        language = self._desk.language_of(request)  # the page named its own in the form's address
        if choosing.UPDATE in fields:
            order = msgspec.structs.replace(order, payer=self._desk.cookie.known(request))
            return await self._again(order, at, language)
        if ticket is None:
            read = await reading.of_order(self._desk.db, order, at)
            return self._ends.stale(read.offer, language)
        cookie = self._desk.cookie.read(request)
        cookie = cookie or self._desk.cookie.of_first(ticket.attempt_id)
        order = msgspec.structs.replace(order, payer=self._desk.cookie.hashed(cookie))
        response = await self._start(order, at, fields, language)
        self._desk.cookie.set(response, cookie)
        return response

    async def _pay_as_a_program(self, order: Order) -> Response:
        desk = self._desk
        try:
            return told(desk, await desk.payments.start(desk.db, order))
        except Challenged as asked:
            raise self._challenges.describe(order, asked) from asked

    async def _start(
        self, order: Order, at: Scanned | None, fields: dict[str, str], language: Language
    ) -> Response:
        desk = self._desk
        try:
            started = await desk.payments.start(desk.db, order)
        except Invalid as error:
            if "method" in error.faults:  # one that went since
                read = await reading.of_order(desk.db, order, at)
                return self._ends.stale(read.offer, language)
            return await self._again(order, at, language, refused=error.faults)
        except LinkNotPayable as error:
            read = await reading.of_order(desk.db, order, at)
            state = read.offer.end or error.state
            return self._ends.of_link(read.offer, read.mine_here, state, language)
        except Challenged as asked:
            read = await reading.of_order(desk.db, order, at)
            return self._challenges.page(read.offer, order, fields, asked, language)
        except Conflict:
            read = await reading.of_order(desk.db, order, at)
            if read.mine is None:
                raise
            return self._ends.undecided(read.mine, read.offer.merchant, language)
        return await led_on(desk, started)

    async def _again(
        self, order: Order, at: Scanned | None, language: Language, refused: Faults | None = None
    ) -> Response:
        """The page with what the payer said and what it comes to: they asked for the total (None),
        or what they sent was `refused`."""
        read = await reading.of_order(self._desk.db, order, at)
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
