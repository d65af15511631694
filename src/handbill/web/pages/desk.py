"""What every page handler has at hand, and the answers that they share: ends, problems, headers."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import msgspec
import structlog
from starlette.requests import Request
from starlette.responses import Response

from handbill.catalog.logos import Logos
from handbill.infra import tracing
from handbill.kernel.errors import Blocked, HandbillError, LinkNotPayable, NotFound
from handbill.merchants.model import Account, Merchant
from handbill.qr.kept import Codes
from handbill.web import problems
from handbill.web.pages import asking, languages, live
from handbill.web.pages.assets import Assets
from handbill.web.pages.headers import page_headers
from handbill.web.pages.language import Language
from handbill.web.pages.prints.printer import PagePrinter
from handbill.web.pages.render import Renderer, blocked_page, end_page
from handbill.web.pages.views import EndPage
from handbill.web.parts import Parts

log = structlog.get_logger()

Handler = Callable[[Request], Awaitable[Response]]


class Desk:
    def __init__(self, parts: Parts, codes: Codes) -> None:
        self.parts = parts
        self.db = parts.db
        self.clock = parts.clock
        self.crypto = parts.crypto
        self.addresses = parts.addresses
        self.acquirers = parts.acquirers
        self.payments = parts.payments
        self.codes = codes
        self.logos = Logos(parts.storage, parts.press, parts.clock)
        self.printer = PagePrinter(
            parts.db,
            parts.storage,
            parts.workshop,
            self.logos,
            parts.print_press,
            parts.addresses,
        )
        self.streams = live.Streams(parts.db)
        self.assets = Assets(path=parts.addresses.path)
        self.languages = languages.Languages(parts.settings.languages)
        self.renderer = Renderer(self.assets, self.languages.offered)
        self.cookie = asking.PayerCookie(parts.crypto, secure=parts.addresses.scheme == "https")

    def language_of(self, request: Request, own: str | None = None) -> Language:
        """What the page speaks that this request gets. `own`: the setting of the link, or the
        language of the payment, where one is known."""
        return self.languages.of(request, own)

    def guard(self, handler: Handler) -> Handler:
        """Turns our errors into a page, or a problem for a program that asked for JSON."""

        async def guarded(request: Request) -> Response:
            try:
                if not request.url.path.isprintable():  # none of ours, and no text for a database
                    raise NotFound("There is nothing at this address.")
                return await handler(request)
            except HandbillError as error:
                return await self.problem(request, error)
            except Exception as error:
                # Not the path: the token in it opens somebody's receipt.
                log.exception("page_broken", page=handler.__qualname__)
                return await self.problem(request, error)

        return guarded

    async def problem(self, request: Request, error: Exception) -> Response:
        if not isinstance(error, HandbillError):
            error = HandbillError("Something broke on our side.", code=problems.INTERNAL)
        if isinstance(error, Blocked):
            self.db.tallies.count("guard_answers", "blocked")
        if asking.wants_json(request):
            return self.json_problem(error)
        language = self.language_of(request)
        if isinstance(error, LinkNotPayable):
            return self.end_by_name(error.state, language)
        status = problems.status_of(type(error))
        seconds = getattr(error, "retry_after_seconds", None)
        if isinstance(error, Blocked):
            response = self.end(blocked_page(error.retry_after_seconds, language), language)
        else:
            state = _END_BY_STATUS.get(status, "server_error")
            response = self.end_by_name(state, language, status)
        if seconds is not None:
            response.headers["retry-after"] = str(seconds)
        return response

    def end_by_name(self, state: str, language: Language, status: int | None = None) -> Response:
        view = end_page(state, language)
        if status is not None:
            view = msgspec.structs.replace(view, http_status=status)
        return self.end(view, language)

    def end(self, view: EndPage, language: Language, shown_by: Merchant | None = None) -> Response:
        looks_again = view.refresh_seconds is not None
        headers = self.page_headers(language, scripts=looks_again, shown_by=shown_by)
        body = self.renderer.end(view, language)
        return asking.html(body, headers, view.http_status)

    def page_hosts(self, methods: Sequence[tuple[str, Account]]) -> list[str]:
        """Where the acquirers of these methods have their pages."""
        accounts = {account.id: account for _, account in methods}.values()
        opened = (self.acquirers.open(account) for account in accounts)
        return sorted({host for one in opened for host in one.capabilities.page_hosts})

    def page_headers(
        self,
        language: Language,
        form_action_hosts: Sequence[str] = (),
        *,
        scripts: bool = False,
        shown_by: Merchant | None = None,
    ) -> dict[str, str]:
        """`shown_by`: whose page it is. Their sites may frame it; a page of nobody no site may."""
        framed = shown_by.frame_origins if shown_by else ()
        return page_headers(
            form_action_hosts, language=language.code, frame_origins=framed, scripts=scripts
        )

    def plain_headers(self) -> dict[str, str]:
        return {"cache-control": "no-store", "referrer-policy": "no-referrer"}

    def json(self, value: Any, status: int = 200) -> Response:
        return Response(
            msgspec.json.encode(value), status, self.plain_headers(), "application/json"
        )

    def json_problem(self, error: HandbillError) -> Response:
        reply = problems.render(error, tracing.request_id(), self.addresses, self.clock.now())
        return Response(reply.body, reply.status, reply.headers)


_END_BY_STATUS = {
    400: "method_not_allowed",
    404: "not_found",
    405: "method_not_allowed",
    409: "unavailable",
    413: "method_not_allowed",
    415: "method_not_allowed",
    422: "stale",
    429: "too_many",
    503: "unavailable",
}
