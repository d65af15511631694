"""Pages for those who have signed in, at the till and in the dashboard: the session before each of
them, the frame's language, and the answers to trouble."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Mapping

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
from handbill.web.pages.sessions import Access, Sessions

log = structlog.get_logger()

Handler = Callable[[Request, Identity], Awaitable[Response]]
PlainHandler = Callable[[Request], Awaitable[Response]]


class TroubleWords(msgspec.Struct, frozen=True):
    """Why a page cannot be shown, or something was not done."""

    title: str
    words: str


class RoomWords(msgspec.Struct, frozen=True):
    """What is said of trouble: by HTTP status, and where the status alone says too little."""

    troubles: Mapping[int, TroubleWords]
    broken: TroubleWords
    paused: str
    foreign: str


class Rooms(ABC):
    """The rooms behind one door; `access` says which key opens it, `home` is their address."""

    def __init__(self, desk: Desk, access: Access, words: RoomWords) -> None:
        self.desk = desk
        self.db, self.clock, self.crypto = desk.db, desk.clock, desk.crypto
        self.path = f"/{access.name}"
        self.home = desk.addresses.door(access.name)
        self.sessions = Sessions(access, desk.db, desk.crypto, desk.clock, desk.addresses)
        self._templates = access.name
        self._words = words

    @abstractmethod
    def trouble(self, title: str, words: str) -> msgspec.Struct:
        """The view of the template `trouble`."""

    def headers(self) -> dict[str, str]:
        """As for other pages; and a browser may tell our own forms from others: under
        `no-referrer` it would send them with the origin `null`."""
        return {**page_headers(scripts=True), "referrer-policy": "same-origin"}

    def guard(self, handler: Handler) -> PlainHandler:
        """For those who have signed in, and for forms of our own pages alone."""

        async def behind_the_door(request: Request) -> Response:
            identity = await self.sessions.read(request)
            if identity is None:
                raise Unauthorized("Nobody has signed in in this browser.")
            request.scope["identity"] = identity
            if identity.paused:
                raise Forbidden("The merchant is paused.", code="merchant_paused")
            return await handler(request, identity)

        return self.open_to_all(behind_the_door)

    def open_to_all(self, handler: PlainHandler) -> PlainHandler:
        async def guarded(request: Request) -> Response:
            try:
                if request.method == "POST":
                    self.sessions.check_origin(request)
                return await handler(request)
            except HandbillError as error:
                return self._trouble(request, error)
            except Exception as error:
                log.exception("page_broken", page=handler.__qualname__)
                return self._trouble(request, HandbillError(str(error), code=problems.INTERNAL))

        return guarded

    def language(self, request: Request) -> Language:
        """The one that was chosen, or else the browser's."""
        return self.desk.language_of(request, self.sessions.language(request))

    def page(
        self, request: Request, name: str, view: msgspec.Struct, status: int = 200
    ) -> Response:
        """`name` is that of a template of these rooms."""
        template = f"{self._templates}/{name}.html"
        body = self.desk.renderer.render(template, view, self.language(request))
        return asking.html(body, self.headers(), status)

    def go_to(self, path: str = "") -> Response:
        return RedirectResponse(self.home + path, 303, self.desk.plain_headers())

    def to_the_door(self) -> Response:
        """For whoever has not signed in, or not any more."""
        return self.go_to()

    def _trouble(self, request: Request, error: HandbillError) -> Response:
        if isinstance(error, Unauthorized):
            return self.to_the_door()
        status = problems.status_for(error)
        said = self._words.troubles.get(status, self._words.broken)
        language = self.language(request)
        text = language.gettext(said.words)
        if error.code == "merchant_paused":
            text = language.gettext(self._words.paused)
        elif error.code == "foreign_origin":
            text = language.gettext(self._words.foreign) % {"address": self.home}
        view = self.trouble(language.gettext(said.title), text)
        response = self.page(request, "trouble", view, status)
        if (seconds := getattr(error, "retry_after_seconds", None)) is not None:
            response.headers["retry-after"] = str(seconds)
        return response
