"""What a merchant decides about a payment that is under way: to cancel it, to take what is held.

Network between transactions, as in `start`: whatever gets lost on the way is found out by the job
of the attempt.
"""

from __future__ import annotations

import msgspec
import structlog

from handbill.infra.database import Database, Tx
from handbill.kernel.errors import (
    Conflict,
    OutcomeUnknown,
    ProviderRejected,
    ProviderUnavailable,
)
from handbill.links import store as places
from handbill.merchants import accounts
from handbill.merchants.accounts import Acquirers
from handbill.merchants.model import Account, Tenant
from handbill.payments import capturing, ending, model, moves, service, store
from handbill.payments.model import Attempt, AttemptStatus, Payment, PaymentStatus
from handbill.providers.contract import Authorized

log = structlog.get_logger()

TRIES_MAX = 3


class _Live(msgspec.Struct, frozen=True):
    """A payment and the attempt that the acquirer has to be asked about first, if there is one."""

    payment: Payment
    attempt: Attempt | None = None
    account: Account | None = None


class Decisions:
    """The verbs with network in them. Holds nothing but what they need."""

    def __init__(self, acquirers: Acquirers) -> None:
        self._acquirers = acquirers

    async def cancel(self, db: Database, tenant: Tenant, payment_id: str) -> Payment:
        """Ends a payment that is not paid; what is held is released. Done already is no mistake.

        Raises NotFound; Conflict where it is paid, has ended otherwise, or is being decided.
        """
        for _ in range(TRIES_MAX):
            found = await db.write(
                lambda tx: _cancel(tx, tenant, payment_id), merchant=tenant.merchant_id
            )
            if found.attempt is None or found.account is None:
                return found.payment
            await ending.end_attempt(db, self._acquirers, found.attempt, found.account, "cancel")
        raise Conflict("The payment is being decided at the acquirer; try again in a moment.")

    async def capture(self, db: Database, tenant: Tenant, payment_id: str) -> Payment:
        """Brings a capture that was begun to its end. One that has come to it is given as it is.

        Raises Conflict where the acquirer refuses; the amount is then still held. Where it does
        not answer, the payment stays `processing` and its job asks again with the same key.
        """
        found = await db.point(lambda tx: _held(tx, tenant, payment_id))
        attempt = found.attempt
        if attempt is None or found.account is None:
            return found.payment
        try:
            provider = self._acquirers.open(found.account)
            outcome = await capturing.capture(provider, attempt)
        except (ProviderRejected, ProviderUnavailable, OutcomeUnknown) as error:
            log.warning("capture_not_answered", attempt=attempt.id, error=error.code)
            return found.payment
        if outcome is None:
            return found.payment
        taken = await db.write(
            lambda tx: capturing.take_in(tx, attempt.id, outcome), merchant=tenant.merchant_id
        )
        if isinstance(outcome, Authorized):
            raise Conflict("The acquirer refused to capture this payment.", code="capture_refused")
        return taken


def _cancel(tx: Tx, tenant: Tenant, payment_id: str) -> _Live:
    """The payment once it is cancelled; with its attempt while that has to be ended first."""
    payment = service.get(tx, tenant, payment_id)
    if payment.status is PaymentStatus.CANCELLED:
        return _Live(payment)
    if payment.status in (PaymentStatus.CHARGED, PaymentStatus.REFUNDED):
        raise Conflict("The payment is paid: refund it instead.", code="already_charged")
    if payment.status not in model.OPEN:
        raise Conflict(f"The payment has ended: it is {payment.status}.", code="already_ended")
    attempt = store.latest_attempt(tx, payment.id)
    if attempt is not None and attempt.error_code == model.REVIEW:
        raise Conflict("Money came that does not fit: decide about it first.", code="in_review")
    if attempt is not None and attempt.live:
        return _Live(payment, attempt, accounts.get(tx, attempt.account_id))
    places.free_place(tx, payment.id)
    return _Live(moves.advance(tx, payment, PaymentStatus.CANCELLED))


def _held(tx: Tx, tenant: Tenant, payment_id: str) -> _Live:
    """The payment, with its attempt while something of it is to be captured."""
    payment = service.get(tx, tenant, payment_id)
    attempt = store.latest_attempt(tx, payment.id)
    if attempt is None or attempt.status is not AttemptStatus.AUTHORIZED:
        return _Live(payment)
    if attempt.capture_minor is None:
        return _Live(payment)
    return _Live(payment, attempt, accounts.get(tx, attempt.account_id))
