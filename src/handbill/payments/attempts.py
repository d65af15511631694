"""A new attempt to pay: stored, and looked after from its first moment."""

from __future__ import annotations

from handbill.infra import jobs
from handbill.infra.database import Tx
from handbill.kernel import ids
from handbill.kernel.clock import Instant
from handbill.merchants.model import Account
from handbill.payments import model, store
from handbill.payments.model import Attempt, AttemptStatus, Payment


def begin(
    tx: Tx,
    payment: Payment,
    account: Account,
    method: str,
    attempt_id: str | None,
    lifetime: Instant,
) -> Attempt:
    """Stored with the job that asks the acquirer about it, whatever becomes of this process."""
    attempt = Attempt(
        id=attempt_id or ids.new_id(tx.now),
        payment_id=payment.id,
        merchant_id=payment.merchant_id,
        account_id=account.id,
        provider=account.provider,
        method=method,
        status=AttemptStatus.CREATED,
        live=True,
        reference=None,
        redirect_url=None,
        qr_payload=None,
        amount_minor=payment.amount_with_fee_minor,
        currency=payment.currency,
        fee_minor=None,
        standing=None,
        received_minor=None,
        received_currency=None,
        capture_minor=None,
        capture_with_fee_minor=None,
        error_code=None,
        error_description=None,
        created_at=tx.now,
        updated_at=tx.now,
        expires_at=tx.now + lifetime,
    )
    store.add_attempt(tx, attempt)
    payload = {"attempt_id": attempt.id, "merchant_id": attempt.merchant_id, "asked": 0}
    jobs.add(tx, model.RECONCILE, payload, due_at=model.reconcile_at(0, tx.now), key=attempt.id)
    return attempt
