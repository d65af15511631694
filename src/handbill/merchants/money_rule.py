"""What a merchant wants done with money that is not simply a payment. Pure."""

from __future__ import annotations

from enum import StrEnum

import msgspec


class OnLate(StrEnum):
    """Money for a payment that had ended. `accept_if_payable`: kept where the link could be paid
    now all the same, otherwise refunded."""

    ACCEPT_IF_PAYABLE = "accept_if_payable"
    ACCEPT = "accept"
    REFUND = "refund"
    REVIEW = "review"


class OnSurplus(StrEnum):
    """Money for what was paid already."""

    REFUND = "refund"
    ACCEPT = "accept"
    REVIEW = "review"


class OnMismatch(StrEnum):
    """Another sum or currency than was asked. There is no `accept`: it is a person's to judge."""

    REVIEW = "review"
    REFUND = "refund"


class MoneyRule(msgspec.Struct, frozen=True):
    """In any case the money is recorded first, and named in an event."""

    late: OnLate = OnLate.ACCEPT_IF_PAYABLE
    surplus: OnSurplus = OnSurplus.REFUND
    mismatch: OnMismatch = OnMismatch.REVIEW
