"""Printed addresses: the QR of a link or a product, and what a phone opens after scanning it."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from handbill.catalog import store as catalog
from handbill.infra.database import Tx
from handbill.infra.networks import network_of
from handbill.kernel import ids
from handbill.kernel.errors import LinkNotPayable, NotFound, TooMany
from handbill.links import personal
from handbill.links import store as links
from handbill.links.model import Link
from handbill.web.pages import code_pictures, reading
from handbill.web.pages.code_pictures import Printed
from handbill.web.pages.desk import Desk
from handbill.web.rates import Rates

MISSES_A_SECOND = 1
MISSES_AT_ONCE = 60


class CodePages:
    """Codes exist for links that exist. Guessing at short addresses soon gets slower."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._misses = Rates(desk.clock, MISSES_A_SECOND, MISSES_AT_ONCE)

    def routes(self) -> list[Route]:
        guard = self._desk.guard
        routes = [
            Route(f"/{letter}/{{code}}", guard(self.open), methods=["GET"]) for letter in "Ll"
        ]
        for noun, handler in (("link", self.of_link), ("product", self.of_product)):
            for suffix in code_pictures.SUFFIXES:
                path = f"/pay/{noun}/{{id}}/qr{suffix}"
                routes.append(Route(path, guard(handler), methods=["GET"]))
        return routes

    async def open(self, request: Request) -> Response:
        code = ids.parse_short_code(request.path_params["code"])
        link = await self._desk.db.point(lambda tx: links.find_by_code(tx, code)) if code else None
        if link is None:
            host = request.client.host if request.client else ""
            if not self._misses.take(network_of(host) or host).allowed:
                self._desk.db.tallies.count("rate_limited", "misses")
                raise TooMany("Too many addresses that lead nowhere.", retry_after_seconds=60)
            raise NotFound("There is no such code.")
        addresses = self._desk.addresses
        page = addresses.link_page(link.id)
        if link.product_id is not None:
            page = addresses.product_page(link.product_id)
        if request.url.query:  # a language, a personal address, or what a messenger added
            page = f"{page}?{request.url.query}"
        return RedirectResponse(page, 302, self._desk.plain_headers())

    async def of_link(self, request: Request) -> Response:
        link_id = reading.id_of(request)
        return await self._picture(
            request, await self._desk.db.point(lambda tx: links.find_for_page(tx, link_id))
        )

    async def of_product(self, request: Request) -> Response:
        product_id = reading.id_of(request)

        def find(tx: Tx) -> Link | None:
            product = catalog.find_for_page(tx, product_id)
            return links.find_for_page(tx, product.link_id) if product else None

        return await self._picture(request, await self._desk.db.point(find))

    async def _picture(self, request: Request, link: Link | None) -> Response:
        if link is None or link.deleted_at is not None:
            raise NotFound("There is no such link.")
        desk, now = self._desk, self._desk.clock.now()
        asked = personal.read(desk.crypto, link.id, request.scope["query_string"])
        if asked is not None and (end := asked.prefill.end_on(link, now)):
            raise LinkNotPayable(end)
        address = desk.addresses.short(link.code, asked.query if asked is not None else "")
        printed = Printed(address, link.code, link.merchant_id, private=asked is not None)
        return await code_pictures.show(desk, request, printed)
