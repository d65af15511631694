"""What a refund is, how its status moves, and how much of the payer's fee goes with it. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

import msgspec

from handbill.kernel.clock import Instant
from handbill.kernel.money import Money
from handbill.payments.model import Payment, Standing


class RefundStatus(StrEnum):
    """`requested`: stored, and not answered by the acquirer yet."""

    REQUESTED = "requested"
    PENDING = "pending"
    SUCCEEDED = "succeeded"
    FAILED = "failed"


REFUND_STATES = {
    RefundStatus.REQUESTED: {
        RefundStatus.PENDING,
        RefundStatus.SUCCEEDED,
        RefundStatus.FAILED,
    },
    RefundStatus.PENDING: {RefundStatus.SUCCEEDED, RefundStatus.FAILED},
    # A bank can send back days later what an acquirer called done: a closed card, a wrong account.
    RefundStatus.SUCCEEDED: {RefundStatus.FAILED},
    RefundStatus.FAILED: set[RefundStatus](),
}
UNDECIDED = frozenset({RefundStatus.REQUESTED, RefundStatus.PENDING})


class Refund(msgspec.Struct, frozen=True):
    """`amount_minor` counts against the payment's amount; `with_fee_minor` is what the payer gets:
    the same with its share of the payer's fee. `standing` is that of the charge which it gives
    back: only of a kept one does it change what the payment says."""

    id: str
    payment_id: str
    attempt_id: str
    merchant_id: int
    test: bool
    status: RefundStatus
    standing: Standing
    amount_minor: int
    with_fee_minor: int
    currency: str
    reason: str | None
    reference: str | None
    error_code: str | None
    error_description: str | None
    created_at: Instant
    updated_at: Instant

    @property
    def with_fee(self) -> Money:
        return Money(self.with_fee_minor, self.currency)

    @property
    def is_live(self) -> bool:
        """Whether it takes away from what can still be refunded."""
        return self.status is not RefundStatus.FAILED


def left_of(payment: Payment, refunds: Sequence[Refund]) -> int:
    """How much of the payment's amount can still be refunded, in minor units."""
    return payment.amount_minor - sum(refund.amount_minor for refund in _live(refunds))


def with_fee_of(payment: Payment, refunds: Sequence[Refund], amount_minor: int) -> int:
    """What the payer gets of a refund of `amount_minor` after `refunds`: it and its share of the
    payer's fee, rounded half up over all live refunds together, so that the one that takes the
    last of the amount takes the last of the fee: the sum is exact, whatever failed between."""
    whole, fee = payment.amount_minor, payment.amount_with_fee_minor - payment.amount_minor
    given = sum(refund.with_fee_minor - refund.amount_minor for refund in _live(refunds))
    after = whole - left_of(payment, refunds) + amount_minor
    due = fee if after >= whole else (2 * fee * after + whole) // (2 * whole)
    return amount_minor + max(0, due - given)


def _live(refunds: Sequence[Refund]) -> list[Refund]:
    return [r for r in refunds if r.is_live and r.standing is Standing.KEPT]
