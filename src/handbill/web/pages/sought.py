"""Which link's page is asked for, at each kind of address that leads to one."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

import msgspec
from starlette.requests import Request

from handbill.catalog import store as catalog
from handbill.infra.database import Mark
from handbill.kernel.errors import NotFound
from handbill.links.scanned import Scanned
from handbill.web.pages import reading
from handbill.web.pages.desk import Desk
from handbill.web.pages.scans import Scans

OF_LINK = "/pay/link/{id}"
OF_PRODUCT = "/pay/product/{id}"
OF_CODE = "/pay/at/{code}"


class Sought(msgspec.Struct, frozen=True):
    """`route` is the kind of address, `seen` the moment before anything was read, `at` the code in
    the address."""

    route: str
    link_id: str
    seen: Mark
    at: Scanned | None = None


Find = Callable[[Request], Awaitable[Sought]]
"""Raises NotFound; TooMany for guessing at codes."""


class Seeking:
    def __init__(self, desk: Desk, scans: Scans) -> None:
        self._db = desk.db
        self._scans = scans

    def ways(self) -> Mapping[str, Find]:
        """By route."""
        return {OF_LINK: self._by_link, OF_CODE: self._by_code, OF_PRODUCT: self._by_product}

    async def _by_link(self, request: Request) -> Sought:
        return Sought(OF_LINK, reading.id_of(request), self._db.mark())

    async def _by_code(self, request: Request) -> Sought:
        seen = self._db.mark()
        found = await self._scans.find(request)
        return Sought(OF_CODE, found.link.id, seen, found)

    async def _by_product(self, request: Request) -> Sought:
        product_id, seen = reading.id_of(request), self._db.mark()
        product = await self._db.point(lambda tx: catalog.find_for_page(tx, product_id))
        if product is None:
            raise NotFound("There is no such product.")
        return Sought(OF_PRODUCT, product.link_id, seen)
