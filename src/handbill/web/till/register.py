"""What every page of the till has at hand: the session, the frame, and the answers to trouble."""

from __future__ import annotations

import msgspec

from handbill.merchants.model import Scope
from handbill.web.pages.desk import Desk
from handbill.web.pages.rooms import Rooms
from handbill.web.pages.sessions import Access
from handbill.web.till import words
from handbill.web.till.frames import Frames
from handbill.web.till.views import Frame, TroublePage

HOME = "/till"


class Register(Rooms):
    def __init__(self, desk: Desk) -> None:
        super().__init__(desk, Access("till", Scope.TILL), words.ROOMS)
        self.frames = Frames(desk)

    def trouble(self, title: str, words: str) -> msgspec.Struct:
        return TroublePage(Frame(home=self.home), title, words)

    def headers(self) -> dict[str, str]:
        """A browser may also keep the shell."""
        headers = super().headers()
        headers["content-security-policy"] += "; worker-src 'self'; manifest-src 'self'"
        return headers
