"""The job that sends a receipt by e-mail, and the words of the letter.

Goes on for a day where the mail server is away; then, and where the address is refused, it is over
and the page of the payment says so.
"""

from __future__ import annotations

import msgspec
import structlog

from handbill.infra.database import Database, Tx
from handbill.infra.jobs import Job
from handbill.infra.mail import Letter, LetterDelayed, LetterRefused
from handbill.kernel.errors import Unavailable
from handbill.kernel.languages import DEFAULT
from handbill.merchants import service as merchants
from handbill.merchants.model import Merchant
from handbill.payments import letters, payers, service, store
from handbill.payments.letters import LetterStatus, ReceiptLetter
from handbill.payments.mark import mark_of
from handbill.payments.service import PaymentWithAttempt
from handbill.web.pages import standing
from handbill.web.pages.desk import Desk
from handbill.web.pages.language import speak
from handbill.web.pages.receipt import receipt_of
from handbill.web.pages.words import N_

CLOSING = N_("Somebody asked for this letter on the page of the payment.")

log = structlog.get_logger()


class _Wanted(msgspec.Struct, frozen=True):
    """`email` None: whoever asked was erased meanwhile."""

    letter: ReceiptLetter
    email: str | None
    found: PaymentWithAttempt
    merchant: Merchant


class ReceiptLetters:
    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def send(self, db: Database, job: Job) -> None:
        """The handler of `letters.SEND`."""
        wanted = await db.read(lambda tx: _wanted(tx, job.payload["letter"]))
        status = await self._send(wanted)
        await db.write(
            lambda tx: letters.end(tx, job, wanted.letter, status),
            merchant=wanted.found.payment.merchant_id,
        )

    async def _send(self, wanted: _Wanted) -> LetterStatus:
        mail = self._desk.parts.mail
        if mail is None or wanted.email is None:
            return LetterStatus.FAILED
        try:
            await mail.send(self._letter(wanted, wanted.email))
        except LetterRefused as error:
            log.info("receipt_not_sent", letter=wanted.letter.id, error=str(error))
            return LetterStatus.FAILED
        except LetterDelayed as error:
            if self._desk.clock.now() - wanted.letter.created_at < letters.GIVE_UP_AFTER:
                raise Unavailable(str(error)) from None
            log.warning("receipt_given_up", letter=wanted.letter.id, error=str(error))
            return LetterStatus.FAILED
        return LetterStatus.SENT

    def _letter(self, wanted: _Wanted, email: str) -> Letter:
        desk, payment = self._desk, wanted.found.payment
        language = speak(desk.languages.spoken(wanted.letter.lang) or DEFAULT)
        mark, now = mark_of(desk.crypto, payment), desk.clock.now()
        view = standing.status_page(
            wanted.found, wanted.merchant, desk.addresses, language, mark, now
        )
        receipt = receipt_of(view, language)
        return Letter(
            key=wanted.letter.id,
            to=email,
            subject=f"{receipt.title} · {receipt.seller}",
            text=receipt.text(language.gettext(CLOSING)),
            html=desk.renderer.render("letter.html", receipt, language).decode(),
            from_name=receipt.seller,
        )


def _wanted(tx: Tx, letter_id: str) -> _Wanted:
    letter = letters.get(tx, letter_id)
    payment = store.get(tx, letter.payment_id)
    return _Wanted(
        letter,
        payers.customer(tx, letter.payer_id).email,
        service.by_token(tx, payment.token),
        merchants.get(tx, payment.merchant_id),
    )
