"""All pages of this server, and the few addresses that are not about a payment."""

from __future__ import annotations

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route
from starlette.types import Scope

from handbill import __version__
from handbill.kernel.errors import HandbillError, NotFound
from handbill.qr.kept import Codes
from handbill.web.entrance import Ready
from handbill.web.pages import asking, beacons, receipts, scans, sought
from handbill.web.pages.accents import Accents
from handbill.web.pages.codes import CodePages
from handbill.web.pages.desk import Desk
from handbill.web.pages.inbox_pages import InboxPages
from handbill.web.pages.new_links import NewLinks
from handbill.web.pages.paying import Paying
from handbill.web.pages.pictures import Pictures
from handbill.web.pages.statuses import Statuses
from handbill.web.pages.views import HomePage
from handbill.web.parts import Parts


class Site:
    def __init__(self, parts: Parts, codes: Codes) -> None:
        self._desk = Desk(parts, codes)
        self._inbox = InboxPages(self._desk)
        self._scans = scans.Scans(self._desk)
        self._paying = Paying(self._desk, sought.Seeking(self._desk, self._scans))
        self._statuses = Statuses(self._desk)

    @property
    def desk(self) -> Desk:
        """For the till and the snippets, which stand on these pages."""
        return self._desk

    def routes(self) -> list[Route]:
        guard = self._desk.guard
        return [
            # The most asked for of those that begin with /pay.
            *beacons.Beacons(self._desk).routes(),
            *self._paying.routes(),
            Route("/", guard(self.home), methods=["GET"]),
            *Pictures(self._desk).routes(),
            *Accents().routes(),
            *self._scans.routes(),
            *CodePages(self._desk, self._scans).routes(),
            *self._statuses.routes(),
            *receipts.Receipts(self._desk, self._statuses).routes(),
            *NewLinks(self._desk).routes(),
            *(self._inbox.routes() if self._desk.parts.has_inbox else []),
            *self._desk.assets.routes(),
        ]

    def ready(self, scope: Scope) -> Ready | None:
        """A page from memory, where it can be had."""
        return self._paying.ready(scope)

    def drain(self) -> None:
        """Ends what would keep the server from ending."""
        self._desk.streams.drain()

    async def home(self, request: Request) -> Response:
        desk, language = self._desk, self._desk.language_of(request)
        base = desk.addresses.base
        view = HomePage(
            version=__version__,
            docs_url=f"{base}/docs",
            openapi_url=f"{base}/openapi.json",
            health_url=f"{base}/healthz",
            sample_url=await self._inbox.sample_url(),
            inbox_url=self._inbox.address if desk.parts.has_inbox else None,
        )
        return asking.html(desk.renderer.home(view, language), desk.page_headers(language))

    async def refusal(self, request: Request, error: HTTPException | HandbillError) -> Response:
        """For addresses that no route knows, and for verbs that a route does not."""
        if isinstance(error, HandbillError):
            return await self._desk.problem(request, error)
        if error.status_code == 405:
            language = self._desk.language_of(request)
            response = self._desk.end_by_name("method_not_allowed", language, 405)
            response.headers.update(error.headers or {})
            return response
        path = request.url.path
        if request.method in ("GET", "HEAD") and path != "/" and path.endswith("/"):
            home = f"{self._desk.addresses.base}/{path.strip('/')}"
            return RedirectResponse(home, 307, self._desk.plain_headers())
        if error.status_code == 404:
            return await self._desk.problem(request, NotFound("There is nothing at this address."))
        return await self._desk.problem(request, HandbillError(str(error)))
