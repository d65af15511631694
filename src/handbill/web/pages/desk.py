"""What every page handler has at hand, and the answers that they share: ends, problems, headers."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import msgspec
import structlog
from starlette.requests import Request
from starlette.responses import Response

from handbill.infra import tracing
from handbill.kernel.errors import Blocked, HandbillError, LinkNotPayable, NotFound
from handbill.links.offer import Offer
from handbill.merchants.model import Account, Merchant
from handbill.payments import model, service
from handbill.qr.kept import Codes
from handbill.web import problems
from handbill.web.pages import asking, languages, live, showing
from handbill.web.pages.assets import Assets
from handbill.web.pages.headers import page_headers
from handbill.web.pages.language import Language, in_language
from handbill.web.pages.render import Renderer, blocked_page, end_page, taken_page
from handbill.web.pages.views import EndPage
from handbill.web.parts import Parts

log = structlog.get_logger()

Handler = Callable[[Request], Awaitable[Response]]

PAID = frozenset({model.PaymentStatus.CHARGED, model.PaymentStatus.REFUNDED})


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
            response = self._page(blocked_page(error.retry_after_seconds, language), language)
        else:
            state = _END_BY_STATUS.get(status, "server_error")
            response = self.end_by_name(state, language, status)
        if seconds is not None:
            response.headers["retry-after"] = str(seconds)
        return response

    def end(
        self,
        offer: Offer,
        mine: service.PaymentWithAttempt | None,
        state: str,
        language: Language,
    ) -> Response:
        """Why this payer cannot pay now, in the words of the end state; what they themselves did
        here comes before it."""
        link, known = offer.link, self._known(offer, language)
        if mine is not None and (own := _own_end(mine)):
            known["button_url"] = language.onward(self.addresses.status_page(mine.payment.token))
            return self._page(end_page(own, language, **known), language, offer.merchant)
        if state == "taken":
            known["button_url"] = language.onward(showing.address_of(offer, self.addresses))
            if link.max_payments != 1:
                known["words"] = language.gettext(
                    "The places that are left are all being paid for right now. "
                    "You have not been charged."
                )
            seconds = showing.seconds_until(offer.free_at, self.clock.now())
            return self._page(taken_page(seconds, language, **known), language, offer.merchant)
        if link.closed_message and state in ("closed", "expired", "used", "full", "paused"):
            known["words"] = link.closed_message
        if offer.is_over:
            known["ask_url"] = in_language(self.addresses.link_ask(link.id), language.code)
        return self._page(end_page(state, language, **known), language, offer.merchant)

    def words_about(self, offer: Offer, state: str, language: Language) -> Response:
        """An answer to a payer who wanted something else of a link than to pay it."""
        view = end_page(state, language, **self._known(offer, language))
        return self._page(view, language, offer.merchant)

    def end_by_name(self, state: str, language: Language, status: int | None = None) -> Response:
        view = end_page(state, language)
        if status is not None:
            view = msgspec.structs.replace(view, http_status=status)
        return self._page(view, language)

    def undecided(self, mine: service.PaymentWithAttempt, language: Language) -> Response:
        """An earlier attempt of this payer could not be ended yet, so no other was begun."""
        url = language.onward(self.addresses.status_page(mine.payment.token))
        view = end_page("undecided", language, button_url=url, test=mine.payment.test)
        return self._page(view, language)

    def stale(self, page_url: str, language: Language) -> Response:
        """The token is old, used up elsewhere or not ours: nothing was started."""
        url = language.onward(page_url)
        return self._page(end_page("stale", language, button_url=url), language)

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

    def _known(self, offer: Offer, language: Language) -> dict[str, Any]:
        return {
            "seller": showing.seller(offer.merchant, self.addresses),
            "what": showing.title_of(offer, language),
            "test": offer.link.test,
        }

    def _page(
        self, view: EndPage, language: Language, shown_by: Merchant | None = None
    ) -> Response:
        looks_again = view.refresh_seconds is not None
        headers = self.page_headers(language, scripts=looks_again, shown_by=shown_by)
        body = self.renderer.end(view, language)
        return asking.html(body, headers, view.http_status)


def _own_end(mine: service.PaymentWithAttempt) -> str | None:
    """What this payer has done here already, if it is more than the link's own end."""
    if mine.payment.status in PAID:
        return "paid_by_you"
    return "begun_by_you" if mine.attempt is not None and mine.attempt.live else None


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
