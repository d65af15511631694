"""What asks for a scenario: a name in the metadata, the end of an amount, a button.

A payment follows a scenario by itself when `metadata.sandbox_scenario` names one, or else when the
last two digits of its amount in minor units (from 100 up) stand in the table; all other payments
wait for a person and the buttons.

Prices end in 0, 5, 9, 8 and 7; people who try things out type 1, 1.23, 10.01, 12.34, 42, 111
and 1024. Nothing of that ends in these digits, so an ordinary price waits for its buttons.
The amount is the one that the payer pays. A fee can lead it here by accident (5 % on 2.50 is 2.63):
the name `wait` keeps such a payment for the buttons.
"""

from __future__ import annotations

from collections.abc import Mapping

from acquirer_sandbox.model import Method, Payment, Status
from acquirer_sandbox.scenarios import RARE, SCENARIOS, Scenario, Twist

METADATA_KEY = "sandbox_scenario"
TAIL_AMOUNT_MIN = 100

_BY_TAIL = {one.tail: one for one in SCENARIOS.values() if one.tail is not None}
_BUTTONS: Mapping[tuple[Method, Status], tuple[str, ...]] = {
    (Method.CARD, Status.AWAITING_PAYER): (
        "approve",
        "decline_insufficient_funds",
        "decline_generic",
        "decline_fraud",
        "3ds_challenge",
        "pending_then_success",
        "pending_then_fail",
        "cancel",
    ),
    (Method.CARD, Status.CHALLENGE): ("3ds_ok", "3ds_fail", "3ds_abandon"),
    (Method.SBP, Status.AWAITING_PAYER): ("sbp_scanned", "sbp_paid", "sbp_rejected"),
    (Method.SBP, Status.SCANNED): ("sbp_paid", "sbp_rejected"),
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
    if scenario is None or method not in scenario.methods:
        return None
    return scenario if scenario.steps or scenario.twist else None


def buttons(payment: Payment) -> tuple[Scenario, ...]:
    """What the payer may decide now. Empty once the payment no longer awaits them."""
    return tuple(SCENARIOS[name] for name in _BUTTONS.get((payment.method, payment.status), ()))


def rare_buttons(payment: Payment) -> Mapping[str, tuple[Scenario, ...]]:
    """The less common ones, by heading. They are offered on the first page only."""
    if payment.status is not Status.AWAITING_PAYER:
        return {}
    fitting = {
        heading: tuple(one for one in part if one.steps and payment.method in one.methods)
        for heading, part in RARE.items()
    }
    return {heading: part for heading, part in fitting.items() if part}


def twist_of_order(metadata: Mapping[str, str], amount_minor: int, method: Method) -> Twist | None:
    """The same before there is a payment. An unknown name is judged with the rest of the order."""
    try:
        scenario = asked(metadata, amount_minor, method)
    except KeyError:
        return None
    return scenario.twist if scenario else None


def twist(payment: Payment) -> Twist | None:
    """What is odd about this payment."""
    return SCENARIOS[payment.scenario].twist if payment.scenario else None
