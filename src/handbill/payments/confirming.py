"""A person has seen the money of a bank transfer, and says so: in place of an acquirer's answer.

It goes the way of any answer, through `service.apply`: what fits pays, what comes after the end is
late, what comes for a paid thing is surplus, and another sum waits for a decision.
"""

from __future__ import annotations

import msgspec

from handbill.infra.database import Tx
from handbill.kernel import ids
from handbill.kernel.errors import Conflict, Invalid
from handbill.kernel.money import AMOUNT_MAX, Money
from handbill.payments import attempts, charging, facts, moves, refund_store, service, store
from handbill.payments.model import Attempt, AttemptStatus, Payment, Standing
from handbill.payments.turns import LANDINGS, Landing
from handbill.providers import transfer
from handbill.providers.contract import Charged

BANK_ENTRY_MAX = 64
FURTHER_MAX = 50
"""Credits of one payment after the first of each reference."""


class Credit(msgspec.Struct, frozen=True):
    """Money that a person has seen. `amount_minor`: if it is not what was asked. `reference`: what
    its purpose holds, if they say so. `bank_entry`: what their bank calls it; another entry is
    other money, and without one money of the same sum is the same."""

    amount_minor: int | None = None
    reference: str | None = None
    bank_entry: str | None = None


def confirm(tx: Tx, payment: Payment, credit: Credit, by: str) -> Payment:
    """`by`: who says so, for the event.

    At most once: a repeat that says the same changes nothing. Raises Invalid; Conflict where no
    transfer was announced, or where something else was said of this credit before.
    """
    _check(credit)
    attempt = _attempt_of(tx, payment, credit)
    came = Money(credit.amount_minor or attempt.expected.minor, attempt.currency)
    if (known := _known(attempt)) is not None:
        if came == known:
            return payment
        if not _is_put_right(tx, attempt, came):
            words = f"It was confirmed before, with {known.minor} {known.currency}."
            more = "If other money came, say what your bank calls it: bank_entry."
            raise Conflict(f"{words} {more}", code="already_confirmed")
    said: dict[str, object] = {"received": {"amount": came.minor, "currency": came.currency}}
    if credit.bank_entry is not None:
        attempt = moves.save(tx, attempt, bank_entry=credit.bank_entry)
        said["bank_entry"] = credit.bank_entry
    fee = charging.no_fee(attempt)
    outcome = Charged(attempt.reference or "", came, attempt.id, fee=fee)
    payment = service.apply(tx, attempt.id, outcome).payment
    facts.record(tx, "payment.confirmed", payment, more={**said, "confirmed_by": by})
    return payment


def as_kept(typed: str) -> str:
    """A reference as it is kept, however a payer or their bank wrote it."""
    return ids.parse_short_code("".join(c for c in typed if c.isalnum())) or typed


def _check(credit: Credit) -> None:
    """Raises Invalid."""
    if credit.amount_minor is not None and not 1 <= credit.amount_minor <= AMOUNT_MAX:
        raise Invalid({"amount": [f"must be from 1 to {AMOUNT_MAX}"]})
    entry = credit.bank_entry
    if entry is None:
        return
    if not (1 <= len(entry) <= BANK_ENTRY_MAX and entry.isprintable() and not entry.isspace()):
        words = f"must be 1 to {BANK_ENTRY_MAX} printable characters"
        raise Invalid({"bank_entry": [words]})


def _attempt_of(tx: Tx, payment: Payment, credit: Credit) -> Attempt:
    """The one that the credit is booked as: known by its entry, or that of the payer's reference,
    or a new one beside it where the bank has another entry for that already."""
    entry = credit.bank_entry
    if entry is not None and (same := store.find_by_bank_entry(tx, payment.id, entry)) is not None:
        return same
    attempt = _announced(tx, payment, credit.reference)
    if entry is None or _known(attempt) is None:
        return attempt
    return _further(tx, payment, attempt, credit.amount_minor)


def _announced(tx: Tx, payment: Payment, reference: str | None) -> Attempt:
    """The transfer that the reference was given for. Without one: which is confirmed already and
    was not sent back, or else which waits, or else the latest."""
    announced = [one for one in _transfers(tx, payment) if one.qr_payload is not None]
    if not announced:
        words = "No payer of this transaction was given a reference for a bank transfer."
        raise Conflict(words, code="no_transfer")
    if reference is not None:
        named = [one for one in announced if one.reference == as_kept(reference)]
        if not named:
            raise Invalid({"reference": ["was given to no payer of this transaction"]})
        return named[0]
    returned = _returned(tx, payment.id)
    fresh = [one for one in announced if one.id not in returned]
    confirmed = [one for one in fresh if _known(one) is not None]
    return (confirmed or [one for one in fresh if one.live] or fresh or announced)[-1]


def _further(tx: Tx, payment: Payment, attempt: Attempt, amount_minor: int | None) -> Attempt:
    """Another credit under the same reference: an attempt of its own, which has ended. It pays what
    nothing has paid yet; of what is paid it is surplus, whatever its sum."""
    known = [one for one in _transfers(tx, payment) if one.qr_payload is None]
    if len(known) >= FURTHER_MAX:
        raise Conflict(f"A transaction takes at most {FURTHER_MAX} further credits.")
    asked = attempt.expected.minor
    if LANDINGS[payment.status] is Landing.SURPLUS:
        asked = amount_minor or asked
    untried = attempts.untried(tx, payment, attempt.account_id, attempt.provider, attempt.method)
    further = msgspec.structs.replace(
        untried,
        status=AttemptStatus.CANCELLED,
        live=False,
        reference=transfer.reference_of(untried.id),
        amount_minor=asked,
    )
    store.add_attempt(tx, further)
    return further


def _transfers(tx: Tx, payment: Payment) -> list[Attempt]:
    return [one for one in store.attempts_of(tx, payment.id) if one.by_hand and one.reference]


def _known(attempt: Attempt) -> Money | None:
    """What was said to have come."""
    if attempt.received_minor is not None and attempt.received_currency is not None:
        return Money(attempt.received_minor, attempt.received_currency)
    return attempt.amount if attempt.status is AttemptStatus.CHARGED else None


def _is_put_right(tx: Tx, attempt: Attempt, came: Money) -> bool:
    """Whether a sum that was mistyped is replaced by what was asked, before anybody has decided
    about it."""
    undecided = attempt.standing is Standing.REVIEW and attempt.id not in _returned(
        tx, attempt.payment_id
    )
    return undecided and came == attempt.expected


def _returned(tx: Tx, payment_id: str) -> set[str]:
    """Attempts whose money goes back, or has gone."""
    return {one.attempt_id for one in refund_store.of_payment(tx, payment_id) if one.is_live}
