"""What is rehearsed, and how it must end. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from acquirer_sandbox.model import OPEN, Method, Status
from acquirer_sandbox.scenarios import SCENARIOS, Scenario, Twist
from handbill.kernel.errors import Invalid
from handbill.payments.model import AttemptStatus
from handbill.payments.refund import RefundStatus

AMOUNT_MINOR = 10_000
NOTHING = "nothing"
"""What the acquirer knows of a payment that it was not asked for, or refused to create."""
REVIEW = "review"
NO_REFUND = "none"

_ATTEMPT_BY_STATUS: Mapping[str, str] = {
    NOTHING: AttemptStatus.DECLINED,
    Status.AWAITING_PAYER: AttemptStatus.PENDING,
    Status.CHALLENGE: AttemptStatus.PENDING,
    Status.SCANNED: AttemptStatus.PENDING,
    Status.PROCESSING: AttemptStatus.PENDING,
    Status.AUTHORIZED: AttemptStatus.AUTHORIZED,
    Status.CHARGED: AttemptStatus.CHARGED,
    Status.DECLINED: AttemptStatus.DECLINED,
    Status.CANCELLED: AttemptStatus.CANCELLED,
    Status.EXPIRED: AttemptStatus.EXPIRED,
}
_REFUND_BY_TWIST: Mapping[Twist, str] = {
    Twist.REFUND_SLOWLY: RefundStatus.SUCCEEDED,
    Twist.REFUND_IN_VAIN: RefundStatus.FAILED,
    Twist.REFUND_REFUSED: RefundStatus.FAILED,
    Twist.REFUND_ANSWER_LOST: RefundStatus.SUCCEEDED,
}


class Plan(msgspec.Struct, frozen=True):
    """`url` is where the server is reached. Without a link one is made for the scenario; on a given
    one, the scenario is chosen by its buttons."""

    scenario: Scenario
    url: str
    link_id: str | None = None
    amount_minor: int | None = None
    method: str | None = None
    advance_seconds: int = 0
    wait_seconds: float = 90.0

    @property
    def presses(self) -> Sequence[str]:
        """The payer's buttons, one after another."""
        name = self.scenario.name
        if self.scenario.twist is Twist.PAY_AFTER_END and self.link_id is None:
            return ("cancel",)
        if self.link_id is None:
            return ()
        return ("3ds_challenge", name) if name in ("3ds_ok", "3ds_fail", "3ds_abandon") else (name,)

    @property
    def is_of_refunds(self) -> bool:
        """Whether the merchant is to give the money back once it is there."""
        return self.scenario.twist in _REFUND_BY_TWIST

    def is_under_way(self, acquirer: str, refund: str) -> bool:
        """Whether the acquirer has begun: before, a move of its clock would move nothing."""
        if self.is_of_refunds:
            return refund not in (NO_REFUND, RefundStatus.REQUESTED)
        begins_by_itself = bool(self.scenario.steps or self.scenario.twist)
        return acquirer != Status.AWAITING_PAYER or not begins_by_itself


class End(msgspec.Struct, frozen=True):
    """In the words of the acquirer, of our attempt and of our refund."""

    acquirer: str
    attempt: str
    refund: str = NO_REFUND


def find(name: str) -> Scenario:
    """Raises Invalid."""
    if name not in SCENARIOS:
        raise Invalid({"SCENARIO": ["must be one of: " + ", ".join(SCENARIOS)]})
    return SCENARIOS[name]


def listed() -> Sequence[Scenario]:
    return tuple(SCENARIOS.values())


def method_of(plan: Plan) -> str:
    """Raises Invalid where the scenario is not one of the method that is asked for."""
    fitting = plan.scenario.methods
    if plan.method is None:
        return Method.CARD if Method.CARD in fitting else Method.SBP
    if plan.method not in fitting:
        words = " or ".join(sorted(fitting))
        raise Invalid({"--method": [f"must be {words} for {plan.scenario.name}"]})
    return plan.method


def end_of(plan: Plan, *, two_stages: bool = False) -> End:
    """How it rests, if nobody does anything more. A move of the clock ends what only waits for the
    payer. `two_stages`: what would be charged is held for the merchant."""
    twist = plan.scenario.twist
    if twist in (Twist.ANSWER_500, Twist.ANSWER_429):
        return End(NOTHING, _ATTEMPT_BY_STATUS[NOTHING])
    last = plan.scenario.steps[-1].to if plan.scenario.steps else Status.AWAITING_PAYER
    if twist is Twist.PAY_AFTER_END:
        last = Status.CHARGED
    if plan.advance_seconds and last in OPEN:
        last = Status.EXPIRED
    if two_stages and last is Status.CHARGED and not _comes_late(plan.scenario):
        return End(Status.AUTHORIZED, AttemptStatus.AUTHORIZED)
    attempt = _ATTEMPT_BY_STATUS[last]
    if twist in (Twist.TAKE_LESS, Twist.TAKE_OTHER_CURRENCY):
        attempt = REVIEW
    extra = {Twist.CHARGE_AGAIN: f" and {last}", Twist.DISPUTE: " and disputed"}
    refund = _REFUND_BY_TWIST.get(twist, NO_REFUND) if twist else NO_REFUND
    if twist is Twist.CHARGE_AGAIN:  # by the money rule that every merchant begins with
        refund = RefundStatus.SUCCEEDED
    return End(last + (extra.get(twist, "") if twist else ""), attempt, refund)


def _comes_late(scenario: Scenario) -> bool:
    """Money after the end, which is held by nobody."""
    return scenario.twist is Twist.PAY_AFTER_END or scenario.steps[0].to is Status.EXPIRED
