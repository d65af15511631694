"""What a payer takes along: the receipt as a file, and by e-mail where a mail server is set."""

from __future__ import annotations

import re
from functools import partial

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from handbill.kernel.errors import Invalid, NotFound, TooMany
from handbill.payments import letters, model
from handbill.web.pages import asking, paper
from handbill.web.pages.desk import Desk
from handbill.web.pages.language import english
from handbill.web.pages.receipt import receipt_of
from handbill.web.pages.statuses import Statuses
from handbill.web.pages.views import ByMail

_NOT_IN_A_NAME = re.compile(r"[^0-9A-Za-z._-]+")
NAME_MAX = 60


class Receipts:
    """Of payments that were charged, also where the money has gone back since: others have none."""

    def __init__(self, desk: Desk, statuses: Statuses) -> None:
        self._desk = desk
        self._statuses = statuses

    def routes(self) -> list[Route]:
        guard = self._desk.guard
        return [
            Route("/pay/status/{token}/receipt.pdf", guard(self.file), methods=["GET"]),
            Route("/pay/status/{token}/receipt", guard(self.ask), methods=["POST"]),
        ]

    async def file(self, request: Request) -> Response:
        desk, read = self._desk, await self._statuses.read(request)
        payment = read.found.payment
        if payment.status not in model.PAID:
            raise NotFound("There is no receipt yet.")
        language = desk.language_of(request, payment.lang)
        editions = [
            (receipt_of(self._statuses.view(read, one), one, plain=plain), one)
            for one, plain in ((language, False), (english(), True))
        ]
        made = await paper.receipt_pdf(
            desk.parts.press, editions, payment.charged_at or payment.updated_at
        )
        name = _NOT_IN_A_NAME.sub("-", payment.txid)[:NAME_MAX]
        headers = {
            **desk.plain_headers(),
            "content-disposition": f'attachment; filename="receipt-{name}.pdf"',
        }
        return Response(made, headers=headers, media_type="application/pdf")

    async def ask(self, request: Request) -> Response:
        """By e-mail. The answer comes at once: a job sends the letter."""
        desk, statuses = self._desk, self._statuses
        read = await statuses.read(request)
        payment = read.found.payment
        if desk.parts.mail is None or payment.status not in model.PAID:
            raise NotFound("No receipt is sent from here.")
        email = (await asking.form(request)).get("email", "").strip()
        language = desk.language_of(request, payment.lang)
        ask = partial(letters.ask, payment=payment, email=email, lang=language.code)
        try:
            await desk.db.write(ask, merchant=payment.merchant_id)
        except Invalid:
            fault = language.gettext("Type an e-mail address such as anna@example.com.")
            return statuses.page(read, language, 422, ByMail(email, fault))
        except TooMany as error:
            fault = language.gettext("One letter a minute is sent, and three about one payment.")
            response = statuses.page(read, language, 429, ByMail(email, fault))
            response.headers["retry-after"] = str(error.retry_after_seconds)
            return response
        page = language.onward(desk.addresses.status_page(payment.token))
        return RedirectResponse(f"{page}#receipt", 303, desk.plain_headers())
