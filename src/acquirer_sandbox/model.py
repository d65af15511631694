"""The nouns of the sandbox acquirer and the table of legal successors of a payment's status.

Pure: no database, no network. The vocabulary is the acquirer's own, so that the adapter has
something to translate.
"""

from __future__ import annotations

from enum import StrEnum

import msgspec

from handbill.kernel.clock import Instant
from handbill.kernel.money import Money
from handbill.kernel.states import Table


class Method(StrEnum):
    CARD = "card"
    SBP = "sbp"


class Status(StrEnum):
    """`challenge`: on the page of the payer's bank (3-D Secure). `scanned`: the bank's app has
    read the QR. `processing`: the payer has done their part, the bank has not."""

    AWAITING_PAYER = "awaiting_payer"
    CHALLENGE = "challenge"
    SCANNED = "scanned"
    PROCESSING = "processing"
    AUTHORIZED = "authorized"
    CHARGED = "charged"
    DECLINED = "declined"
    CANCELLED = "cancelled"
    EXPIRED = "expired"


OPEN = frozenset({Status.AWAITING_PAYER, Status.CHALLENGE, Status.SCANNED})
"""The payer may still decide, and the deadline still counts."""

_DECIDED = frozenset({Status.AUTHORIZED, Status.CHARGED, Status.DECLINED})
_LEFT = frozenset({Status.CANCELLED, Status.EXPIRED})

NEXT: Table[Status] = {
    Status.AWAITING_PAYER: {Status.CHALLENGE, Status.SCANNED, Status.PROCESSING} | _DECIDED | _LEFT,
    Status.CHALLENGE: _DECIDED | _LEFT,
    Status.SCANNED: {Status.PROCESSING} | _DECIDED | _LEFT,
    # No deadline here: the bank may still take the money, so nobody may call it expired.
    Status.PROCESSING: _DECIDED,
    Status.AUTHORIZED: {Status.CHARGED} | _LEFT,
    Status.CHARGED: set(),
    Status.DECLINED: set(),
    # A bank may be late: the money comes when nobody waits for it any more.
    Status.CANCELLED: {Status.CHARGED},
    Status.EXPIRED: {Status.CHARGED},
}


class DeclineCode(StrEnum):
    INSUFFICIENT_FUNDS = "insufficient_funds"
    REFUSED_BY_ISSUER = "refused_by_issuer"
    SUSPECTED_FRAUD = "suspected_fraud"
    AUTHENTICATION_FAILED = "authentication_failed"
    REJECTED_IN_APP = "rejected_in_app"


DECLINE_MESSAGES = {
    DeclineCode.INSUFFICIENT_FUNDS: "There is not enough money on the account.",
    DeclineCode.REFUSED_BY_ISSUER: "The bank refused the payment.",
    # Nobody tells a suspect that they are one.
    DeclineCode.SUSPECTED_FRAUD: "The bank refused the payment.",
    DeclineCode.AUTHENTICATION_FAILED: "The bank could not confirm that it was you.",
    DeclineCode.REJECTED_IN_APP: "The payment was rejected in the bank's app.",
}
"""Fit for a payer."""


class RefundStatus(StrEnum):
    PENDING = "pending"
    SUCCEEDED = "succeeded"
    FAILED = "failed"


REFUND_NEXT: Table[RefundStatus] = {
    RefundStatus.PENDING: {RefundStatus.SUCCEEDED, RefundStatus.FAILED},
    RefundStatus.SUCCEEDED: set(),
    RefundStatus.FAILED: set(),
}


class RefundFailure(StrEnum):
    ACCOUNT_CLOSED = "account_closed"


REFUND_FAILURE_MESSAGES = {
    RefundFailure.ACCOUNT_CLOSED: "The payer's account does not exist any more.",
}
"""Fit for the shop."""


class Shop(msgspec.Struct, frozen=True):
    """A customer of the acquirer. `notification_secret` signs what we send to it."""

    id: str
    name: str
    notification_secret: str


class Payment(msgspec.Struct, frozen=True):
    """`token` is the last part of the payer's address: knowing it is the permission to decide.

    `refunded_minor` counts every refund that has not failed. `scenario` is what the payment
    follows: told at its creation, or chosen by the payer's button. `repeats` are the ids of further
    charges of the same attempt. `expires_at`: until when the payer may decide; of held money, until
    when the shop may take it.
    """

    id: str
    shop_id: str
    attempt_id: str
    token: str
    method: Method
    status: Status
    amount_minor: int
    captured_minor: int
    refunded_minor: int
    currency: str
    capture: bool
    description: str
    return_url: str
    notification_url: str
    payment_url: str
    metadata: dict[str, str]
    scenario: str | None
    decline_code: DeclineCode | None
    repeats: tuple[str, ...]
    disputed: bool
    created_at: Instant
    updated_at: Instant
    expires_at: Instant

    @property
    def amount(self) -> Money:
        return Money(self.amount_minor, self.currency)

    @property
    def has_deadline(self) -> bool:
        return self.status in OPEN or self.status is Status.AUTHORIZED

    def is_overdue(self, now: Instant) -> bool:
        return self.has_deadline and now >= self.expires_at

    def awaits_payer(self, now: Instant) -> bool:
        return self.status in OPEN and now < self.expires_at


class Refund(msgspec.Struct, frozen=True):
    """`refund_id` is the shop's own name for it."""

    id: str
    shop_id: str
    payment_id: str
    refund_id: str | None
    amount_minor: int
    currency: str
    reason: str
    status: RefundStatus
    failure_code: RefundFailure | None
    created_at: Instant
    updated_at: Instant
