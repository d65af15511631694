"""Taking what is held: asked for with one key, however often, and taken in once."""

from __future__ import annotations

import msgspec
import structlog

from handbill.infra import jobs
from handbill.infra.database import Tx
from handbill.kernel.clock import SECOND
from handbill.kernel.errors import Conflict, Invalid, ProviderRejected
from handbill.merchants import service as merchants
from handbill.merchants.fees import derive
from handbill.payments import model, moves, service, store
from handbill.payments.model import Attempt, AttemptStatus, Payment, PaymentStatus
from handbill.providers.contract import Outcome, Provider

ASK_AFTER = 30 * SECOND
"""Longer than a request to an acquirer may take: who asked for the capture is sending it."""

log = structlog.get_logger()


def begin(tx: Tx, payment: Payment, amount_minor: int | None) -> None:
    """Notes what is to be taken, and the job that sees to it. Does nothing where it is captured
    already, as it was asked. Raises Conflict where nothing is held or another sum is being
    captured; Invalid for more than is held."""
    is_repeat = amount_minor in (None, payment.amount_minor)
    if payment.status is PaymentStatus.CHARGED and not payment.capture and is_repeat:
        return
    attempt = store.latest_attempt(tx, payment.id)
    if payment.capture or attempt is None or attempt.status is not AttemptStatus.AUTHORIZED:
        raise Conflict("Nothing is held for this payment.", code="nothing_held")
    amount = payment.amount_minor if amount_minor is None else amount_minor
    if not 1 <= amount <= payment.amount_minor:
        raise Invalid({"amount": [f"must be from 1 to {payment.amount_minor}, which is held"]})
    if attempt.capture_minor not in (None, amount):
        words = f"A capture of {attempt.capture_minor} is under way."
        raise Conflict(words, code="capture_under_way")
    payload = {"attempt_id": attempt.id, "merchant_id": attempt.merchant_id, "asked": 0}
    key = f"{model.RECONCILE}:{attempt.id}:capture"
    jobs.add(tx, model.RECONCILE, payload, due_at=tx.now + ASK_AFTER, key=key)
    moves.save(
        tx, attempt, capture_minor=amount, capture_with_fee_minor=_with_fee(tx, payment, amount)
    )


async def capture(provider: Provider, attempt: Attempt) -> Outcome | None:
    """Takes the sum that the attempt says. Where that is refused, says what has become of the hold.
    Raises what providers raise."""
    reference = attempt.reference or ""
    try:
        return await provider.capture(reference, attempt.expected, f"{attempt.id}:capture")
    except ProviderRejected as error:
        log.warning("capture_refused", attempt=attempt.id, detail=error.detail)
        return await provider.fetch(reference, attempt.id)


def take_in(tx: Tx, attempt_id: str, outcome: Outcome) -> Payment:
    """What came of a capture. Still held: it was refused, and may be asked for anew."""
    found = service.apply(tx, attempt_id, outcome)
    if found.attempt is not None and found.attempt.status is AttemptStatus.AUTHORIZED:
        moves.save(tx, found.attempt, capture_minor=None, capture_with_fee_minor=None)
    return found.payment


def _with_fee(tx: Tx, payment: Payment, amount_minor: int) -> int:
    """What the payer pays of a part: never more than was held."""
    if amount_minor == payment.amount_minor:
        return payment.amount_with_fee_minor
    rule = merchants.get(tx, payment.merchant_id).fee_rule
    part = msgspec.structs.replace(payment.amount, minor=amount_minor)
    return min(derive(rule, part).with_fee, payment.amount_with_fee_minor)
