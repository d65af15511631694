"""Decides about payments: `apply` is the only code that changes a payment's status.

A provider answers, this module decides. It runs under the merchant's lock, in one transaction with
its events, and a repeat of what is known already changes nothing.
"""

from __future__ import annotations

import msgspec

from handbill.infra import jobs
from handbill.infra.database import Tx
from handbill.infra.paging import Page, Position
from handbill.kernel import ids
from handbill.kernel.errors import NotFound
from handbill.links import store as places
from handbill.merchants.model import Tenant
from handbill.payments import charging, facts, model, moves, store
from handbill.payments.model import Attempt, AttemptStatus, Payment, PaymentStatus
from handbill.payments.turns import Turn, turn_of
from handbill.providers.contract import (
    ActionRequired,
    Authorized,
    Cancelled,
    Charged,
    Declined,
    Outcome,
    Pending,
)
from handbill.screening import service as screening

GIVE_UP = "payments.give_up"


class PaymentWithAttempt(msgspec.Struct, frozen=True):
    """A payment and its live attempt, or else its latest one."""

    payment: Payment
    attempt: Attempt | None


def get(tx: Tx, tenant: Tenant, payment_id: str) -> Payment:
    known = ids.parse_id(payment_id)
    payment = store.find(tx, tenant, known) if known else None
    if payment is None:
        raise NotFound("There is no such transaction.")
    return payment


def list_page(
    tx: Tx, tenant: Tenant, narrow: store.Filter, after: Position | None, limit: int
) -> Page[Payment]:
    return store.list_page(tx, tenant, narrow, after, limit)


def by_token(tx: Tx, token: str) -> PaymentWithAttempt:
    """For the payer's status page. Raises NotFound."""
    payment = store.find_by_token(tx, token)
    if payment is None:
        raise NotFound("There is no such payment.")
    return PaymentWithAttempt(payment, store.latest_attempt(tx, payment.id))


def of_payer(tx: Tx, link_id: str, payer: str) -> PaymentWithAttempt | None:
    """The latest payment that this payer began on the link. `payer` is the hash of a cookie."""
    payment = store.find_of_payer(tx, link_id, payer)
    if payment is None:
        return None
    return PaymentWithAttempt(payment, store.latest_attempt(tx, payment.id))


def apply(
    tx: Tx, attempt_id: str, outcome: Outcome, *, switching: bool = False
) -> PaymentWithAttempt:
    """Takes in what the acquirer says of an attempt.

    `switching`: the payer goes on with another attempt, so an end of this one is not an end of the
    payment. Raises nothing on a repeat, on news that came late, or in another order.
    """
    attempt = store.get_attempt(tx, attempt_id)
    payment = store.get(tx, attempt.payment_id)
    match (turn_of(attempt, outcome), outcome):
        case (Turn.CHARGE, Charged()):
            attempt, payment = charging.charge(tx, attempt, payment, outcome)
        case (Turn.HOLD, Authorized()):
            attempt, payment = _hold(tx, attempt, payment, outcome)
        case (Turn.AWAIT_ACQUIRER, Pending()):
            attempt, payment = _await_acquirer(tx, attempt, payment, outcome)
        case (Turn.AWAIT_PAYER, ActionRequired()):
            attempt, payment = _await_payer(tx, attempt, payment, outcome)
        case (Turn.DECLINE, Declined()):
            attempt, payment = _decline(tx, attempt, payment, outcome)
        case (Turn.END, Cancelled()):
            attempt, payment = _cancel(tx, attempt, payment, outcome, switching)
        case (Turn.RELEASE, _):
            payload = {"attempt_id": attempt.id, "merchant_id": attempt.merchant_id}
            key = f"{model.RELEASE}:{attempt.id}"
            jobs.add(tx, model.RELEASE, payload, due_at=tx.now, key=key)
    _tell_guard(tx, attempt.id, outcome)
    return PaymentWithAttempt(payment, attempt)


def give_up(tx: Tx, payment_id: str) -> Payment:
    """Nobody goes on with a payment: it has failed (after a decline) or is cancelled (deadline).

    Does nothing while an attempt is live or in review, or once the payment has ended.
    """
    payment = store.get(tx, payment_id)
    latest = store.latest_attempt(tx, payment_id)
    if payment.status not in model.OPEN:
        return payment
    if latest is not None and (latest.live or latest.error_code == model.REVIEW):
        return payment
    declined = latest is not None and latest.status is AttemptStatus.DECLINED
    if declined and latest is not None and tx.now < latest.updated_at + model.GIVE_UP_AFTER:
        return payment  # another decline came since: its own job will look again
    if not declined and tx.now < payment.expires_at:
        return payment
    places.free_place(tx, payment_id)
    return moves.advance(tx, payment, PaymentStatus.FAILED if declined else PaymentStatus.CANCELLED)


def reject(tx: Tx, attempt_id: str, code: str, description: str) -> PaymentWithAttempt:
    """The acquirer refused our request as wrong: no money, and trying the same again is no use."""
    attempt = store.get_attempt(tx, attempt_id)
    payment = store.get(tx, attempt.payment_id)
    if not attempt.live:
        return PaymentWithAttempt(payment, attempt)
    words = {"error_code": code, "error_description": description}
    attempt = moves.move(tx, attempt, AttemptStatus.DECLINED, **words)
    places.free_place(tx, payment.id)
    if payment.status in model.OPEN:
        payment = msgspec.structs.replace(payment, **words)
        payment = moves.advance(tx, payment, PaymentStatus.REJECTED)
    return PaymentWithAttempt(payment, attempt)


def _hold(
    tx: Tx, attempt: Attempt, payment: Payment, outcome: Authorized
) -> tuple[Attempt, Payment]:
    """The money is held: until the acquirer takes it, or, in two stages, the merchant does."""
    is_new = attempt.status is not AttemptStatus.AUTHORIZED
    fields: dict[str, object] = {"reference": outcome.reference}
    if is_new and not payment.capture:
        fields["expires_at"] = tx.now + model.HOLD_LIFE
    attempt = moves.move(tx, attempt, AttemptStatus.AUTHORIZED, **fields)
    payment = _under_way(tx, attempt, payment)
    if is_new and not payment.capture and payment.status in model.OPEN:
        facts.record(tx, "payment.held", payment)
    return attempt, payment


def _await_acquirer(
    tx: Tx, attempt: Attempt, payment: Payment, outcome: Pending
) -> tuple[Attempt, Payment]:
    if attempt.status is not AttemptStatus.AUTHORIZED:
        attempt = moves.move(tx, attempt, AttemptStatus.PENDING, reference=outcome.reference)
    return attempt, _under_way(tx, attempt, payment)


def _under_way(tx: Tx, attempt: Attempt, payment: Payment) -> Payment:
    """The payer has done their part. While it is decided, nobody else gets the place."""
    if payment.status not in model.OPEN:
        return payment
    if payment.link_id is not None and places.holds_place(tx, payment.id):
        until = tx.now + model.PLACE_LIFE + model.PLACE_GRACE
        if attempt.status is AttemptStatus.AUTHORIZED and not payment.capture:
            until = attempt.expires_at + model.PLACE_GRACE
        places.hold_place(tx, payment.link_id, payment.id, until)
    return moves.advance(tx, payment, PaymentStatus.PROCESSING)


def _await_payer(
    tx: Tx, attempt: Attempt, payment: Payment, outcome: ActionRequired
) -> tuple[Attempt, Payment]:
    attempt = moves.move(
        tx,
        attempt,
        AttemptStatus.PENDING,
        reference=outcome.reference,
        redirect_url=outcome.redirect_url or attempt.redirect_url,
        qr_payload=outcome.qr_payload or attempt.qr_payload,
    )
    if payment.status in model.OPEN:
        payment = moves.advance(tx, payment, PaymentStatus.PENDING)
    return attempt, payment


def _decline(
    tx: Tx, attempt: Attempt, payment: Payment, outcome: Declined
) -> tuple[Attempt, Payment]:
    words = {"error_code": outcome.code, "error_description": outcome.message}
    reference = outcome.reference or attempt.reference
    attempt = moves.move(tx, attempt, AttemptStatus.DECLINED, reference=reference, **words)
    moves.look_back(tx, attempt)
    places.free_place(tx, payment.id)
    if payment.status not in model.OPEN:
        return attempt, payment  # paid by another attempt meanwhile
    payment = msgspec.structs.replace(payment, **words)
    if payment.status is PaymentStatus.PENDING:
        payment = moves.save_payment(tx, payment)
    else:
        payment = moves.advance(tx, payment, PaymentStatus.PENDING)
    look_again(tx, payment, tx.now + model.GIVE_UP_AFTER)
    return attempt, payment


def _cancel(
    tx: Tx, attempt: Attempt, payment: Payment, outcome: Cancelled, switching: bool
) -> tuple[Attempt, Payment]:
    to = AttemptStatus.EXPIRED if outcome.expired else AttemptStatus.CANCELLED
    attempt = moves.move(tx, attempt, to, reference=outcome.reference or attempt.reference)
    moves.look_back(tx, attempt)
    if payment.status not in model.OPEN:
        return attempt, payment  # paid by another attempt meanwhile
    if switching:  # the place stays the payer's
        look_again(tx, payment, payment.expires_at)
        return attempt, payment
    places.free_place(tx, payment.id)
    if payment.link_id is None and outcome.expired and tx.now < payment.expires_at:
        look_again(tx, payment, payment.expires_at)
        return attempt, payment
    return attempt, moves.advance(tx, payment, PaymentStatus.CANCELLED)


def _tell_guard(tx: Tx, attempt_id: str, outcome: Outcome) -> None:
    """The guard against card testing counts what became of attempts."""
    match outcome:
        case Charged() | Authorized():
            screening.charged(tx, attempt_id)
        case Declined():
            screening.refused(tx, attempt_id, outcome.code)
        case Cancelled():
            screening.withdrawn(tx, attempt_id)


def look_again(tx: Tx, payment: Payment, at: int) -> None:
    """A job that gives the payment up at `at`, if nobody goes on with it until then."""
    payload = {"payment_id": payment.id, "merchant_id": payment.merchant_id}
    jobs.add(tx, GIVE_UP, payload, due_at=at, key=f"{GIVE_UP}:{payment.id}:{at}")
