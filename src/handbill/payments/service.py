"""Decides about payments: `apply` is the only code that changes a payment's status.

A provider answers, this module decides. It runs under the merchant's lock, in one transaction with
its events, and a repeat of what is known already changes nothing.
"""

from __future__ import annotations

import msgspec

from handbill.infra import jobs
from handbill.infra.database import Tx
from handbill.infra.paging import Page, Position
from handbill.kernel import ids, states
from handbill.kernel.errors import NotFound
from handbill.kernel.money import Money
from handbill.ledger import book, recipes
from handbill.links import service as links
from handbill.links import store as places
from handbill.merchants import service as merchants
from handbill.merchants.fees import derive
from handbill.merchants.model import Tenant
from handbill.payments import facts, model, store
from handbill.payments.model import Attempt, AttemptStatus, Payment, PaymentStatus
from handbill.providers.contract import (
    ActionRequired,
    Authorized,
    Cancelled,
    Charged,
    Declined,
    Outcome,
    Pending,
)

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
    match outcome:
        case Charged():
            attempt, payment = _charge(tx, attempt, payment, outcome)
        case _ if not attempt.live:
            pass  # what has ended is revived by money alone
        case Authorized() | Pending():
            attempt, payment = _await_acquirer(tx, attempt, payment, outcome)
        case ActionRequired():
            attempt, payment = _await_payer(tx, attempt, payment, outcome)
        case Declined():
            attempt, payment = _decline(tx, attempt, payment, outcome)
        case Cancelled():
            attempt, payment = _cancel(tx, attempt, payment, outcome, switching)
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
    return _advance(tx, payment, PaymentStatus.FAILED if declined else PaymentStatus.CANCELLED)


def reject(tx: Tx, attempt_id: str, code: str, description: str) -> PaymentWithAttempt:
    """The acquirer refused our request as wrong: no money, and trying the same again is no use."""
    attempt = store.get_attempt(tx, attempt_id)
    payment = store.get(tx, attempt.payment_id)
    if not attempt.live:
        return PaymentWithAttempt(payment, attempt)
    words = {"error_code": code, "error_description": description}
    attempt = _move(tx, attempt, AttemptStatus.DECLINED, **words)
    places.free_place(tx, payment.id)
    if payment.status in model.OPEN:
        payment = msgspec.structs.replace(payment, **words)
        payment = _advance(tx, payment, PaymentStatus.REJECTED)
    return PaymentWithAttempt(payment, attempt)


def _charge(
    tx: Tx, attempt: Attempt, payment: Payment, outcome: Charged
) -> tuple[Attempt, Payment]:
    if attempt.status is AttemptStatus.CHARGED:
        return attempt, payment
    if outcome.amount != attempt.amount or outcome.attempt_id not in (None, attempt.id):
        return _review(tx, attempt, payment, outcome), payment
    was_live = attempt.live
    attempt = _move(
        tx,
        attempt,
        AttemptStatus.CHARGED,
        reference=outcome.reference,
        fee_minor=outcome.fee.minor if outcome.fee else None,
        error_code=None,
        error_description=None,
    )
    if payment.status in (PaymentStatus.CHARGED, PaymentStatus.REFUNDED):
        payment = _save_payment(tx, payment, surplus=True)
        book.post(tx, recipes.surplus(_money(payment, attempt)))
        facts.record(tx, "payment.surplus", payment)
        return attempt, payment
    rule = merchants.get(tx, payment.merchant_id).fee_rule
    amount = Money(payment.amount_minor, payment.currency)
    payment = msgspec.structs.replace(
        payment,
        amount_dest_minor=derive(rule, amount).dest,
        charged_at=tx.now,
        late=payment.status not in model.OPEN,
        method=attempt.method,
        provider=attempt.provider,
        error_code=None,
        error_description=None,
    )
    if payment.link_id is not None and not links.count_payment(tx, payment.link_id, payment.id):
        payment = msgspec.structs.replace(payment, surplus=True)
    payment = _advance(tx, payment, PaymentStatus.CHARGED)
    book.post(tx, recipes.charged(_money(payment, attempt)))
    if payment.surplus:
        facts.record(tx, "payment.surplus", payment)
    if not was_live:
        _end_another(tx, payment)
    return attempt, payment


def _money(payment: Payment, attempt: Attempt) -> recipes.Charge:
    """The charge of an attempt, as the books take it."""
    return recipes.Charge(
        merchant_id=payment.merchant_id,
        test=payment.test,
        attempt_id=attempt.id,
        provider=attempt.provider,
        amount=payment.amount_minor,
        with_fee=payment.amount_with_fee_minor,
        dest=payment.amount_dest_minor,
        currency=payment.currency,
    )


def _review(tx: Tx, attempt: Attempt, payment: Payment, outcome: Charged) -> Attempt:
    """Money that does not fit what was asked: recorded, judged by a person, never guessed."""
    if attempt.error_code == model.REVIEW:
        return attempt
    attempt = _save(tx, attempt, error_code=model.REVIEW, reference=outcome.reference)
    received = {"amount": outcome.amount.minor, "currency": outcome.amount.currency}
    facts.record(tx, "payment.review", payment, more={"received": received})
    return attempt


def _end_another(tx: Tx, payment: Payment) -> None:
    """Paid by an attempt that had ended: the one that took its place is to end, before it is paid
    too."""
    other = store.latest_attempt(tx, payment.id)
    if other is not None and other.live:
        payload = {"attempt_id": other.id, "merchant_id": other.merchant_id, "asked": 0}
        key = f"{model.RECONCILE}:{other.id}:paid"
        jobs.add(tx, model.RECONCILE, payload, due_at=tx.now, key=key)


def _await_acquirer(
    tx: Tx, attempt: Attempt, payment: Payment, outcome: Authorized | Pending
) -> tuple[Attempt, Payment]:
    if isinstance(outcome, Authorized):
        attempt = _move(tx, attempt, AttemptStatus.AUTHORIZED, reference=outcome.reference)
    elif attempt.status is not AttemptStatus.AUTHORIZED:
        attempt = _move(tx, attempt, AttemptStatus.PENDING, reference=outcome.reference)
    if payment.status in model.OPEN:
        payment = _advance(tx, payment, PaymentStatus.PROCESSING)
        _prolong_place(tx, payment)
    return attempt, payment


def _await_payer(
    tx: Tx, attempt: Attempt, payment: Payment, outcome: ActionRequired
) -> tuple[Attempt, Payment]:
    if attempt.status is AttemptStatus.CREATED:
        attempt = _move(
            tx,
            attempt,
            AttemptStatus.PENDING,
            reference=outcome.reference,
            redirect_url=outcome.redirect_url,
            qr_payload=outcome.qr_payload,
        )
    if payment.status is PaymentStatus.CREATED:
        payment = _advance(tx, payment, PaymentStatus.PENDING)
    return attempt, payment


def _decline(
    tx: Tx, attempt: Attempt, payment: Payment, outcome: Declined
) -> tuple[Attempt, Payment]:
    words = {"error_code": outcome.code, "error_description": outcome.message}
    reference = outcome.reference or attempt.reference
    attempt = _move(tx, attempt, AttemptStatus.DECLINED, reference=reference, **words)
    places.free_place(tx, payment.id)
    if payment.status not in model.OPEN:
        return attempt, payment  # paid by another attempt meanwhile
    payment = msgspec.structs.replace(payment, **words)
    if payment.status is PaymentStatus.PENDING:
        payment = _save_payment(tx, payment)
    else:
        payment = _advance(tx, payment, PaymentStatus.PENDING)
    look_again(tx, payment, tx.now + model.GIVE_UP_AFTER)
    return attempt, payment


def _cancel(
    tx: Tx, attempt: Attempt, payment: Payment, outcome: Cancelled, switching: bool
) -> tuple[Attempt, Payment]:
    to = AttemptStatus.EXPIRED if outcome.expired else AttemptStatus.CANCELLED
    attempt = _move(tx, attempt, to, reference=outcome.reference or attempt.reference)
    if payment.status not in model.OPEN:
        return attempt, payment  # paid by another attempt meanwhile
    if switching:  # the place stays the payer's
        look_again(tx, payment, payment.expires_at)
        return attempt, payment
    places.free_place(tx, payment.id)
    if payment.link_id is None and outcome.expired and tx.now < payment.expires_at:
        look_again(tx, payment, payment.expires_at)
        return attempt, payment
    return attempt, _advance(tx, payment, PaymentStatus.CANCELLED)


def look_again(tx: Tx, payment: Payment, at: int) -> None:
    """A job that gives the payment up at `at`, if nobody goes on with it until then."""
    payload = {"payment_id": payment.id, "merchant_id": payment.merchant_id}
    jobs.add(tx, GIVE_UP, payload, due_at=at, key=f"{GIVE_UP}:{payment.id}:{at}")


def _prolong_place(tx: Tx, payment: Payment) -> None:
    """While the acquirer decides, nobody else gets the place."""
    if payment.link_id is not None and places.holds_place(tx, payment.id):
        until = tx.now + model.PLACE_LIFE + model.PLACE_GRACE
        places.hold_place(tx, payment.link_id, payment.id, until)


def _advance(tx: Tx, payment: Payment, to: PaymentStatus) -> Payment:
    if states.advance(model.PAYMENT_STATES, payment.status, to):
        if to is PaymentStatus.CANCELLED:  # not by an error, whatever was declined before
            payment = msgspec.structs.replace(payment, error_code=None, error_description=None)
        payment = _save_payment(tx, payment, status=to)
        if to in facts.WEBHOOK_STATUSES:
            facts.record(tx, f"payment.{to}", payment)
    return payment


def _move(tx: Tx, attempt: Attempt, to: AttemptStatus, **fields: object) -> Attempt:
    states.advance(model.ATTEMPT_STATES, attempt.status, to)
    return _save(tx, attempt, status=to, live=to in model.LIVE, **fields)


def _save(tx: Tx, attempt: Attempt, **fields: object) -> Attempt:
    if all(getattr(attempt, name) == value for name, value in fields.items()):
        return attempt  # a repeat
    attempt = msgspec.structs.replace(attempt, updated_at=tx.now, **fields)
    store.save_attempt(tx, attempt)
    tx.announce(facts.topic(attempt.payment_id))
    return attempt


def _save_payment(tx: Tx, payment: Payment, **fields: object) -> Payment:
    payment = msgspec.structs.replace(payment, updated_at=tx.now, **fields)
    store.save(tx, payment)
    tx.announce(facts.topic(payment.id))
    return payment
