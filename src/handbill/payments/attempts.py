"""A new attempt to pay: stored, and looked after from its first moment."""

from __future__ import annotations

import msgspec

from handbill.infra import jobs
from handbill.infra.database import Tx
from handbill.kernel import ids
from handbill.kernel.clock import Instant
from handbill.merchants import accounts
from handbill.merchants.model import BY_HAND, Account
from handbill.payments import model, store
from handbill.payments.model import Attempt, AttemptStatus, Payment


def offered(tx: Tx, payment: Payment) -> dict[str, Account]:
    """Each method by which a payment can be paid that the API made or a till sold."""
    found = accounts.offered(tx, payment.tenant, payment.currency)
    return {name: found[name] for name in found if payment.has_days or name not in BY_HAND}


def life_of(method: str) -> Instant:
    """How long a payer has, where nobody waits for their place."""
    return model.TRANSFER_LIFE if method in BY_HAND else model.ATTEMPT_LIFE


def with_days(payment: Payment, now: Instant) -> Payment:
    """The payment with the days that a bank transfer may take."""
    return msgspec.structs.replace(
        payment, expires_at=max(payment.expires_at, now + model.TRANSFER_LIFE)
    )


def begin(
    tx: Tx,
    payment: Payment,
    account: Account,
    method: str,
    attempt_id: str | None,
    lifetime: Instant,
) -> Attempt:
    """Stored with the job that asks the acquirer about it, whatever becomes of this process."""
    attempt = msgspec.structs.replace(
        untried(tx, payment, account.id, account.provider, method),
        id=attempt_id or ids.new_id(tx.now),
        expires_at=tx.now + lifetime,
    )
    store.add_attempt(tx, attempt)
    payload = {"attempt_id": attempt.id, "merchant_id": attempt.merchant_id, "asked": 0}
    jobs.add(tx, model.RECONCILE, payload, due_at=model.reconcile_at(0, tx.now), key=attempt.id)
    return attempt


def untried(tx: Tx, payment: Payment, account_id: str, provider: str, method: str) -> Attempt:
    """For the whole amount, and nothing has become of it yet. Not stored."""
    return Attempt(
        id=ids.new_id(tx.now),
        payment_id=payment.id,
        merchant_id=payment.merchant_id,
        account_id=account_id,
        provider=provider,
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
        expires_at=tx.now,
    )
