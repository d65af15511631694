"""What every page handler has at hand, and the answers that they share: ends, problems, headers."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import msgspec
import structlog
from starlette.requests import Request
from starlette.responses import Response

from handbill.kernel import ids
from handbill.kernel.errors import HandbillError, LinkNotPayable, Unavailable
from handbill.kernel.money import Money
from handbill.links.offer import Offer
from handbill.payments.model import PaymentStatus
from handbill.payments.service import PaymentWithAttempt
from handbill.qr.kept import Codes
from handbill.web import problems
from handbill.web.pages import asking, showing
from handbill.web.pages.assets import Assets
from handbill.web.pages.headers import page_headers
from handbill.web.pages.language import english
from handbill.web.pages.render import Renderer, end_page, taken_page
from handbill.web.pages.views import EndPage
from handbill.web.parts import Parts

log = structlog.get_logger()

Handler = Callable[[Request], Awaitable[Response]]

PAID = frozenset({PaymentStatus.CHARGED, PaymentStatus.REFUNDED})


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
        self.assets = Assets(path=parts.addresses.path)
        self.renderer = Renderer(self.assets)
        self.language = english()
        self.cookie = asking.PayerCookie(secure=parts.addresses.scheme == "https")

    def guard(self, handler: Handler) -> Handler:
        """Turns our errors into a page, or a problem for a program that asked for JSON."""

        async def guarded(request: Request) -> Response:
            try:
                return await handler(request)
            except HandbillError as error:
                return await self.problem(request, error)
            except Exception as error:
                log.exception("page_broken", path=request.url.path)
                return await self.problem(request, error)

        return guarded

    async def problem(self, request: Request, error: Exception) -> Response:
        if not isinstance(error, HandbillError):
            error = HandbillError("Something broke on our side.", code=problems.INTERNAL)
        if asking.wants_json(request):
            return await self._json_problem(error)
        if isinstance(error, LinkNotPayable):
            return self.end_by_name(error.state)
        status = problems.status_of(type(error))
        return self.end_by_name(_END_BY_STATUS.get(status, "server_error"), status)

    def end(self, offer: Offer, mine: PaymentWithAttempt | None) -> Response:
        """Why this payer cannot pay now, in the words of the end state."""
        link, state = offer.link, offer.end or "closed"
        known: dict[str, Any] = {
            "seller": showing.seller(offer.merchant),
            "what": link.title or "",
            "test": link.test,
        }
        if mine is not None and mine.payment.status in PAID:
            known["button_url"] = self.addresses.status_page(mine.payment.token)
            return self._page(end_page("paid_by_you", self.language, **known))
        if state == "taken":
            seconds = showing.seconds_until(offer.free_at, self.clock.now())
            known["button_url"] = self.addresses.link_page(link.id)
            return self._page(taken_page(seconds, self.language, **known))
        if link.closed_message and state in ("closed", "expired", "used", "full", "paused"):
            known["words"] = link.closed_message
        return self._page(end_page(state, self.language, **known))

    def end_by_name(self, state: str, status: int | None = None) -> Response:
        view = end_page(state, self.language)
        if status is not None:
            view = msgspec.structs.replace(view, http_status=status)
        return self._page(view)

    def stale(self, page_url: str) -> Response:
        """The token is old, used up elsewhere or not ours: nothing was started."""
        return self._page(end_page("stale", self.language, button_url=page_url))

    def amount_fault(self, offer: Offer, words: str) -> str:
        """Why a typed amount was refused, with the bounds as the payer reads money."""
        link, bounds = offer.link, []
        for word, minor in (("from", link.min_minor), ("to", link.max_minor)):
            if minor:
                money = self.language.money(Money(minor, link.currency))
                bounds.append(f"{word} {money}")
        if "minor units" not in words:
            return self.language.gettext("Type an amount such as 1234.50.")
        if not bounds:
            return self.language.gettext("This amount cannot be paid here.")
        return f"{self.language.gettext('Type an amount')} {' '.join(bounds)}."

    def page_headers(
        self, form_action_hosts: Sequence[str] = (), *, scripts: bool = False
    ) -> dict[str, str]:
        return page_headers(form_action_hosts, scripts=scripts)

    def plain_headers(self) -> dict[str, str]:
        return {"cache-control": "no-store", "referrer-policy": "no-referrer"}

    def json(self, value: Any, status: int = 200) -> Response:
        return Response(
            msgspec.json.encode(value), status, self.plain_headers(), "application/json"
        )

    async def _json_problem(self, error: HandbillError) -> Response:
        reply = problems.render(error, ids.token(), self.addresses, self.clock.now())
        return Response(reply.body, reply.status, reply.headers)

    def _page(self, view: EndPage) -> Response:
        headers = self.page_headers(scripts=view.refresh_seconds is not None)
        if view.http_status == 503:
            headers["retry-after"] = str(Unavailable.retry_after_seconds)
        body = self.renderer.end(view, self.language)
        return asking.html(body, headers, view.http_status)


_END_BY_STATUS = {
    400: "not_found",
    404: "not_found",
    405: "method_not_allowed",
    409: "unavailable",
    413: "not_found",
    415: "not_found",
    422: "stale",
    429: "too_many",
    502: "provider_refused",
    503: "unavailable",
}
