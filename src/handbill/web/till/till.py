"""All addresses of the till."""

from __future__ import annotations

from starlette.routing import Route

from handbill.web.pages.desk import Desk
from handbill.web.pages.key_entry import KeyEntry
from handbill.web.till import words
from handbill.web.till.new_sales import NewSales
from handbill.web.till.places import Places
from handbill.web.till.refunds import Refunds
from handbill.web.till.register import Register
from handbill.web.till.sales import Sales
from handbill.web.till.shell import Shell
from handbill.web.till.views import Frame, SignInPage


class Till:
    def __init__(self, desk: Desk) -> None:
        self._register = Register(desk)

    def routes(self) -> list[Route]:
        register = self._register

        def door(fault: str) -> SignInPage:
            return SignInPage(Frame(home=register.home), fault)

        entry = KeyEntry(register, door, words.REFUSED_KEY)
        return [
            *NewSales(register, entry).routes(),
            *entry.routes(),
            *Sales(register).routes(),
            *Refunds(register).routes(),
            *Places(register).routes(),
            *Shell(register).routes(),
        ]
