"""Receipts by e-mail: asked for on the page of a payment, sent by a job.

The address is kept in a row of `payers` of its own until the letter has left, and then deleted with
it; a letter's row holds none.
"""

from __future__ import annotations

from enum import StrEnum

import msgspec

from handbill.infra import jobs
from handbill.infra.database import Tx
from handbill.infra.jobs import Job
from handbill.kernel import ids
from handbill.kernel.clock import DAY, MINUTE, SECOND, Instant
from handbill.kernel.errors import Invalid, TooMany
from handbill.kernel.mailboxes import is_mailbox
from handbill.payments import payers
from handbill.payments.model import Customer, Payment

SEND = "payments.send_receipt"
"""The kind of job that sends one."""
LETTERS_MAX = 3
"""Of one payment: nobody fills another's mailbox by it."""
PAUSE = MINUTE
GIVE_UP_AFTER = DAY

_LETTER = "SELECT id, payment_id, payer_id, lang, status, created_at FROM receipt_letters"


class LetterStatus(StrEnum):
    WAITING = "waiting"
    SENT = "sent"
    FAILED = "failed"


class ReceiptLetter(msgspec.Struct, frozen=True):
    """`payer_id`: the row that holds the address; None once it was deleted."""

    id: str
    payment_id: str
    payer_id: str | None
    lang: str
    status: LetterStatus
    created_at: Instant


def ask(tx: Tx, payment: Payment, email: str, lang: str) -> None:
    """Under the merchant's lock. Raises Invalid for what is no address, TooMany over the limits."""
    if not is_mailbox(email):
        raise Invalid({"email": ["must be an e-mail address"]})
    earlier = _of_payment(tx, payment.id)
    if len(earlier) >= LETTERS_MAX:
        words = "No more letters are sent about this payment."
        raise TooMany(words, retry_after_seconds=DAY // SECOND)
    if earlier and tx.now - earlier[-1].created_at < PAUSE:
        raise TooMany("A letter was asked for a moment ago.", retry_after_seconds=PAUSE // SECOND)
    letter_id = ids.new_id(tx.now)
    tx.later(
        "INSERT INTO receipt_letters (id, payment_id, payer_id, lang, status, created_at)"
        " VALUES (:id, :payment_id, :payer_id, :lang, :status, :now)",
        id=letter_id,
        payment_id=payment.id,
        payer_id=payers.add(tx, payment.tenant, Customer(email=email)),
        lang=lang,
        status=LetterStatus.WAITING,
        now=tx.now,
    )
    jobs.add(tx, SEND, {"letter": letter_id}, due_at=tx.now)


def get(tx: Tx, letter_id: str) -> ReceiptLetter:
    return tx.get(ReceiptLetter, f"{_LETTER} WHERE id = :id", id=letter_id)


def latest(tx: Tx, payment_id: str) -> ReceiptLetter | None:
    letters = _of_payment(tx, payment_id)
    return letters[-1] if letters else None


def forget(tx: Tx, payment_id: str) -> None:
    """Letters that still wait have nobody to go to."""
    for letter in _of_payment(tx, payment_id):
        if letter.payer_id is not None:
            payers.erase(tx, letter.payer_id)


def end(tx: Tx, job: Job, letter: ReceiptLetter, status: LetterStatus) -> None:
    """It has left, or never will: the address goes, and the job ends. Raises LeaseLost."""
    tx.run(
        "UPDATE receipt_letters SET status = :status, payer_id = NULL WHERE id = :id",
        status=status,
        id=letter.id,
    )
    if letter.payer_id is not None:
        payers.delete(tx, letter.payer_id)
    jobs.finish(tx, job)


def _of_payment(tx: Tx, payment_id: str) -> list[ReceiptLetter]:
    """The oldest first."""
    return tx.all(
        ReceiptLetter,
        f"{_LETTER} WHERE payment_id = :payment_id ORDER BY created_at, id",
        payment_id=payment_id,
    )
