"""What a person decides about money that waits for it: to accept it, or to send it back."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from handbill.infra.database import Tx
from handbill.kernel.errors import Conflict
from handbill.merchants.model import Tenant
from handbill.payments import charging, moves, refund_store, refunding, service, store
from handbill.payments.model import Attempt, Payment, Standing
from handbill.payments.turns import LANDINGS, Landing


class Decision(StrEnum):
    ACCEPT = "accept"
    REFUND = "refund"


def judge(
    tx: Tx, tenant: Tenant, payment_id: str, decision: Decision, *, by_hand: bool = False
) -> Payment:
    """Decides about every charge of the payment that waits. `by_hand`: a person has sent back what
    nobody else can, as for any refund of a bank transfer.

    Raises NotFound; Conflict where none waits, or it cannot be accepted; NotRefundable.
    """
    payment = service.get(tx, tenant, payment_id)
    waiting = _waiting(tx, payment)
    if not waiting:
        raise Conflict("No money of this payment waits for a decision.", code="nothing_in_review")
    if decision is Decision.REFUND:
        refunding.check_hand(by_hand, any(attempt.by_hand for attempt in waiting))
    for attempt in waiting:
        if decision is Decision.ACCEPT:
            payment = _accept(tx, attempt, payment)
        elif attempt.standing is Standing.SURPLUS:
            refunding.give_back(tx, payment, attempt)
        else:
            _, payment = charging.give_back(tx, attempt, payment)
    return payment


def _waiting(tx: Tx, payment: Payment) -> list[Attempt]:
    """Charges that do not pay the payment, and are not on their way back."""
    returned = {r.attempt_id for r in refund_store.of_payment(tx, payment.id) if r.is_live}
    return [a for a in store.unsettled_attempts(tx, payment.id) if a.id not in returned]


def _accept(tx: Tx, attempt: Attempt, payment: Payment) -> Payment:
    """Another sum than was asked becomes the payment's: it says what came, without a fee on top. Of
    one that is paid already nothing changes: what came is surplus to it."""
    if attempt.standing is Standing.SURPLUS:
        charging.keep_surplus(tx, attempt, payment)
        return payment
    received = attempt.received_minor
    if received is None or attempt.received_currency != payment.currency:
        raise Conflict(f"The payment is in {payment.currency}: refund what came.")
    attempt = moves.save(tx, attempt, amount_minor=received, capture_minor=received)
    if LANDINGS[payment.status] is not Landing.SURPLUS:
        payment = msgspec.structs.replace(payment, amount_minor=received)
    attempt = msgspec.structs.replace(attempt, capture_with_fee_minor=received)
    attempt, payment = charging.take(tx, attempt, payment, attempt.reference or "")
    if attempt.by_hand:
        charging.settle_fee(tx, attempt, payment, charging.no_fee(attempt))
    return payment
