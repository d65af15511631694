"""How a payment goes, as data: what each button does, and what a script asks for by name or amount.

A payment follows a scenario by itself when `metadata.sandbox_scenario` names one, or else when the
last two digits of its amount in minor units (from 100 up) stand in this table; all other payments
wait for a person and the buttons.

    51 refund_pending_then_success  61 approve                     71 3ds_ok
    52 refund_pending_then_fail     62 decline_insufficient_funds  72 3ds_fail
    53 refund_refused               63 decline_generic             73 3ds_abandon
                                    64 decline_fraud               74 3ds_challenge
    81 sbp_paid
    82 sbp_rejected                 91 pending_then_success
    83 sbp_deadline                 92 pending_then_fail
    84 sbp_scanned

Prices end in 0, 5, 9, 8 and 7; people who try things out type 1, 1.23, 10.01, 12.34, 42, 111
and 1024. Nothing of that ends in these digits, so an ordinary price waits for its buttons.
The amount is the one that the payer pays. A fee can lead it here by accident (5 % on 2.50 is 2.63):
the name `wait` keeps such a payment for the buttons.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum, auto

import msgspec

from acquirer_sandbox.model import DeclineCode, Method, Payment, Status
from handbill.kernel.clock import SECOND

METADATA_KEY = "sandbox_scenario"
PENDING_FOR = 5 * SECOND
TAIL_AMOUNT_MIN = 100


class Step(msgspec.Struct, frozen=True):
    """`charged` means authorized on a payment of two stages. `after`: milliseconds since the
    step before."""

    to: Status
    decline: DeclineCode | None = None
    after: int = 0


class Refunding(Enum):
    """How every refund of the payment goes, once it was charged."""

    AT_ONCE = auto()
    SLOWLY = auto()
    IN_VAIN = auto()
    REFUSED = auto()


class Scenario(msgspec.Struct, frozen=True):
    """`tail`: the last two digits of the amount that ask for it. `label` and `hint` are its
    button's. Without steps it waits for the payer."""

    name: str
    label: str
    hint: str
    steps: tuple[Step, ...]
    methods: frozenset[Method]
    tail: int | None = None
    refunding: Refunding = Refunding.AT_ONCE


_CARD = frozenset({Method.CARD})
_SBP = frozenset({Method.SBP})
_BOTH = _CARD | _SBP


def _decline(code: DeclineCode, after: int = 0) -> Step:
    return Step(Status.DECLINED, code, after)


_ALL = (
    Scenario("approve", "Approve", "The money is taken.", (Step(Status.CHARGED),), _BOTH, 61),
    Scenario(
        "decline_insufficient_funds",
        "Not enough money",
        "Declined: insufficient funds.",
        (_decline(DeclineCode.INSUFFICIENT_FUNDS),),
        _BOTH,
        62,
    ),
    Scenario(
        "decline_generic",
        "Refused by the bank",
        "Declined without a reason.",
        (_decline(DeclineCode.REFUSED_BY_ISSUER),),
        _BOTH,
        63,
    ),
    Scenario(
        "decline_fraud",
        "Suspected fraud",
        "Declined: the bank distrusts it.",
        (_decline(DeclineCode.SUSPECTED_FRAUD),),
        _BOTH,
        64,
    ),
    Scenario("3ds_ok", "Confirm", "The bank knows the payer.", (Step(Status.CHARGED),), _CARD, 71),
    Scenario(
        "3ds_fail",
        "Fail the check",
        "Wrong code: the payment is declined.",
        (_decline(DeclineCode.AUTHENTICATION_FAILED),),
        _CARD,
        72,
    ),
    Scenario(
        "3ds_abandon",
        "Walk away",
        "Nothing happens until the deadline.",
        (Step(Status.CHALLENGE),),
        _CARD,
        73,
    ),
    Scenario(
        "3ds_challenge",
        "Ask the payer's bank",
        "3-D Secure: one more page.",
        (Step(Status.CHALLENGE),),
        _CARD,
        74,
    ),
    Scenario("wait", "Wait for the payer", "Nothing, until a button is pressed.", (), _BOTH),
    Scenario("sbp_qr", "Wait for the payer", "The code waits to be scanned.", (), _SBP),
    Scenario("sbp_paid", "Pay", "The money is taken.", (Step(Status.CHARGED),), _SBP, 81),
    Scenario(
        "sbp_rejected",
        "Reject",
        "The payer says no: declined.",
        (_decline(DeclineCode.REJECTED_IN_APP),),
        _SBP,
        82,
    ),
    Scenario(
        "sbp_deadline",
        "Let it expire",
        "The deadline passes at once.",
        (Step(Status.EXPIRED),),
        _SBP,
        83,
    ),
    Scenario(
        "sbp_scanned",
        "Scan only",
        "The app has read the code; nothing is paid yet.",
        (Step(Status.SCANNED),),
        _SBP,
        84,
    ),
    Scenario(
        "pending_then_success",
        "Slow, then paid",
        "The bank thinks for five seconds.",
        (Step(Status.PROCESSING), Step(Status.CHARGED, after=PENDING_FOR)),
        _BOTH,
        91,
    ),
    Scenario(
        "pending_then_fail",
        "Slow, then refused",
        "The bank thinks for five seconds.",
        (Step(Status.PROCESSING), _decline(DeclineCode.REFUSED_BY_ISSUER, PENDING_FOR)),
        _BOTH,
        92,
    ),
    Scenario(
        "cancel",
        "Cancel and go back",
        "The payer changes their mind.",
        (Step(Status.CANCELLED),),
        _BOTH,
    ),
    Scenario(
        "refund_pending_then_success",
        "Pay; refunds are slow",
        "A refund takes five seconds.",
        (Step(Status.CHARGED),),
        _BOTH,
        51,
        Refunding.SLOWLY,
    ),
    Scenario(
        "refund_pending_then_fail",
        "Pay; refunds fail later",
        "A refund fails after five seconds.",
        (Step(Status.CHARGED),),
        _BOTH,
        52,
        Refunding.IN_VAIN,
    ),
    Scenario(
        "refund_refused",
        "Pay; refunds are refused",
        "Nothing is given back.",
        (Step(Status.CHARGED),),
        _BOTH,
        53,
        Refunding.REFUSED,
    ),
)

SCENARIOS: Mapping[str, Scenario] = {scenario.name: scenario for scenario in _ALL}
_BY_TAIL = {scenario.tail: scenario for scenario in _ALL if scenario.tail is not None}

_CARD_BUTTONS = (
    "approve",
    "decline_insufficient_funds",
    "decline_generic",
    "decline_fraud",
    "3ds_challenge",
    "pending_then_success",
    "pending_then_fail",
    "cancel",
)
_BUTTONS: Mapping[tuple[Method, Status], tuple[str, ...]] = {
    (Method.CARD, Status.AWAITING_PAYER): _CARD_BUTTONS,
    (Method.CARD, Status.CHALLENGE): ("3ds_ok", "3ds_fail", "3ds_abandon"),
    (Method.SBP, Status.AWAITING_PAYER): ("sbp_scanned", "sbp_paid", "sbp_rejected"),
    (Method.SBP, Status.SCANNED): ("sbp_paid", "sbp_rejected"),
}

_RARE: Mapping[str, tuple[str, ...]] = {
    "It is paid, and later": (
        "refund_pending_then_success",
        "refund_pending_then_fail",
        "refund_refused",
    ),
}


def asked(metadata: Mapping[str, str], amount_minor: int, method: Method) -> Scenario | None:
    """What the payment follows by itself, or None: it waits for the payer.

    Raises KeyError for a name that is not in the table. A scenario of the other method is no
    mistake: one link may be paid in both ways.
    """
    name = metadata.get(METADATA_KEY)
    if name:
        scenario: Scenario | None = SCENARIOS[name]
    else:
        scenario = _BY_TAIL.get(amount_minor % 100) if amount_minor >= TAIL_AMOUNT_MIN else None
    return scenario if scenario and scenario.steps and method in scenario.methods else None


def refunding(payment: Payment) -> Refunding:
    return SCENARIOS[payment.scenario].refunding if payment.scenario else Refunding.AT_ONCE


def buttons(payment: Payment) -> tuple[Scenario, ...]:
    """What the payer may decide now. Empty once the payment no longer awaits them."""
    return tuple(SCENARIOS[name] for name in _BUTTONS.get((payment.method, payment.status), ()))


def rare_buttons(payment: Payment) -> Mapping[str, tuple[Scenario, ...]]:
    """The less common ones, by heading. They are offered on the first page only."""
    if payment.status is not Status.AWAITING_PAYER:
        return {}
    return {heading: tuple(SCENARIOS[name] for name in names) for heading, names in _RARE.items()}
