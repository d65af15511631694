"""Money back at the till: a sum, and the PIN that allows it. The key of a till could not."""

from __future__ import annotations

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from handbill.infra.database import Tx
from handbill.kernel import ids
from handbill.kernel.clock import HOUR, MINUTE, Instant
from handbill.kernel.errors import Invalid, NotRefundable
from handbill.kernel.money import parse_typed
from handbill.merchants import tills
from handbill.merchants.model import Identity
from handbill.payments import refunding, selling
from handbill.payments import refunds as sending
from handbill.payments.model import Payment
from handbill.web.pages import asking, showing
from handbill.web.pages.language import Language
from handbill.web.till import words
from handbill.web.till.register import HOME, Register
from handbill.web.till.tickets import Tickets
from handbill.web.till.views import About, RefundPage


class Refused(msgspec.Struct, frozen=True):
    """Why nothing was given back, what of the form it is about, and with which HTTP status."""

    fault: str
    status: int
    about: About = ""


class Refunds:
    def __init__(self, register: Register) -> None:
        self._register = register
        self._tickets = Tickets(register.crypto, register.clock, "till.refund", HOUR)
        self._sending = sending.Refunds(register.desk.acquirers)

    def routes(self) -> list[Route]:
        guard, path = self._register.guard, f"{HOME}/sales/{{id}}/refund"
        return [
            Route(path, guard(self.ask), methods=["GET"]),
            Route(path, guard(self.give_back), methods=["POST"]),
        ]

    async def ask(self, request: Request, identity: Identity) -> Response:
        return await self._page(request, identity)

    async def give_back(self, request: Request, identity: Identity) -> Response:
        """Pressed twice, it is one refund: the ticket of the page names it."""
        register, sale_id = self._register, request.path_params["id"]
        fields = await asking.form(request)
        sale = await register.db.point(lambda tx: selling.get(tx, identity.tenant, sale_id))
        given = await self._given(identity, sale.payment, fields, register.language(request))
        if isinstance(given, Refused):
            return await self._page(request, identity, fields, given)
        await self._sending.send(register.db, given)
        return register.go_to(f"/sales/{sale.payment.id}")

    async def _given(
        self, identity: Identity, payment: Payment, fields: dict[str, str], language: Language
    ) -> str | Refused:
        """The id of the refund that is to be sent."""
        register = self._register
        refund_id = self._tickets.read(fields.get("ticket"), payment.id)
        if refund_id is None:
            return Refused(language.gettext(words.STALE), 409)
        typed, pin = fields.get("amount", "").strip(), fields.get("pin", "")
        amount = parse_typed(typed, payment.currency)
        if amount is None:
            return Refused(showing.unreadable_amount(payment.currency, language), 422, "amount")
        asked = selling.Returning(payment.id, amount, refund_id)
        try:
            given = await register.db.write(
                lambda tx: selling.give_back(tx, register.crypto, identity.tenant, asked, pin),
                merchant=identity.tenant.merchant_id,
            )
        except NotRefundable as error:
            why = words.BY_HAND if error.code == refunding.REFUND_BY_HAND else words.NOT_REFUNDABLE
            return Refused(language.gettext(why), 409)
        except Invalid:
            left = await register.db.point(lambda tx: selling.left(tx, payment))
            fault = language.gettext(words.NOT_LEFT) % {"most": language.money(left)}
            return Refused(fault, 422, "amount")
        if given.refund is None:
            return _refused(given.check, language, register.clock.now())
        return given.refund.id

    async def _page(
        self,
        request: Request,
        identity: Identity,
        fields: dict[str, str] | None = None,
        refused: Refused | None = None,
    ) -> Response:
        register, language = self._register, self._register.language(request)
        sale_id = request.path_params["id"]

        def read(tx: Tx) -> RefundPage:
            sale = selling.get(tx, identity.tenant, sale_id)
            frame = register.frames.around(tx, identity, "sales", language)
            left = selling.left(tx, sale.payment)
            return RefundPage(
                frame=frame,
                sale=register.frames.listed(tx, sale, language),
                ticket=self._tickets.issue(sale.payment.id, ids.new_id(tx.now)),
                left=left,
                has_pin=tills.get(tx, identity.tenant).pin_hash is not None,
                typed=(fields or {}).get("amount", language.plain_number(left))[:40],
                fault=refused.fault if refused else "",
                about=refused.about if refused else "",
            )

        view = await register.db.read(read)
        return register.page(request, "refund", view, refused.status if refused else 200)


def _refused(check: tills.PinCheck, language: Language, now: Instant) -> Refused:
    if check.verdict is tills.PinVerdict.UNSET:
        return Refused(language.gettext(words.NO_PIN), 409, "pin")
    if check.verdict is tills.PinVerdict.WRONG:
        said = language.ngettext(
            "The PIN was wrong. %(num)d try is left.",
            "The PIN was wrong. %(num)d tries are left.",
            check.tries_left,
        )
        return Refused(said % {"num": check.tries_left}, 403, "pin")
    minutes = -(-((check.free_at or now) - now) // MINUTE)
    said = language.ngettext(
        "Too many wrong PINs. Refunds are locked for %(num)d minute.",
        "Too many wrong PINs. Refunds are locked for %(num)d minutes.",
        minutes,
    )
    return Refused(said % {"num": minutes}, 429, "pin")
