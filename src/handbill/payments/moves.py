"""How payments and attempts are stored when they move: the only code that writes a status.

For `service` and `charging` alone: they decide, this stores what was decided, tells it, and leaves
a repeat as it is.
"""

from __future__ import annotations

import msgspec

from handbill.infra import jobs
from handbill.infra.database import Tx
from handbill.kernel import states
from handbill.payments import facts, model, store
from handbill.payments.model import Attempt, AttemptStatus, Payment, PaymentStatus


def advance(tx: Tx, payment: Payment, to: PaymentStatus) -> Payment:
    if states.advance(model.PAYMENT_STATES, payment.status, to):
        if to is PaymentStatus.CANCELLED:  # not by an error, whatever was declined before
            payment = msgspec.structs.replace(payment, error_code=None, error_description=None)
        payment = save_payment(tx, payment, status=to)
        if to in facts.WEBHOOK_STATUSES:
            facts.record(tx, f"payment.{to}", payment)
    return payment


def undo_refund(tx: Tx, payment: Payment, amount_minor: int) -> Payment:
    """A refund that had succeeded has failed. No `payment.charged` is told a second time, or a shop
    would send the goods again: the event of the refund tells it."""
    states.advance(model.PAYMENT_STATES, payment.status, PaymentStatus.CHARGED)
    left = payment.refunded_minor - amount_minor
    return save_payment(tx, payment, status=PaymentStatus.CHARGED, refunded_minor=left)


def move(tx: Tx, attempt: Attempt, to: AttemptStatus, **fields: object) -> Attempt:
    states.advance(model.ATTEMPT_STATES, attempt.status, to)
    return save(tx, attempt, status=to, live=to in model.LIVE, **fields)


def look_back(tx: Tx, attempt: Attempt, looked: int = 0) -> None:
    """The job that asks again about an attempt which has ended, where the acquirer knows it."""
    if attempt.reference is None or attempt.by_hand or looked >= len(model.LOOK_BACK_AFTER):
        return
    payload = {"attempt_id": attempt.id, "merchant_id": attempt.merchant_id, "looked": looked}
    due_at = attempt.updated_at + model.LOOK_BACK_AFTER[looked]
    key = f"{model.LOOK_BACK}:{attempt.id}:{attempt.status}:{looked}"
    jobs.add(tx, model.LOOK_BACK, payload, due_at=due_at, key=key)


def save(tx: Tx, attempt: Attempt, **fields: object) -> Attempt:
    if all(getattr(attempt, name) == value for name, value in fields.items()):
        return attempt  # a repeat
    attempt = msgspec.structs.replace(attempt, updated_at=tx.now, **fields)
    store.save_attempt(tx, attempt)
    facts.announce(tx, attempt.payment_id, attempt.merchant_id)
    return attempt


def save_payment(tx: Tx, payment: Payment, **fields: object) -> Payment:
    payment = msgspec.structs.replace(payment, updated_at=tx.now, **fields)
    store.save(tx, payment)
    facts.announce(tx, payment.id, payment.merchant_id)
    return payment
