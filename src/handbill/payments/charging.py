"""Money came: it pays, comes late, is surplus, or does not fit. Recorded in any case, then handled
by the merchant's rule. Called by `service`, `judging` and `confirming` alone.
"""

from __future__ import annotations

import msgspec

from handbill.infra import jobs
from handbill.infra.database import Tx
from handbill.kernel import ids
from handbill.kernel.money import Money
from handbill.ledger import book, recipes
from handbill.links import service as links
from handbill.links import store as places
from handbill.links import traffic
from handbill.merchants import service as merchants
from handbill.merchants.fees import derive
from handbill.merchants.money_rule import OnLate, OnMismatch, OnSurplus
from handbill.payments import facts, model, moves, refunding, store
from handbill.payments.model import Attempt, AttemptStatus, Payment, PaymentStatus, Standing
from handbill.payments.turns import LANDINGS, Landing
from handbill.providers.contract import Charged


def charge(tx: Tx, attempt: Attempt, payment: Payment, outcome: Charged) -> tuple[Attempt, Payment]:
    """What an acquirer took for an attempt. A repeat brings at most its fee, or another charge."""
    if attempt.status is not AttemptStatus.CHARGED:
        if attempt.standing is Standing.REVIEW and not (attempt.live or attempt.by_hand):
            return attempt, payment  # a person's, whatever the acquirer says now
        if outcome.amount != attempt.expected or outcome.attempt_id not in (None, attempt.id):
            return _does_not_fit(tx, attempt, payment, outcome)
        attempt, payment = take(tx, attempt, payment, outcome.reference)
    for one in (outcome, *outcome.also):
        if one.reference == attempt.reference:
            attempt = settle_fee(tx, attempt, payment, one.fee)
        elif store.find_by_reference(tx, attempt.account_id, one.reference) is None:
            payment = _take_again(tx, attempt, payment, one)
    return attempt, payment


def take(tx: Tx, attempt: Attempt, payment: Payment, reference: str) -> tuple[Attempt, Payment]:
    """The sum that the attempt expects is there."""
    was_live, landing = attempt.live, LANDINGS[payment.status]
    if attempt.standing is Standing.REVIEW:  # what did not fit turned out to fit
        book.post(tx, recipes.cleared(_charge(payment, attempt)))
    standing = Standing.SURPLUS if landing is Landing.SURPLUS else Standing.KEPT
    attempt = moves.move(
        tx,
        attempt,
        AttemptStatus.CHARGED,
        amount_minor=attempt.expected.minor,
        standing=standing,
        received_minor=None,
        received_currency=None,
        reference=reference,
        error_code=None,
        error_description=None,
    )
    if attempt.qr_payload is not None:  # a code can be scanned by another phone, too
        moves.look_back(tx, attempt)
    if landing is Landing.SURPLUS:
        return attempt, _take_surplus(tx, attempt, payment)
    payment = _pay(tx, attempt, payment, late=landing is Landing.LATE)
    if not was_live:
        _end_another(tx, payment)
    return attempt, payment


def _pay(tx: Tx, attempt: Attempt, payment: Payment, *, late: bool) -> Payment:
    merchant = merchants.get(tx, payment.merchant_id)
    amount = attempt.capture_minor or payment.amount_minor
    payment = msgspec.structs.replace(
        payment,
        amount_minor=amount,
        amount_with_fee_minor=attempt.amount_minor,
        amount_dest_minor=derive(merchant.fee_rule, Money(amount, payment.currency)).dest,
        charged_at=tx.now,
        late=late,
        method=attempt.method,
        provider=attempt.provider,
        error_code=None,
        error_description=None,
    )
    is_wanted = not late or _is_payable(tx, payment)
    if payment.link_id is not None and not links.count_payment(tx, payment.link_id, payment.id):
        payment = msgspec.structs.replace(payment, surplus=True)
    payment = moves.advance(tx, payment, PaymentStatus.CHARGED)
    if payment.link_id is not None:
        traffic.count_paid(tx, payment.link_id, payment.placement_id)
    book.post(tx, recipes.charged(_charge(payment, attempt)))
    rule = merchant.money_rule
    if payment.surplus:
        facts.record(tx, "payment.surplus", payment)
        return _by_rule(tx, payment, attempt, rule.surplus)
    if late and not (rule.late is OnLate.ACCEPT_IF_PAYABLE and is_wanted):
        return _by_rule(tx, payment, attempt, rule.late)
    return payment


def _is_payable(tx: Tx, payment: Payment) -> bool:
    """Whether somebody could pay the same now, were it not paid late."""
    if payment.link_id is not None:
        return links.is_payable(tx, payment.link_id)
    return payment.status is PaymentStatus.FAILED and tx.now < payment.expires_at


def _by_rule(tx: Tx, payment: Payment, attempt: Attempt, rule: OnLate | OnSurplus) -> Payment:
    """Of a payment that stands by itself: what was charged can be given back like any. A transfer
    is given back by nobody but a person, whatever the rule says: it is told to one."""
    if rule in (OnLate.ACCEPT, OnSurplus.ACCEPT):
        return payment
    if attempt.by_hand or rule in (OnLate.REVIEW, OnSurplus.REVIEW):
        facts.record(tx, "payment.review", payment)
    else:
        refunding.open_refund(tx, payment, None, None, at_once=True)
    return payment


def _take_surplus(tx: Tx, attempt: Attempt, payment: Payment) -> Payment:
    """A second charge of the same payment: what pays it is never touched by what becomes of it."""
    payment = moves.save_payment(tx, payment, surplus=True)
    book.post(tx, recipes.surplus(_charge(payment, attempt)))
    facts.record(tx, "payment.surplus", payment)
    rule = merchants.get(tx, payment.merchant_id).money_rule.surplus
    if rule is OnSurplus.ACCEPT:
        keep_surplus(tx, attempt, payment)
    elif rule is OnSurplus.REFUND and not attempt.by_hand:
        refunding.give_back(tx, payment, attempt)
    else:
        facts.record(tx, "payment.review", payment)
    return payment


def _take_again(tx: Tx, attempt: Attempt, payment: Payment, outcome: Charged) -> Payment:
    """Another charge of an attempt that is charged already, such as a code that was paid twice: an
    attempt of its own in the books, which can be refunded by itself."""
    another = msgspec.structs.replace(
        attempt,
        id=ids.new_id(tx.now),
        standing=Standing.SURPLUS,
        reference=outcome.reference,
        amount_minor=outcome.amount.minor,
        currency=outcome.amount.currency,
        fee_minor=None,
        created_at=tx.now,
        updated_at=tx.now,
    )
    store.add_attempt(tx, another)
    return _take_surplus(tx, another, payment)


def keep_surplus(tx: Tx, attempt: Attempt, payment: Payment) -> Attempt:
    """The merchant keeps it, as a sale of its own."""
    book.post(tx, recipes.surplus_kept(_charge(payment, attempt)))
    return moves.save(tx, attempt, standing=Standing.ACCEPTED)


def _does_not_fit(
    tx: Tx, attempt: Attempt, payment: Payment, outcome: Charged
) -> tuple[Attempt, Payment]:
    """Another sum, currency or id than was asked: booked as owed, never as a payment."""
    if attempt.standing is Standing.REVIEW:
        return attempt, payment
    if attempt.status is AttemptStatus.CREATED:  # the acquirer has it, that is plain by now
        attempt = moves.move(tx, attempt, AttemptStatus.PENDING)
    attempt = moves.save(
        tx,
        attempt,
        standing=Standing.REVIEW,
        received_minor=outcome.amount.minor,
        received_currency=outcome.amount.currency,
        error_code=model.REVIEW,
        reference=outcome.reference,
    )
    book.post(tx, recipes.in_review(_charge(payment, attempt)))
    if payment.status in model.OPEN:  # the payer has done their part
        payment = moves.advance(tx, payment, PaymentStatus.PROCESSING)
    received = {"amount": outcome.amount.minor, "currency": outcome.amount.currency}
    facts.record(tx, "payment.review", payment, more={"received": received})
    rule = merchants.get(tx, payment.merchant_id).money_rule.mismatch
    if rule is OnMismatch.REFUND and not attempt.by_hand:
        return give_back(tx, attempt, payment)
    return attempt, payment


def give_back(tx: Tx, attempt: Attempt, payment: Payment) -> tuple[Attempt, Payment]:
    """What does not pay the payment goes back. A payment that waited for it ends without money."""
    refunding.give_back(tx, payment, attempt)
    if attempt.standing is Standing.REVIEW and attempt.live:
        attempt = moves.move(tx, attempt, AttemptStatus.CANCELLED, error_code=None)
        places.free_place(tx, payment.id)
        if payment.status in model.OPEN:
            payment = moves.advance(tx, payment, PaymentStatus.CANCELLED)
    return attempt, payment


def settle_fee(tx: Tx, attempt: Attempt, payment: Payment, fee: Money | None) -> Attempt:
    """What the acquirer really kept, once it says so: booked in place of what the tariff said."""
    pays = attempt.standing is Standing.KEPT and attempt.fee_minor is None
    if fee is None or not pays or fee.currency != attempt.currency:
        return attempt
    attempt = moves.save(tx, attempt, fee_minor=fee.minor)
    draft = recipes.fee_settled(_charge(payment, attempt), fee.minor)
    if draft is not None:
        book.post(tx, draft)
    if fee.minor != payment.amount_with_fee_minor - payment.amount_dest_minor:
        facts.record(tx, "payment.fee_settled", payment, more={"provider_fee": fee.minor})
    return attempt


def no_fee(attempt: Attempt) -> Money:
    """What is kept of a bank transfer, whatever the tariff says: no bank takes a fee of it."""
    return Money(0, attempt.currency)


def _charge(payment: Payment, attempt: Attempt) -> recipes.Charge:
    """The charge of an attempt, as the books take it."""
    received = attempt.received_minor or attempt.amount_minor
    return recipes.Charge(
        merchant_id=payment.merchant_id,
        test=payment.test,
        attempt_id=attempt.id,
        provider=attempt.provider,
        amount=payment.amount_minor,
        with_fee=received,
        dest=payment.amount_dest_minor,
        currency=attempt.received_currency or attempt.currency,
    )


def _end_another(tx: Tx, payment: Payment) -> None:
    """Paid by an attempt that had ended: the one that took its place is to end, before it is paid
    too."""
    other = store.latest_attempt(tx, payment.id)
    if other is not None and other.live:
        payload = {"attempt_id": other.id, "merchant_id": other.merchant_id, "asked": 0}
        key = f"{model.RECONCILE}:{other.id}:paid"
        jobs.add(tx, model.RECONCILE, payload, due_at=tx.now, key=key)
