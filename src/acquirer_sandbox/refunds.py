"""Giving money back: all of it or parts, never more than was taken; at once, slowly or not at all,
as the scenario of the payment has it.

A refund that waits counts as given back: what is left cannot be promised twice.
"""

from __future__ import annotations

import msgspec

from acquirer_sandbox import notifications, payments, scenarios, store
from acquirer_sandbox.model import (
    REFUND_NEXT,
    Payment,
    Refund,
    RefundFailure,
    RefundStatus,
    Status,
)
from acquirer_sandbox.payments import Amount, Line, Word
from acquirer_sandbox.scenarios import PENDING_FOR, Refunding
from handbill.infra import jobs
from handbill.infra.database import Tx
from handbill.kernel import ids
from handbill.kernel.errors import Conflict
from handbill.kernel.states import advance

SETTLE = "sandbox.settle_refund"


class NewRefund(msgspec.Struct, frozen=True):
    """The body of POST /v1/refunds. `amount` in minor units; `refund_id` is the shop's own, by
    which it finds a refund whose answer got lost."""

    payment_id: str
    amount: Amount
    refund_id: Word | None = None
    reason: Line = ""


def create(tx: Tx, payment_id: str, order: NewRefund) -> Refund:
    """Raises NotFound, or Conflict where nothing, or not so much, can be given back."""
    payment = payments.take(tx, payment_id)
    refunding = scenarios.refunding(payment)
    _check(payment, order.amount, refunding)
    is_slow = refunding is not Refunding.AT_ONCE
    refund = Refund(
        id=ids.new_id(tx.now),
        shop_id=payment.shop_id,
        payment_id=payment.id,
        refund_id=order.refund_id,
        amount_minor=order.amount,
        currency=payment.currency,
        reason=order.reason,
        status=RefundStatus.PENDING if is_slow else RefundStatus.SUCCEEDED,
        failure_code=None,
        created_at=tx.now,
        updated_at=tx.now,
    )
    store.add_refund(tx, refund)
    _count(tx, payment, refund, order.amount)
    if is_slow:
        payload = {"payment": payment.id, "refund": refund.id}
        jobs.add(tx, SETTLE, payload, due_at=tx.now + PENDING_FOR)
    return refund


def settle(tx: Tx, payment_id: str, id_: str) -> None:
    """The end of a refund that was pending."""
    payment = payments.take(tx, payment_id)
    refund = store.get_refund(tx, id_)
    in_vain = scenarios.refunding(payment) is Refunding.IN_VAIN
    to = RefundStatus.FAILED if in_vain else RefundStatus.SUCCEEDED
    if not advance(REFUND_NEXT, refund.status, to):
        return
    refund = msgspec.structs.replace(
        refund,
        status=to,
        failure_code=RefundFailure.ACCOUNT_CLOSED if in_vain else None,
        updated_at=tx.now,
    )
    store.change_refund(tx, refund)
    _count(tx, payment, refund, -refund.amount_minor if in_vain else 0)


def _check(payment: Payment, amount_minor: int, refunding: Refunding) -> None:
    if payment.status is not Status.CHARGED:
        raise Conflict("Only a charged payment can be refunded.", code="wrong_state")
    left = payment.captured_minor - payment.refunded_minor
    if amount_minor > left:
        raise Conflict(f"Only {left} can still be refunded.", code="amount_too_large")
    if refunding is Refunding.REFUSED:
        raise Conflict("The bank gives nothing back of this payment.", code="refund_refused")


def _count(tx: Tx, payment: Payment, refund: Refund, minor: int) -> None:
    payment = msgspec.structs.replace(
        payment, refunded_minor=payment.refunded_minor + minor, updated_at=tx.now
    )
    store.change_payment(tx, payment)
    notifications.record(tx, f"refund.{refund.status}", payment, refund)
