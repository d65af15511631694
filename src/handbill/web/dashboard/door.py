"""Into the dashboard: by a key for links alone, until people have passwords."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from handbill.web.dashboard import words
from handbill.web.dashboard.office import ENDED, Office
from handbill.web.dashboard.views import Frame, SignInPage
from handbill.web.pages.key_entry import KeyEntry
from handbill.web.pages.rooms import Handler, PlainHandler


class Door:
    def __init__(self, office: Office) -> None:
        self._office = office
        self._entry = KeyEntry(office, self._view, words.REFUSED_KEY)

    def routes(self) -> list[Route]:
        return self._entry.routes()

    def before(self, handler: Handler) -> PlainHandler:
        """The front room: who has not signed in does so here."""
        office = self._office
        inside = office.guard(handler)

        async def enter(request: Request) -> Response:
            if await office.sessions.read(request) is not None:
                return await inside(request)
            fault = words.ENDED if request.url.query == ENDED.removeprefix("?") else ""
            view = self._view(office.language(request).gettext(fault) if fault else "")
            return office.page(request, "sign_in", view)

        return office.open_to_all(enter)

    def _view(self, fault: str) -> SignInPage:
        return SignInPage(Frame(home=self._office.home), fault)
