"""The page that tells the truth about one payment, and the page of a payment that the API made."""

from __future__ import annotations

import msgspec
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from handbill.kernel.clock import Instant
from handbill.kernel.errors import Conflict, LinkNotPayable, NotFound
from handbill.merchants.model import MerchantStatus
from handbill.payments import facts, model
from handbill.payments.mark import mark_of
from handbill.payments.order import Order
from handbill.payments.service import PaymentWithAttempt
from handbill.qr.kept import CONTENT_TYPES, Format
from handbill.web.pages import asking, ends, one_payment, showing, standing
from handbill.web.pages.desk import Desk
from handbill.web.pages.headers import PICTURE_POLICY
from handbill.web.pages.language import Language
from handbill.web.pages.one_payment import Read
from handbill.web.pages.onward import led_on, told
from handbill.web.pages.views import ByMail, PayPage, StatusPage


class Statuses:
    """Both addresses carry a token of 128 bits: knowing it is the permission."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._ends = ends.Ends(desk)

    def routes(self) -> list[Route]:
        guard = self._desk.guard
        return [
            Route("/pay/status/{token}", guard(self.show), methods=["GET"]),
            Route("/pay/status/{token}/events", guard(self.events), methods=["GET"]),
            Route("/pay/status/{token}/qr.svg", guard(self.code), methods=["GET"]),
            Route("/pay/status/{token}/qr.png", guard(self.code_to_keep), methods=["GET"]),
            Route("/pay/payment/{token}", guard(self.offer), methods=["GET"]),
            Route("/pay/payment/{token}", guard(self.pay), methods=["POST"]),
        ]

    async def show(self, request: Request) -> Response:
        read = await self.read(request)
        desk = self._desk
        if asking.wants_json(request):
            payment = read.found.payment
            return desk.json({"data": {"id": payment.id, "status": payment.status}})
        language = desk.language_of(request, read.found.payment.lang)
        if _not_begun(read.found, desk.clock.now()):
            page = language.onward(desk.addresses.payment_page(read.found.payment.token))
            return RedirectResponse(page, 303, desk.plain_headers())
        return self.page(read, language)

    def page(
        self, read: Read, language: Language, status: int = 200, by_mail: ByMail | None = None
    ) -> Response:
        """`by_mail`: the form as it comes back with a fault."""
        desk = self._desk
        view = self.view(read, language)
        if view.receipt_url is not None and desk.parts.mail is not None:
            became = read.letter.status if read.letter is not None else None
            form = by_mail or ByMail(became=became.value if became else None)
            view = msgspec.structs.replace(view, by_mail=form)
        looks_again = view.refresh_seconds is not None
        headers = desk.page_headers(language, scripts=looks_again, shown_by=read.merchant)
        return asking.html(desk.renderer.status(view, language), headers, status)

    def view(self, read: Read, language: Language) -> StatusPage:
        desk = self._desk
        mark, now = mark_of(desk.crypto, read.found.payment), desk.clock.now()
        return standing.status_page(
            read.found,
            read.merchant,
            desk.addresses,
            language,
            mark,
            now,
            is_taken=read.is_taken,
            code=read.code,
        )

    async def events(self, request: Request) -> Response:
        """Tells an open page that it is no longer true."""
        desk, token = self._desk, request.path_params["token"]
        payment = (await self.read(request)).found.payment

        async def look() -> dict[str, str]:
            seen = await desk.db.point(lambda tx: one_payment.glance(tx, token))
            return standing.shown(seen.found, desk.clock.now(), is_taken=seen.is_taken)

        network = asking.network(request, desk.crypto)
        return desk.streams.open(facts.topic(payment.id), look, network=network)

    async def code(self, request: Request) -> Response:
        """The QR that the acquirer gave us, drawn by us: no picture of a third party."""
        return await self._picture(request, "svg")

    async def code_to_keep(self, request: Request) -> Response:
        """The same as a file, for a payer whose phone shows the code and is to read it too."""
        answer = await self._picture(request, "png")
        answer.headers["content-disposition"] = 'attachment; filename="payment.png"'
        return answer

    async def _picture(self, request: Request, form: Format) -> Response:
        attempt = (await self.read(request)).found.attempt
        if attempt is None or attempt.qr_payload is None or not attempt.live:
            raise NotFound("There is no code to scan.")
        try:
            picture = await self._desk.codes.picture(attempt.qr_payload, form)
        except ValueError as error:  # an acquirer's text may be longer than any code
            raise NotFound("No code holds this text.") from error
        headers = {**self._desk.plain_headers(), "content-security-policy": PICTURE_POLICY}
        return Response(picture.data, headers=headers, media_type=CONTENT_TYPES[form])

    async def offer(self, request: Request) -> Response:
        read = await self.read(request)
        desk, payment = self._desk, read.found.payment
        if payment.type is not model.PaymentType.PAYMENT:
            raise NotFound("There is no such payment.")
        language = desk.language_of(request, payment.lang)
        if payment.status not in model.OPEN or payment.expires_at <= desk.clock.now():
            page = language.onward(desk.addresses.status_page(payment.token))
            return RedirectResponse(page, 303, desk.plain_headers())
        if end := _end(read):
            if asking.wants_json(request):
                raise LinkNotPayable(end)
            return self._ends.of_payment(payment, read.merchant, end, language)
        # The payment is its own one-shot token: Pay on it can be pressed twice without harm.
        cut = desk.renderer.pay(self._view(read, language), language)
        hosts = desk.page_hosts(read.offered)
        headers = desk.page_headers(language, hosts, shown_by=read.merchant)
        return asking.html(cut.with_token("-"), headers)

    async def pay(self, request: Request) -> Response:
        desk = self._desk
        fields = await asking.form(request)
        order = Order(
            token=request.path_params["token"],
            method=fields.get("method") or None,
            lang=desk.languages.asked(request),
            address=request.client.host if request.client else None,
            network=asking.network(request, desk.crypto),
        )
        try:
            started = await desk.payments.start(desk.db, order)
        except Conflict:
            if asking.wants_json(request):
                raise
            return await self._not_started(request)
        if asking.wants_json(request):
            return told(desk, started)
        return await led_on(desk, started)

    async def _not_started(self, request: Request) -> Response:
        """Its page says how it stands: over, or not yet decided."""
        read = await self.read(request)
        desk, payment = self._desk, read.found.payment
        language = desk.language_of(request, payment.lang)
        if read.merchant.status is MerchantStatus.PAUSED and payment.status in model.OPEN:
            return self._ends.of_payment(payment, read.merchant, "paused", language)
        if read.found.attempt is not None and read.found.attempt.live:
            return self._ends.undecided(read.found, read.merchant, language)
        where = language.onward(desk.addresses.status_page(payment.token))
        return RedirectResponse(where, 303, desk.plain_headers())

    async def read(self, request: Request) -> Read:
        token = request.path_params["token"]
        return await self._desk.db.point(lambda tx: one_payment.read(tx, token))

    def _view(self, read: Read, language: Language) -> PayPage:
        desk = self._desk
        names = tuple(name for name, _ in read.offered)
        view = showing.payment_page(
            read.found.payment, read.merchant, names, desk.addresses, language
        )
        going = standing.unfinished(read.found, desk.addresses, desk.clock.now())
        return msgspec.structs.replace(view, unfinished=going)


def _end(read: Read) -> str | None:
    """Why a payment that is open cannot be paid now."""
    if read.merchant.status is MerchantStatus.PAUSED:
        return "paused"
    return None if read.offered else "not_open_yet"


def _not_begun(found: PaymentWithAttempt, now: Instant) -> bool:
    """Whether it can still be paid and nobody has tried: there is nothing to tell of it yet."""
    payment = found.payment
    return found.attempt is None and payment.status in model.OPEN and now < payment.expires_at
