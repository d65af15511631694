"""What may happen to a payment: created, moved along a scenario, decided, captured, left, expired.

Every change goes through `_move`, which keeps the table of states and tells the shop.
"""

from __future__ import annotations

import itertools
from typing import Annotated

import msgspec

from acquirer_sandbox import notifications, sbp, scenarios, store
from acquirer_sandbox.model import NEXT, OPEN, DeclineCode, Method, Payment, Shop, Status
from acquirer_sandbox.scenarios import Scenario
from handbill.infra import jobs
from handbill.infra.database import Tx
from handbill.kernel import ids
from handbill.kernel.clock import DAY, HOUR, Instant
from handbill.kernel.errors import Conflict, Invalid, NotFound
from handbill.kernel.money import AMOUNT_MAX, currency_fault
from handbill.kernel.states import advance

FOLLOW = "sandbox.follow"
EXPIRE = "sandbox.expire"
ADDRESS_LENGTH_MAX = 2_048
LIFETIME = HOUR
LIFETIME_MAX = 30 * DAY

Amount = Annotated[int, msgspec.Meta(ge=1, le=AMOUNT_MAX)]
Address = Annotated[
    str, msgspec.Meta(max_length=ADDRESS_LENGTH_MAX, pattern=r"\Ahttps?://[^\s/?#@]+[^\s\x00]*\Z")
]
# A zero character is text in JSON, but not in PostgreSQL.
_STORABLE = r"\A[^\x00]*\Z"
Word = Annotated[str, msgspec.Meta(min_length=1, max_length=64, pattern=_STORABLE)]
Line = Annotated[str, msgspec.Meta(max_length=2_000, pattern=_STORABLE)]
MetadataName = Annotated[str, msgspec.Meta(max_length=40)]
Metadata = Annotated[
    dict[MetadataName, Annotated[str, msgspec.Meta(max_length=500)]], msgspec.Meta(max_length=50)
]


class NewPayment(msgspec.Struct, frozen=True):
    """The body of POST /v1/payments. `amount` in minor units, `expires_at` in Unix milliseconds
    (an hour from now by default), `capture` false for two stages."""

    amount: Amount
    currency: str
    method: Method
    attempt_id: Word
    return_url: Address
    notification_url: Address
    description: Line = ""
    capture: bool = True
    expires_at: Instant | None = None
    metadata: Metadata = {}


def create(tx: Tx, shop: Shop, order: NewPayment, base_url: str) -> Payment:
    """Raises Invalid. `base_url` is where payers find this acquirer."""
    scenario = _check(order, tx.now)
    if order.method is Method.SBP:
        token = sbp.code()
        url = sbp.payload(base_url, token, order.amount)
    else:
        token = ids.token()
        url = f"{base_url}/pay/{token}"
    payment = Payment(
        id=ids.new_id(tx.now),
        shop_id=shop.id,
        attempt_id=order.attempt_id,
        token=token,
        method=order.method,
        status=Status.AWAITING_PAYER,
        amount_minor=order.amount,
        captured_minor=0,
        refunded_minor=0,
        currency=order.currency,
        capture=order.capture,
        description=order.description,
        return_url=order.return_url,
        notification_url=order.notification_url,
        payment_url=url,
        metadata=order.metadata,
        scenario=scenario.name if scenario else None,
        decline_code=None,
        created_at=tx.now,
        updated_at=tx.now,
        expires_at=order.expires_at or tx.now + LIFETIME,
    )
    store.add_payment(tx, payment)
    jobs.add(tx, EXPIRE, {"payment": payment.id}, due_at=payment.expires_at)
    if scenario is None:
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
    if payment.status in OPEN and not payment.awaits_payer(tx.now):
        return _move(tx, payment, Status.EXPIRED)
    return payment


def follow(tx: Tx, payment: Payment, scenario: Scenario, number: int = 0) -> Payment:
    """Takes one step of a scenario and schedules the next. A payment that has gone another way
    meanwhile stays as it is."""
    expected = OPEN if number == 0 else {scenario.steps[number - 1].to}
    if payment.status not in expected:
        return payment
    step = scenario.steps[number]
    payment = _move(tx, payment, step.to, step.decline)
    if number + 1 < len(scenario.steps):
        _schedule(tx, payment, scenario, number + 1)
    return payment


def decide(tx: Tx, payment_id: str, name: str) -> tuple[Payment, bool]:
    """A press of the payer's button. False: the payment, as it is now, has no such button."""
    payment = take(tx, payment_id)
    if not payment.awaits_payer(tx.now):
        return payment, False
    rare = scenarios.rare_buttons(payment).values()
    offered = itertools.chain(scenarios.buttons(payment), *rare)
    chosen = next((scenario for scenario in offered if scenario.name == name), None)
    if chosen is None:
        return payment, False
    if chosen.steps[-1].to not in OPEN:  # what decides how it goes on from here
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
    """At the deadline. Gives the deadline of a payment that is still open, because this came
    early; None where there is nothing left to wait for."""
    payment = take(tx, payment_id)
    return payment.expires_at if payment.status in OPEN else None


def _check(order: NewPayment, now: Instant) -> Scenario | None:
    """Gives the scenario that is asked for. Raises Invalid with all faults."""
    faults: dict[str, list[str]] = {}
    fault = currency_fault(order.currency)
    if fault is None and order.method is Method.SBP and order.currency != "RUB":
        fault = "must be RUB: fast payments know no other currency"
    if fault is not None:
        faults["currency"] = [fault]
    if order.expires_at is not None and not now < order.expires_at <= now + LIFETIME_MAX:
        faults["expires_at"] = ["must lie ahead, by 30 days at most"]
    scenario = None
    try:
        scenario = scenarios.asked(order.metadata, order.amount, order.method)
    except KeyError:
        names = ", ".join(scenarios.SCENARIOS)
        faults[f"metadata.{scenarios.METADATA_KEY}"] = [f"must be one of {names}"]
    if faults:
        words = "; ".join(f"{field} {', '.join(why)}" for field, why in faults.items())
        raise Invalid(faults, words)
    return scenario


def _move(tx: Tx, payment: Payment, to: Status, decline: DeclineCode | None = None) -> Payment:
    if to is Status.CHARGED and payment.status is not Status.AUTHORIZED:
        if payment.capture:
            payment = msgspec.structs.replace(payment, captured_minor=payment.amount_minor)
        else:
            to = Status.AUTHORIZED
    if not advance(NEXT, payment.status, to):
        return payment
    payment = msgspec.structs.replace(payment, status=to, decline_code=decline, updated_at=tx.now)
    store.change_payment(tx, payment)
    if to not in OPEN:
        notifications.record(tx, f"payment.{to}", payment)
    return payment


def _schedule(tx: Tx, payment: Payment, scenario: Scenario, number: int) -> None:
    payload = {"payment": payment.id, "scenario": scenario.name, "step": number}
    jobs.add(tx, FOLLOW, payload, due_at=tx.now + scenario.steps[number].after)


def _wrong_state(payment: Payment, verb: str) -> Conflict:
    return Conflict(f"A payment that is {payment.status} cannot be {verb}.", code="wrong_state")
