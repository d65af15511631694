"""Money came: it is the merchant's, or surplus, or does not fit and is for a person to judge.

Recorded in any case, however late it comes. Called by `service.apply` alone.
"""

from __future__ import annotations

import msgspec

from handbill.infra import jobs
from handbill.infra.database import Tx
from handbill.kernel.money import Money
from handbill.ledger import book, recipes
from handbill.links import service as links
from handbill.merchants import service as merchants
from handbill.merchants.fees import derive
from handbill.payments import facts, model, moves, store
from handbill.payments.model import Attempt, AttemptStatus, Payment, PaymentStatus
from handbill.providers.contract import Charged


def charge(tx: Tx, attempt: Attempt, payment: Payment, outcome: Charged) -> tuple[Attempt, Payment]:
    if attempt.status is AttemptStatus.CHARGED:
        return attempt, payment
    if outcome.amount != attempt.amount or outcome.attempt_id not in (None, attempt.id):
        return _review(tx, attempt, payment, outcome), payment
    was_live = attempt.live
    attempt = moves.move(
        tx,
        attempt,
        AttemptStatus.CHARGED,
        reference=outcome.reference,
        fee_minor=outcome.fee.minor if outcome.fee else None,
        error_code=None,
        error_description=None,
    )
    if payment.status in (PaymentStatus.CHARGED, PaymentStatus.REFUNDED):
        payment = moves.save_payment(tx, payment, surplus=True)
        book.post(tx, recipes.surplus(_money(payment, attempt)))
        facts.record(tx, "payment.surplus", payment)
        return attempt, payment
    rule = merchants.get(tx, payment.merchant_id).fee_rule
    amount = Money(payment.amount_minor, payment.currency)
    payment = msgspec.structs.replace(
        payment,
        amount_dest_minor=derive(rule, amount).dest,
        charged_at=tx.now,
        late=payment.status not in model.OPEN,
        method=attempt.method,
        provider=attempt.provider,
        error_code=None,
        error_description=None,
    )
    if payment.link_id is not None and not links.count_payment(tx, payment.link_id, payment.id):
        payment = msgspec.structs.replace(payment, surplus=True)
    payment = moves.advance(tx, payment, PaymentStatus.CHARGED)
    book.post(tx, recipes.charged(_money(payment, attempt)))
    if payment.surplus:
        facts.record(tx, "payment.surplus", payment)
    if not was_live:
        _end_another(tx, payment)
    return attempt, payment


def _money(payment: Payment, attempt: Attempt) -> recipes.Charge:
    """The charge of an attempt, as the books take it."""
    return recipes.Charge(
        merchant_id=payment.merchant_id,
        test=payment.test,
        attempt_id=attempt.id,
        provider=attempt.provider,
        amount=payment.amount_minor,
        with_fee=payment.amount_with_fee_minor,
        dest=payment.amount_dest_minor,
        currency=payment.currency,
    )


def _review(tx: Tx, attempt: Attempt, payment: Payment, outcome: Charged) -> Attempt:
    """Money that does not fit what was asked: recorded, judged by a person, never guessed."""
    if attempt.error_code == model.REVIEW:
        return attempt
    attempt = moves.save(tx, attempt, error_code=model.REVIEW, reference=outcome.reference)
    received = {"amount": outcome.amount.minor, "currency": outcome.amount.currency}
    facts.record(tx, "payment.review", payment, more={"received": received})
    return attempt


def _end_another(tx: Tx, payment: Payment) -> None:
    """Paid by an attempt that had ended: the one that took its place is to end, before it is paid
    too."""
    other = store.latest_attempt(tx, payment.id)
    if other is not None and other.live:
        payload = {"attempt_id": other.id, "merchant_id": other.merchant_id, "asked": 0}
        key = f"{model.RECONCILE}:{other.id}:paid"
        jobs.add(tx, model.RECONCILE, payload, due_at=tx.now, key=key)
