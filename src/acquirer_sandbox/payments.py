"""What may happen to a payment: moved along a scenario, decided, captured, left, expired.

Every change of its status goes through `_move`, which keeps the table of states and tells the
shop.
"""

from __future__ import annotations

import itertools

import msgspec

from acquirer_sandbox import agenda, choosing, notifications, store
from acquirer_sandbox.model import NEXT, OPEN, DeclineCode, Payment, Status
from acquirer_sandbox.scenarios import PENDING_FOR, Scenario, Twist
from handbill.infra.database import Tx
from handbill.kernel.clock import DAY, Instant
from handbill.kernel.errors import Conflict, NotFound
from handbill.kernel.states import advance

FOLLOW = "sandbox.follow"
EXPIRE = "sandbox.expire"
FOLLOW_UP = "sandbox.follow_up"
HOLD_LIFETIME = 7 * DAY
_WITHOUT_MONEY = frozenset({Status.CANCELLED, Status.EXPIRED})


def begin(tx: Tx, payment: Payment, scenario: Scenario) -> Payment:
    """A new payment that goes by itself."""
    if not scenario.steps:
        return payment
    if scenario.steps[0].to in OPEN:  # the payer's first look must already find it there
        return follow(tx, payment, scenario)
    _schedule(tx, payment, scenario, 0)
    return payment


def take(tx: Tx, payment_id: str) -> Payment:
    """Locks the payment for a change. One whose deadline has passed is expired from here on,
    whether its job has come by or not. Raises NotFound."""
    payment = store.lock_payment(tx, payment_id)
    if payment is None:
        raise NotFound("There is no such payment.")
    return _move(tx, payment, Status.EXPIRED) if payment.is_overdue(tx.now) else payment


def follow(tx: Tx, payment: Payment, scenario: Scenario, number: int = 0) -> Payment:
    """Takes one step of a scenario and schedules the next. A payment that has gone another way
    meanwhile stays as it is."""
    expected = OPEN if number == 0 else {scenario.steps[number - 1].to}
    if payment.status not in expected:
        return payment
    step = scenario.steps[number]
    payment = _move(tx, payment, step.to, step.decline)
    following = scenario.steps[number + 1 :][:1]
    # What is held in two stages is the shop's to take, not the scenario's.
    is_shops = payment.status is Status.AUTHORIZED and not payment.capture
    if following and not (is_shops and following[0].to is Status.CHARGED):
        _schedule(tx, payment, scenario, number + 1)
    return payment


def decide(tx: Tx, payment_id: str, name: str) -> tuple[Payment, bool]:
    """A press of the payer's button. False: the payment, as it is now, has no such button."""
    payment = take(tx, payment_id)
    if not payment.awaits_payer(tx.now):
        return payment, False
    rare = choosing.rare_buttons(payment).values()
    offered = itertools.chain(choosing.buttons(payment), *rare)
    chosen = next((scenario for scenario in offered if scenario.name == name), None)
    if chosen is None:
        return payment, False
    # What the shop asked for outlasts a payer who only looks further, or leaves.
    if chosen.steps[-1].to not in OPEN | {Status.CANCELLED}:
        payment = msgspec.structs.replace(payment, scenario=chosen.name)
    return follow(tx, payment, chosen), True


def capture(tx: Tx, payment_id: str, amount_minor: int | None) -> Payment:
    """All of the held amount, or a part: the rest is released. Raises Conflict."""
    payment = take(tx, payment_id)
    if payment.status is not Status.AUTHORIZED:
        raise _wrong_state(payment, "captured")
    amount = payment.amount_minor if amount_minor is None else amount_minor
    if amount > payment.amount_minor:
        raise Conflict("More than was authorized.", code="amount_too_large")
    return _move(tx, msgspec.structs.replace(payment, captured_minor=amount), Status.CHARGED)


def cancel(tx: Tx, payment_id: str) -> Payment:
    """Gives up an open payment or releases a held one. Cancelling twice is no mistake.
    Raises Conflict where the money is taken or on its way."""
    payment = take(tx, payment_id)
    if payment.status is Status.CANCELLED:
        return payment
    if Status.CANCELLED not in NEXT[payment.status]:
        raise _wrong_state(payment, "cancelled")
    return _move(tx, payment, Status.CANCELLED)


def expire(tx: Tx, payment_id: str) -> Instant | None:
    """At the deadline. Gives the deadline of a payment that still has one, because this came
    early; None where there is nothing left to wait for."""
    payment = take(tx, payment_id)
    return payment.expires_at if payment.has_deadline else None


def pay_late(tx: Tx, payment_id: str) -> None:
    """Money for a payment that had ended without."""
    payment = take(tx, payment_id)
    if payment.status in _WITHOUT_MONEY:
        _move(tx, payment, Status.CHARGED)


def _move(tx: Tx, payment: Payment, to: Status, decline: DeclineCode | None = None) -> Payment:
    two_stages = not payment.capture and payment.status not in _WITHOUT_MONEY
    if to is Status.CHARGED and payment.status is not Status.AUTHORIZED and two_stages:
        to = Status.AUTHORIZED
    if not advance(NEXT, payment.status, to):
        return payment
    payment = msgspec.structs.replace(payment, status=to, decline_code=decline, updated_at=tx.now)
    if to is Status.AUTHORIZED:
        payment = msgspec.structs.replace(payment, expires_at=tx.now + HOLD_LIFETIME)
        _plan(tx, EXPIRE, payment, payment.expires_at)
    elif to is Status.CHARGED:
        payment = _charge(payment)
    store.change_payment(tx, payment)
    if to not in OPEN:
        notifications.record(tx, f"payment.{to}", payment)
    if _is_followed_up(payment):
        _plan(tx, FOLLOW_UP, payment, tx.now + PENDING_FOR)
    return payment


def _charge(payment: Payment) -> Payment:
    twist = choosing.twist(payment)
    amount = payment.captured_minor or payment.amount_minor
    if twist is Twist.TAKE_LESS and amount > 1:
        amount -= 1
    currency = payment.currency
    if twist is Twist.TAKE_OTHER_CURRENCY:
        currency = "USD" if currency != "USD" else "EUR"
    return msgspec.structs.replace(payment, captured_minor=amount, currency=currency)


def _is_followed_up(payment: Payment) -> bool:
    twist = choosing.twist(payment)
    if payment.status is Status.CHARGED:
        return twist in (Twist.CHARGE_AGAIN, Twist.DISPUTE)
    return payment.status in _WITHOUT_MONEY and twist is Twist.PAY_AFTER_END


def _schedule(tx: Tx, payment: Payment, scenario: Scenario, number: int) -> None:
    at = tx.now + scenario.steps[number].after
    _plan(tx, FOLLOW, payment, at, scenario=scenario.name, step=number)


def _plan(tx: Tx, kind: str, payment: Payment, at: Instant, **more: str | int) -> None:
    agenda.plan(tx, kind, payment.shop_id, {"payment": payment.id, **more}, at)


def _wrong_state(payment: Payment, verb: str) -> Conflict:
    return Conflict(f"A payment that is {payment.status} cannot be {verb}.", code="wrong_state")
