"""Pictures of codes: the QR of a link, a product or a placement. What a phone opens after scanning
one is told by `scans`."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from handbill.catalog import store as catalog
from handbill.infra.database import Tx
from handbill.kernel.errors import LinkNotPayable, NotFound
from handbill.links import personal
from handbill.links import store as links
from handbill.links.model import Link
from handbill.web.pages import code_pictures, reading
from handbill.web.pages.code_pictures import CodePictures, ShortAddress
from handbill.web.pages.desk import Desk
from handbill.web.pages.scans import Scans


class CodePages:
    """Codes exist for links that exist, and for their placements."""

    def __init__(self, desk: Desk, scans: Scans) -> None:
        self._desk = desk
        self._scans = scans
        self._pictures = CodePictures(desk)

    def routes(self) -> list[Route]:
        guard = self._desk.guard
        pages = (
            ("/pay/link/{id}", self.of_link),
            ("/pay/product/{id}", self.of_product),
            ("/pay/at/{code}", self.of_code),
        )
        return [
            Route(f"{page}/qr{suffix}", guard(handler), methods=["GET"])
            for page, handler in pages
            for suffix in code_pictures.SUFFIXES
        ]

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

    async def of_code(self, request: Request) -> Response:
        found = await self._scans.find(request)
        if found.placement is not None and found.placement.removed_at is not None:
            raise NotFound("There is no such placement.")
        return await self._picture(request, found.link, found.code)

    async def _picture(
        self, request: Request, link: Link | None, code: str | None = None
    ) -> Response:
        """`code`: that of a placement."""
        if link is None or link.deleted_at is not None:
            raise NotFound("There is no such link.")
        desk, now = self._desk, self._desk.clock.now()
        asked = personal.read(desk.crypto, link.id, request.scope["query_string"])
        if asked is not None and (end := asked.prefill.end_on(link, now)):
            raise LinkNotPayable(end)
        code = code or link.code
        text = desk.addresses.short(code, asked.query if asked is not None else "")
        address = ShortAddress(text, code, link.merchant_id, private=asked is not None)
        return await self._pictures.show(request, address)
