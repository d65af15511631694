"""What every page of the till has at hand: the session, the frame, and the answers to trouble."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import msgspec
import structlog
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from handbill.kernel.errors import Forbidden, HandbillError, Unauthorized
from handbill.merchants.model import Identity
from handbill.web import problems
from handbill.web.pages import asking
from handbill.web.pages.desk import Desk
from handbill.web.pages.headers import page_headers
from handbill.web.pages.language import Language
from handbill.web.till import words
from handbill.web.till.frames import Frames
from handbill.web.till.sessions import Sessions
from handbill.web.till.views import Frame, TroublePage

log = structlog.get_logger()

Handler = Callable[[Request, Identity], Awaitable[Response]]
PlainHandler = Callable[[Request], Awaitable[Response]]

HOME = "/till"


class Register:
    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.db, self.clock, self.crypto = desk.db, desk.clock, desk.crypto
        self.home = desk.addresses.till()
        self.frames = Frames(desk)
        self.sessions = Sessions(desk.db, desk.crypto, desk.clock, desk.addresses)

    def guard(self, handler: Handler) -> PlainHandler:
        """For those who have signed in, and for forms of our own pages alone."""

        async def of_till(request: Request) -> Response:
            identity = await self.sessions.read(request)
            if identity is None:
                raise Unauthorized("No till is open in this browser.")
            request.scope["identity"] = identity
            if identity.paused:
                raise Forbidden("The merchant is paused.", code="merchant_paused")
            return await handler(request, identity)

        return self.open_to_all(of_till)

    def open_to_all(self, handler: PlainHandler) -> PlainHandler:
        async def guarded(request: Request) -> Response:
            try:
                if request.method == "POST":
                    self.sessions.check_origin(request)
                return await handler(request)
            except HandbillError as error:
                return self._trouble(request, error)
            except Exception as error:
                log.exception("till_broken", page=handler.__qualname__)
                return self._trouble(request, HandbillError(str(error), code=problems.INTERNAL))

        return guarded

    def language(self, request: Request) -> Language:
        """The one that was chosen at the door, or else the browser's."""
        return self.desk.language_of(request, self.sessions.language(request))

    def page(
        self, request: Request, name: str, view: msgspec.Struct, status: int = 200
    ) -> Response:
        """`name` is that of a template of the till."""
        body = self.desk.renderer.render(f"till/{name}.html", view, self.language(request))
        return asking.html(body, till_headers(), status)

    def go_to(self, path: str = "") -> Response:
        return RedirectResponse(self.home + path, 303, self.desk.plain_headers())

    def _trouble(self, request: Request, error: HandbillError) -> Response:
        if isinstance(error, Unauthorized):
            return self.go_to()
        status = problems.status_for(error)
        said, language = words.TROUBLES.get(status, words.BROKEN), self.language(request)
        text = language.gettext(said.words)
        if error.code == "merchant_paused":
            text = language.gettext(words.PAUSED)
        elif error.code == "foreign_origin":
            text = language.gettext(words.FOREIGN) % {"address": self.home}
        view = TroublePage(Frame(home=self.home), language.gettext(said.title), text)
        response = self.page(request, "trouble", view, status)
        if (seconds := getattr(error, "retry_after_seconds", None)) is not None:
            response.headers["retry-after"] = str(seconds)
        return response


def till_headers() -> dict[str, str]:
    """As for other pages; and a browser may keep the shell, and tell our own forms from others:
    under `no-referrer` it would send them with the origin `null`."""
    headers = page_headers(scripts=True)
    headers["content-security-policy"] += "; worker-src 'self'; manifest-src 'self'"
    return {**headers, "referrer-policy": "same-origin"}
