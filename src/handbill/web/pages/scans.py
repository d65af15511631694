"""What a phone opens after scanning: the short address, and the page at the code that it leads to.

Guessing at either soon gets slower.
"""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from handbill.infra.networks import network_of
from handbill.kernel import ids
from handbill.kernel.errors import NotFound, TooMany
from handbill.links import personal, scanned
from handbill.links.scanned import Scanned
from handbill.web.pages.desk import Desk
from handbill.web.rates import Rates

MISSES_A_SECOND = 1
MISSES_AT_ONCE = 60


class Scans:
    """One for the process, as it counts the misses of both addresses together."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._misses = Rates(desk.clock, MISSES_A_SECOND, MISSES_AT_ONCE)

    def routes(self) -> list[Route]:
        guard = self._desk.guard
        return [Route(f"/{letter}/{{code}}", guard(self.open), methods=["GET"]) for letter in "Ll"]

    async def open(self, request: Request) -> Response:
        page = self._page_of(await self.find(request), request.scope["query_string"])
        if request.url.query:  # a language, a personal address, or what a messenger added
            page = f"{page}?{request.url.query}"
        return RedirectResponse(page, 302, self._desk.plain_headers())

    async def find(self, request: Request) -> Scanned:
        """By the code in the path. Raises NotFound, TooMany."""
        code = ids.parse_short_code(request.path_params["code"])
        found = await self._desk.db.point(lambda tx: scanned.find(tx, code)) if code else None
        if found is None:
            host = request.client.host if request.client else ""
            if not self._misses.take(network_of(host) or host).allowed:
                self._desk.db.tallies.count("rate_limited", "misses")
                raise TooMany("Too many addresses that lead nowhere.", retry_after_seconds=60)
            raise NotFound("There is no such code.")
        return found

    def _page_of(self, found: Scanned, query: bytes) -> str:
        """The link's own code leads to its own page, unless that would have to say more than to
        others. What the merchant signed is a price that no paper contradicts."""
        addresses, link = self._desk.addresses, found.link
        is_stale = found.stale_price is not None and not personal.is_signed(query)
        if found.placement is not None or is_stale:
            return addresses.placement_page(found.code)
        if link.product_id is not None:
            return addresses.product_page(link.product_id)
        return addresses.link_page(link.id)
