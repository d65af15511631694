"""Giving money back: all of it or parts, never more than was taken."""

from __future__ import annotations

import msgspec

from acquirer_sandbox import notifications, payments, store
from acquirer_sandbox.model import Refund, RefundStatus, Status
from acquirer_sandbox.payments import Amount, Line
from handbill.infra.database import Tx
from handbill.kernel import ids
from handbill.kernel.errors import Conflict


class NewRefund(msgspec.Struct, frozen=True):
    """The body of POST /v1/refunds. `amount` in minor units."""

    payment_id: str
    amount: Amount
    reason: Line = ""


def create(tx: Tx, payment_id: str, order: NewRefund) -> Refund:
    """Raises NotFound, or Conflict where nothing, or not so much, can be given back."""
    payment = payments.take(tx, payment_id)
    if payment.status is not Status.CHARGED:
        raise Conflict("Only a charged payment can be refunded.", code="wrong_state")
    left = payment.captured_minor - payment.refunded_minor
    if order.amount > left:
        raise Conflict(f"Only {left} can still be refunded.", code="amount_too_large")
    refund = Refund(
        id=ids.new_id(tx.now),
        shop_id=payment.shop_id,
        payment_id=payment.id,
        amount_minor=order.amount,
        currency=payment.currency,
        reason=order.reason,
        status=RefundStatus.SUCCEEDED,
        created_at=tx.now,
        updated_at=tx.now,
    )
    payment = msgspec.structs.replace(
        payment, refunded_minor=payment.refunded_minor + order.amount, updated_at=tx.now
    )
    store.change_payment(tx, payment)
    store.add_refund(tx, refund)
    notifications.record(tx, f"refund.{refund.status}", payment, refund)
    return refund
