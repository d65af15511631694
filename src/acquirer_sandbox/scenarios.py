"""The table of scenarios, as data: how a payment goes, step by step, and what is odd about it.

`choosing` knows what asks for one. The two digits at the end of an amount (`tail`) come from those
that no ordinary price ends in:

    3x the shop is told wrongly    4x money comes late, twice, back     5x refunds
    6x approved, declined          7x 3-D Secure                        8x SBP
    9x the bank thinks, or holds
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum, auto

import msgspec

from acquirer_sandbox.model import DeclineCode, Method, Status
from handbill.kernel.clock import SECOND

PENDING_FOR = 5 * SECOND


class Step(msgspec.Struct, frozen=True):
    """`charged` means authorized on a payment of two stages. `after`: milliseconds since the
    step before."""

    to: Status
    decline: DeclineCode | None = None
    after: int = 0


class Twist(Enum):
    """What is odd, beside the steps. Each is told where it is done."""

    ANSWER_LOST = auto()
    """The payment is created; the shop gets no readable answer."""
    ANSWER_500 = auto()
    ANSWER_429 = auto()
    """The payment is not created."""

    TAKE_LESS = auto()
    TAKE_OTHER_CURRENCY = auto()
    PAY_AFTER_END = auto()
    """The money comes after a cancel or the deadline."""
    CHARGE_AGAIN = auto()
    DISPUTE = auto()

    REFUND_SLOWLY = auto()
    REFUND_IN_VAIN = auto()
    REFUND_REFUSED = auto()
    REFUND_ANSWER_LOST = auto()

    TELL_NOTHING = auto()
    TELL_TWICE = auto()
    TELL_BACKWARDS = auto()
    TELL_LATE = auto()
    TELL_FORGED = auto()
    TELL_WRONG_AMOUNT = auto()
    NEVER_RETURN = auto()


_CARD = frozenset({Method.CARD})
_SBP = frozenset({Method.SBP})
_BOTH = _CARD | _SBP


class Scenario(msgspec.Struct, frozen=True):
    """`tail`: the last two digits of the amount that ask for it. `label` and `hint` are its
    button's. Without steps it waits for the payer."""

    name: str
    label: str
    hint: str
    steps: tuple[Step, ...]
    tail: int | None = None
    twist: Twist | None = None
    methods: frozenset[Method] = _BOTH


def _decline(code: DeclineCode, after: int = 0) -> Step:
    return Step(Status.DECLINED, code, after)


_WAIT: tuple[Step, ...] = ()
_PAID = (Step(Status.CHARGED),)
_ASKED = (Step(Status.CHALLENGE),)
_HELD = Step(Status.AUTHORIZED)
_THINKING = Step(Status.PROCESSING)
_PAID_LATER = Step(Status.CHARGED, after=PENDING_FOR)

_ORDINARY = (
    Scenario("approve", "Approve", "The money is taken.", _PAID, 61),
    Scenario(
        "decline_insufficient_funds",
        "Not enough money",
        "Declined: insufficient funds.",
        (_decline(DeclineCode.INSUFFICIENT_FUNDS),),
        62,
    ),
    Scenario(
        "decline_generic",
        "Refused by the bank",
        "Declined without a reason.",
        (_decline(DeclineCode.REFUSED_BY_ISSUER),),
        63,
    ),
    Scenario(
        "decline_fraud",
        "Suspected fraud",
        "Declined: the bank distrusts it.",
        (_decline(DeclineCode.SUSPECTED_FRAUD),),
        64,
    ),
    Scenario("3ds_ok", "Confirm", "The bank knows the payer.", _PAID, 71, methods=_CARD),
    Scenario(
        "3ds_fail",
        "Fail the check",
        "Wrong code: the payment is declined.",
        (_decline(DeclineCode.AUTHENTICATION_FAILED),),
        72,
        methods=_CARD,
    ),
    Scenario(
        "3ds_abandon",
        "Walk away",
        "Nothing happens until the deadline.",
        _ASKED,
        73,
        methods=_CARD,
    ),
    Scenario(
        "3ds_challenge",
        "Ask the payer's bank",
        "3-D Secure: one more page.",
        _ASKED,
        74,
        methods=_CARD,
    ),
    Scenario("wait", "Wait for the payer", "Nothing, until a button is pressed.", _WAIT),
    Scenario("sbp_qr", "Wait for the payer", "The code waits to be scanned.", _WAIT, methods=_SBP),
    Scenario("sbp_paid", "Pay", "The money is taken.", _PAID, 81, methods=_SBP),
    Scenario(
        "sbp_rejected",
        "Reject",
        "The payer says no: declined.",
        (_decline(DeclineCode.REJECTED_IN_APP),),
        82,
        methods=_SBP,
    ),
    Scenario(
        "sbp_deadline",
        "Let it expire",
        "The deadline passes at once.",
        (Step(Status.EXPIRED),),
        83,
        methods=_SBP,
    ),
    Scenario(
        "sbp_scanned",
        "Scan only",
        "The app has read the code; nothing is paid yet.",
        (Step(Status.SCANNED),),
        84,
        methods=_SBP,
    ),
    Scenario(
        "pending_then_success",
        "Slow, then paid",
        "The bank thinks for five seconds.",
        (_THINKING, _PAID_LATER),
        91,
    ),
    Scenario(
        "pending_then_fail",
        "Slow, then refused",
        "The bank thinks for five seconds.",
        (_THINKING, _decline(DeclineCode.REFUSED_BY_ISSUER, PENDING_FOR)),
        92,
    ),
    Scenario(
        "cancel", "Cancel and go back", "The payer changes their mind.", (Step(Status.CANCELLED),)
    ),
)

_HOLDS = (
    Scenario(
        "hold",
        "Hold first",
        "Held; in one stage taken after five seconds.",
        (_HELD, _PAID_LATER),
        93,
        methods=_CARD,
    ),
    Scenario(
        "hold_expire",
        "Hold, then let go",
        "The hold runs out after five seconds.",
        (_HELD, Step(Status.EXPIRED, after=PENDING_FOR)),
        94,
        methods=_CARD,
    ),
    Scenario(
        "hold_void",
        "Hold, then void",
        "The bank takes the hold back after five seconds.",
        (_HELD, Step(Status.CANCELLED, after=PENDING_FOR)),
        methods=_CARD,
    ),
)

_MONEY = (
    Scenario(
        "late_success_after_expiry",
        "Expire, then pay",
        "The money comes five seconds too late.",
        (Step(Status.EXPIRED), _PAID_LATER),
        41,
    ),
    Scenario(
        "late_success_after_cancel",
        "Pay after a cancel",
        "Waits; once cancelled or expired, it is paid after five seconds.",
        _WAIT,
        43,
        Twist.PAY_AFTER_END,
    ),
    Scenario(
        "double_pay",
        "Pay twice",
        "A second charge comes five seconds later.",
        _PAID,
        44,
        Twist.CHARGE_AGAIN,
    ),
    Scenario(
        "chargeback",
        "Pay, then dispute",
        "The payer's bank disputes it after five seconds.",
        _PAID,
        46,
        Twist.DISPUTE,
    ),
    Scenario(
        "wrong_amount",
        "Pay too little",
        "One minor unit less is taken.",
        _PAID,
        twist=Twist.TAKE_LESS,
    ),
    Scenario(
        "wrong_currency",
        "Pay in another currency",
        "The same number, of US dollars or euros.",
        _PAID,
        twist=Twist.TAKE_OTHER_CURRENCY,
    ),
)

_REFUNDS = (
    Scenario(
        "refund_pending_then_success",
        "Slow refunds",
        "A refund takes five seconds.",
        _PAID,
        51,
        Twist.REFUND_SLOWLY,
    ),
    Scenario(
        "refund_pending_then_fail",
        "Refunds that fail",
        "A refund fails after five seconds.",
        _PAID,
        52,
        Twist.REFUND_IN_VAIN,
    ),
    Scenario(
        "refund_refused",
        "Refused refunds",
        "Nothing is given back.",
        _PAID,
        53,
        Twist.REFUND_REFUSED,
    ),
    Scenario(
        "timeout_on_refund",
        "Refunds without an answer",
        "Given back, but the shop is not answered.",
        _PAID,
        54,
        Twist.REFUND_ANSWER_LOST,
    ),
)

_TRANSPORT = (
    Scenario("webhook_lost", "Lost", "Nothing is sent.", _PAID, 31, Twist.TELL_NOTHING),
    Scenario("webhook_duplicate", "Twice", "The same is sent twice.", _PAID, 32, Twist.TELL_TWICE),
    Scenario(
        "webhook_reordered",
        "In another order",
        "Slow, then paid; told backwards.",
        (_THINKING, _PAID_LATER),
        33,
        Twist.TELL_BACKWARDS,
    ),
    Scenario(
        "webhook_bad_signature",
        "Forged",
        "The signature does not fit.",
        _PAID,
        36,
        Twist.TELL_FORGED,
    ),
    Scenario(
        "webhook_wrong_amount",
        "With a wrong amount",
        "It tells one minor unit less than was taken.",
        _PAID,
        twist=Twist.TELL_WRONG_AMOUNT,
    ),
    Scenario(
        "return_before_webhook",
        "Late",
        "It comes ten seconds after the payer.",
        _PAID,
        twist=Twist.TELL_LATE,
    ),
    Scenario(
        "never_return",
        "Alone",
        "The payer does not go back to the shop.",
        _PAID,
        twist=Twist.NEVER_RETURN,
    ),
)

_TROUBLES = (
    Scenario(
        "timeout_on_create",
        "Lost answer",
        "Created and paid, but the shop is not answered.",
        _PAID,
        twist=Twist.ANSWER_LOST,
    ),
    Scenario("http_500", "Breakdown", "Not created: status 500.", _WAIT, twist=Twist.ANSWER_500),
    Scenario("rate_limited", "Too many", "Not created: status 429.", _WAIT, twist=Twist.ANSWER_429),
)

SCENARIOS: Mapping[str, Scenario] = {
    scenario.name: scenario
    for part in (_ORDINARY, _HOLDS, _MONEY, _REFUNDS, _TRANSPORT, _TROUBLES)
    for scenario in part
}

RARE: Mapping[str, tuple[Scenario, ...]] = {
    "The money is held": _HOLDS,
    "The money is odd": _MONEY,
    "It is paid, and later refunded": _REFUNDS,
    "It is paid, and the notification is": _TRANSPORT,
}
"""Buttons that few people look for, by heading."""
