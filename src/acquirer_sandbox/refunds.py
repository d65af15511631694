"""Giving money back: all of it or parts, never more than was taken; at once, slowly or not at all,
as the scenario of the payment has it.

A refund that waits counts as given back: what is left cannot be promised twice.
"""

from __future__ import annotations

import msgspec

from acquirer_sandbox import agenda, choosing, notifications, payments, store
from acquirer_sandbox.model import (
    REFUND_NEXT,
    Payment,
    Refund,
    RefundFailure,
    RefundStatus,
    Status,
)
from acquirer_sandbox.orders import Amount, Line, Word
from acquirer_sandbox.scenarios import PENDING_FOR, Twist
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
    twist = choosing.twist(payment)
    _check(payment, order.amount, twist)
    is_slow = twist in (Twist.REFUND_SLOWLY, Twist.REFUND_IN_VAIN)
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
        agenda.plan(tx, SETTLE, payment.shop_id, payload, tx.now + PENDING_FOR)
    return refund


def settle(tx: Tx, payment_id: str, id_: str) -> None:
    """The end of a refund that was pending."""
    payment = payments.take(tx, payment_id)
    refund = store.get_refund(tx, id_)
    in_vain = choosing.twist(payment) is Twist.REFUND_IN_VAIN
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


def _check(payment: Payment, amount_minor: int, twist: Twist | None) -> None:
    if payment.status is not Status.CHARGED:
        raise Conflict("Only a charged payment can be refunded.", code="wrong_state")
    left = payment.captured_minor - payment.refunded_minor
    if amount_minor > left:
        raise Conflict(f"Only {left} can still be refunded.", code="amount_too_large")
    if twist is Twist.REFUND_REFUSED:
        raise Conflict("The bank gives nothing back of this payment.", code="refund_refused")


def _count(tx: Tx, payment: Payment, refund: Refund, minor: int) -> None:
    payment = msgspec.structs.replace(
        payment, refunded_minor=payment.refunded_minor + minor, updated_at=tx.now
    )
    store.change_payment(tx, payment)
    notifications.record(tx, f"refund.{refund.status}", payment, refund)
