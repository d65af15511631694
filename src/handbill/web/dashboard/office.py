"""What every page of the dashboard has at hand: the session, the frame, the answers to trouble."""

from __future__ import annotations

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from handbill.infra.database import Tx
from handbill.merchants import service as merchants
from handbill.merchants.model import Identity, Scope
from handbill.web.dashboard import words
from handbill.web.dashboard.views import Frame, Section, TroublePage
from handbill.web.pages.desk import Desk
from handbill.web.pages.rooms import Rooms
from handbill.web.pages.sessions import Access
from handbill.web.pages.showing import seller

HOME = "/dashboard"
ENDED = "?ended"
"""Behind the address of the door: there was a session, or should have been."""


class Office(Rooms):
    def __init__(self, desk: Desk) -> None:
        super().__init__(desk, Access("dashboard", Scope.LINKS), words.ROOMS)

    def around(self, tx: Tx, identity: Identity, section: Section) -> Frame:
        merchant = merchants.get(tx, identity.tenant.merchant_id)
        return Frame(
            home=self.home,
            seller=seller(merchant, self.desk.addresses),
            section=section,
            test=identity.tenant.test,
        )

    def trouble(self, title: str, words: str) -> msgspec.Struct:
        return TroublePage(Frame(home=self.home), title, words)

    def to_the_door(self) -> Response:
        return self.go_to(ENDED)

    def page(
        self, request: Request, name: str, view: msgspec.Struct, status: int = 200
    ) -> Response:
        """A language that is chosen on any page is that of all further ones."""
        response = super().page(request, name, view, status)
        identity, asked = request.scope.get("identity"), self.desk.languages.asked(request)
        if identity is not None and asked not in (None, self.sessions.language(request)):
            self.sessions.open(response, identity, asked)
        return response
