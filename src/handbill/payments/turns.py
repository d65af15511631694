"""Every turn that a payment can take: one table of (what an attempt is x what the acquirer says),
and one of what money means to its payment. Pure; `service.apply` is the only reader.

Money is a fact and is recorded wherever it comes. What has ended is revived by money alone. News
that came late, twice or in another order change nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from handbill.payments.model import OPEN, Attempt, AttemptStatus, PaymentStatus, Standing
from handbill.providers.contract import (
    ActionRequired,
    Authorized,
    Cancelled,
    Charged,
    Declined,
    Outcome,
    Pending,
)


class Turn(StrEnum):
    """What an outcome does to an attempt."""

    NOTHING = "nothing"
    AWAIT_PAYER = "await payer"
    AWAIT_ACQUIRER = "await acquirer"
    HOLD = "hold"
    RELEASE = "release"
    CHARGE = "charge"
    DECLINE = "decline"
    END = "end"


OUTCOMES: tuple[type[Outcome], ...] = (
    *(ActionRequired, Pending, Authorized),
    *(Charged, Declined, Cancelled),
)

_LIVE = (
    *(Turn.AWAIT_PAYER, Turn.AWAIT_ACQUIRER, Turn.HOLD),
    *(Turn.CHARGE, Turn.DECLINE, Turn.END),
)
# What is held for an attempt that has ended is let go: the payer's money would be locked for days.
_ENDED = (
    *(Turn.NOTHING, Turn.NOTHING, Turn.RELEASE),
    *(Turn.CHARGE, Turn.NOTHING, Turn.NOTHING),
)
TURNS: Mapping[AttemptStatus, tuple[Turn, ...]] = {
    AttemptStatus.CREATED: _LIVE,
    AttemptStatus.PENDING: _LIVE,
    # An older "the payer must act" overtaken by the hold is no news; the rest is as before.
    AttemptStatus.AUTHORIZED: (Turn.NOTHING, *_LIVE[1:]),
    # A repeat can bring the acquirer's fee, or a second charge: `charging` looks for both.
    AttemptStatus.CHARGED: (
        *(Turn.NOTHING, Turn.NOTHING, Turn.NOTHING),
        *(Turn.CHARGE, Turn.NOTHING, Turn.NOTHING),
    ),
    AttemptStatus.DECLINED: _ENDED,
    AttemptStatus.CANCELLED: _ENDED,
    AttemptStatus.EXPIRED: _ENDED,
}


def turn_of(attempt: Attempt, outcome: Outcome) -> Turn:
    """Money that does not fit waits for a person: till then only money moves its attempt."""
    turn = TURNS[attempt.status][OUTCOMES.index(type(outcome))]
    if attempt.standing is Standing.REVIEW and turn is not Turn.CHARGE:
        return Turn.NOTHING
    return turn


class Landing(StrEnum):
    """What money is to its payment, when sum, currency and id fit."""

    PAYS = "pays"
    LATE = "late"
    SURPLUS = "surplus"


LANDINGS: Mapping[PaymentStatus, Landing] = {
    **dict.fromkeys(OPEN, Landing.PAYS),
    PaymentStatus.FAILED: Landing.LATE,
    PaymentStatus.REJECTED: Landing.LATE,
    PaymentStatus.CANCELLED: Landing.LATE,
    PaymentStatus.CHARGED: Landing.SURPLUS,
    # What was given back is never taken again.
    PaymentStatus.REFUNDED: Landing.SURPLUS,
}
