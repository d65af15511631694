"""Decides about refunds, as `service` does about payments: who may have one, what an answer means.

Runs under the merchant's lock, in one transaction with events and books. The sum of live refunds
never exceeds what was charged, because both are read and written under that lock.
"""

from __future__ import annotations

import msgspec
import structlog

from handbill.infra import jobs
from handbill.infra.database import Tx
from handbill.kernel import ids, states
from handbill.kernel.clock import SECOND
from handbill.kernel.errors import Invalid, NotRefundable
from handbill.ledger import book, recipes
from handbill.payments import facts, model, moves, refund_store, store
from handbill.payments.model import Attempt, Payment, PaymentStatus, Standing
from handbill.payments.refund import (
    REFUND_STATES,
    UNDECIDED,
    Refund,
    RefundStatus,
    left_of,
    with_fee_of,
)
from handbill.providers.contract import (
    RefundFailed,
    RefundOutcome,
    RefundPending,
    RefundSucceeded,
)

REFUND = "payments.refund"
"""The kind of job that asks about a refund, and sends it again with the same key."""
ASK_AFTER = 30 * SECOND
"""Longer than a request to an acquirer may take: who asked for the refund is sending it."""
REASON_MAX = 500
REFUND_BY_HAND = "refund_by_hand"
"""Code of the refusal to send back what only a person can."""
_BY_HAND = (
    "A bank transfer cannot be sent back from here. Send the money back from your bank, then record"
    " that you did: by_hand."
)
_NOT_BY_HAND = "The acquirer sends this back itself: leave out by_hand."

log = structlog.get_logger()


def open_refund(
    tx: Tx,
    payment: Payment,
    amount_minor: int | None,
    reason: str | None,
    *,
    at_once: bool = False,
    refund_id: str | None = None,
    by_hand: bool = False,
) -> Refund:
    """A refund of the charge that pays the payment, stored before anybody is asked for it. No
    amount: all that is left. `at_once`: nobody is sending it, so its job does. `refund_id`: its
    caller has named it, and knows a repeat by that. `by_hand`: a person has sent the money back,
    which is done already; of a bank transfer nobody else can.

    Raises NotRefundable, and Invalid where it is more than what is left.
    """
    attempt = store.kept_attempt(tx, payment.id)
    if payment.status is not PaymentStatus.CHARGED or attempt is None:
        words = "all of it was refunded" if payment.status is PaymentStatus.REFUNDED else "not paid"
        raise NotRefundable(f"There is nothing to refund: {words}.")
    check_hand(by_hand, attempt.by_hand)
    refunds = refund_store.of_payment(tx, payment.id)
    left = left_of(payment, refunds)
    if left == 0:
        raise NotRefundable("There is nothing to refund: the rest is on its way back.")
    if len(refunds) >= refund_store.REFUNDS_MAX:
        raise NotRefundable(f"A payment has at most {refund_store.REFUNDS_MAX} refunds.")
    amount = left if amount_minor is None else amount_minor
    if not 1 <= amount <= left:
        raise Invalid({"amount": [f"must be from 1 to {left}, which is what is left"]})
    with_fee = with_fee_of(payment, refunds, amount)
    return _open(
        tx, payment, attempt, amount, with_fee, reason, at_once=at_once, refund_id=refund_id
    )


def check_hand(said: bool, needed: bool) -> None:
    """Raises NotRefundable where only a person can send the money back and has not said that they
    did, or said it of money that an acquirer sends."""
    if needed and not said:
        raise NotRefundable(_BY_HAND, code=REFUND_BY_HAND)
    if said and not needed:
        raise NotRefundable(_NOT_BY_HAND)


def give_back(tx: Tx, payment: Payment, attempt: Attempt) -> Refund:
    """A refund of everything that came with a charge that does not pay the payment. Of a bank
    transfer it says that a person has sent it back."""
    minor = attempt.received_minor or attempt.amount_minor
    return _open(tx, payment, attempt, minor, minor, None, at_once=True)


def apply(tx: Tx, refund_id: str, outcome: RefundOutcome) -> Refund:
    """Takes in what the acquirer says of a refund. A repeat changes nothing."""
    refund = refund_store.get(tx, refund_id)
    match outcome:
        case RefundPending():
            if refund.status is RefundStatus.REQUESTED:
                refund = _move(tx, refund, RefundStatus.PENDING, reference=outcome.reference)
        case RefundSucceeded() if not _fits(refund, outcome):
            refund = _doubt(tx, refund, outcome)
        case RefundSucceeded():
            refund = _succeed(tx, refund, outcome)
        case RefundFailed():
            refund = _fail(tx, refund, outcome)
    return refund


def _open(
    tx: Tx,
    payment: Payment,
    attempt: Attempt,
    amount: int,
    with_fee: int,
    reason: str | None,
    *,
    at_once: bool,
    refund_id: str | None = None,
) -> Refund:
    refund = Refund(
        id=refund_id or ids.new_id(tx.now),
        payment_id=payment.id,
        attempt_id=attempt.id,
        merchant_id=payment.merchant_id,
        test=payment.test,
        status=RefundStatus.REQUESTED,
        standing=attempt.standing or Standing.KEPT,
        amount_minor=amount,
        with_fee_minor=with_fee,
        currency=attempt.received_currency or attempt.currency,
        reason=reason,
        reference=None,
        error_code=None,
        error_description=None,
        created_at=tx.now,
        updated_at=tx.now,
    )
    refund_store.add(tx, refund)
    facts.record_refund(tx, "refund.requested", refund, first=True)
    if attempt.by_hand:
        return apply(tx, refund.id, RefundSucceeded(refund.id, refund.with_fee))
    payload = {"refund_id": refund.id, "merchant_id": refund.merchant_id, "asked": 0}
    due_at = tx.now if at_once else tx.now + ASK_AFTER
    jobs.add(tx, REFUND, payload, due_at=due_at, key=refund.id)
    return refund


def _succeed(tx: Tx, refund: Refund, outcome: RefundSucceeded) -> Refund:
    if refund.status is RefundStatus.SUCCEEDED:
        return refund
    refund = _move(
        tx,
        refund,
        RefundStatus.SUCCEEDED,
        reference=outcome.reference,
        error_code=None,
        error_description=None,
    )
    book.post(tx, recipes.refunded(_returned(tx, refund)))
    if refund.standing is Standing.KEPT:
        payment = store.get(tx, refund.payment_id)
        refunded = payment.refunded_minor + refund.amount_minor
        payment = moves.save_payment(tx, payment, refunded_minor=refunded)
        if refunded >= payment.amount_minor:
            moves.advance(tx, payment, PaymentStatus.REFUNDED)
    return refund


def _fail(tx: Tx, refund: Refund, outcome: RefundFailed) -> Refund:
    if refund.status is RefundStatus.FAILED:
        return refund
    was_done = refund.status is RefundStatus.SUCCEEDED
    refund = _move(
        tx,
        refund,
        RefundStatus.FAILED,
        reference=outcome.reference or refund.reference,
        error_code=outcome.code,
        error_description=outcome.message or None,
    )
    if was_done:
        book.post(tx, recipes.refund_undone(_returned(tx, refund)))
        if refund.standing is Standing.KEPT:
            payment = store.get(tx, refund.payment_id)
            moves.undo_refund(tx, payment, refund.amount_minor)
    return refund


def _fits(refund: Refund, outcome: RefundSucceeded) -> bool:
    """Whether it is what was asked, and does not gainsay what the acquirer said before."""
    return outcome.amount == refund.with_fee and refund.status is not RefundStatus.FAILED


def _doubt(tx: Tx, refund: Refund, outcome: RefundSucceeded) -> Refund:
    """Another sum went back than was asked, or one that had failed: told once, and left for a
    person to judge."""
    if refund.error_code == model.REVIEW:
        return refund
    log.error("refund_does_not_fit", refund=refund.id, said=outcome.amount.minor)
    refund = msgspec.structs.replace(refund, error_code=model.REVIEW, updated_at=tx.now)
    refund_store.save(tx, refund)
    payment = store.get(tx, refund.payment_id)
    sent = {"amount": outcome.amount.minor, "currency": outcome.amount.currency}
    facts.record(tx, "payment.review", payment, more={"refund": refund.id, "sent_back": sent})
    return refund


def _move(tx: Tx, refund: Refund, to: RefundStatus, **fields: object) -> Refund:
    states.advance(REFUND_STATES, refund.status, to)
    refund = msgspec.structs.replace(refund, status=to, updated_at=tx.now, **fields)
    refund_store.save(tx, refund)
    if to not in UNDECIDED:
        facts.record_refund(tx, f"refund.{to}", refund)
    return refund


def _returned(tx: Tx, refund: Refund) -> recipes.Return:
    """The refund, as the books take it."""
    return recipes.Return(
        merchant_id=refund.merchant_id,
        test=refund.test,
        refund_id=refund.id,
        provider=store.get_attempt(tx, refund.attempt_id).provider,
        standing=str(refund.standing),
        amount=refund.amount_minor,
        with_fee=refund.with_fee_minor,
        currency=refund.currency,
    )
