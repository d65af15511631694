"""A person has seen the money of a bank transfer, and says so: in place of an acquirer's answer.

It goes the way of any answer, through `service.apply`: what fits pays, what comes after the end is
late, what comes for a paid thing is surplus, and another sum waits for a decision.
"""

from __future__ import annotations

from handbill.infra.database import Tx
from handbill.kernel import ids
from handbill.kernel.errors import Conflict, Invalid
from handbill.kernel.money import AMOUNT_MAX, Money
from handbill.payments import charging, facts, service, store
from handbill.payments.model import Attempt, AttemptStatus, Payment, Standing
from handbill.providers.contract import Charged


def confirm(tx: Tx, payment: Payment, amount_minor: int | None, by: str) -> Payment:
    """`amount_minor`: what came, if not what was asked. `by`: who says so, for the event.

    At most once: a repeat that says the same changes nothing. Raises Invalid; Conflict where no
    transfer was announced, or where something else was said of it before.
    """
    if amount_minor is not None and not 1 <= amount_minor <= AMOUNT_MAX:
        raise Invalid({"amount": [f"must be from 1 to {AMOUNT_MAX}"]})
    attempt = _announced(tx, payment)
    came = Money(amount_minor or attempt.expected.minor, attempt.currency)
    if (known := _known(attempt)) is not None:
        if came == known:
            return payment
        if attempt.standing is not Standing.REVIEW or not attempt.live or came != attempt.expected:
            words = f"It was confirmed before, with {known.minor} {known.currency}."
            raise Conflict(words, code="already_confirmed")
    fee = charging.no_fee(attempt)
    outcome = Charged(attempt.reference or "", came, attempt.id, fee=fee)
    payment = service.apply(tx, attempt.id, outcome).payment
    said = {"amount": came.minor, "currency": came.currency}
    facts.record(tx, "payment.confirmed", payment, more={"received": said, "confirmed_by": by})
    return payment


def as_kept(typed: str) -> str:
    """A reference as it is kept, however a payer or their bank wrote it."""
    return ids.parse_short_code("".join(c for c in typed if c.isalnum())) or typed


def _announced(tx: Tx, payment: Payment) -> Attempt:
    """The transfer that money came for: one that is confirmed already, or else the latest."""
    attempts = [one for one in store.attempts_of(tx, payment.id) if one.by_hand and one.reference]
    if not attempts:
        words = "No payer of this transaction was given a reference for a bank transfer."
        raise Conflict(words, code="no_transfer")
    confirmed = [one for one in attempts if _known(one) is not None]
    return (confirmed or attempts)[-1]


def _known(attempt: Attempt) -> Money | None:
    """What was said to have come."""
    if attempt.received_minor is not None and attempt.received_currency is not None:
        return Money(attempt.received_minor, attempt.received_currency)
    return attempt.amount if attempt.status is AttemptStatus.CHARGED else None
