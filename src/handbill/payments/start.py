"""Pay: one transaction, one request to the acquirer, one transaction. And its safety net.

A process that dies between the two is healed by the job of the first: `reconcile` asks the acquirer.
"""

from __future__ import annotations

import msgspec
import structlog

from handbill.infra import jobs
from handbill.infra.database import Database, Tx
from handbill.infra.jobs import Job
from handbill.kernel.addresses import Addresses
from handbill.kernel.clock import Instant
from handbill.kernel.errors import (
    Conflict,
    NotFound,
    OutcomeUnknown,
    ProviderRejected,
    ProviderUnavailable,
)
from handbill.links import store as links
from handbill.merchants import accounts
from handbill.merchants.accounts import Acquirers
from handbill.merchants.model import Account
from handbill.payments import model, opening, service, store
from handbill.payments.model import Attempt, Payment
from handbill.payments.opening import Opened, Order
from handbill.payments.service import PaymentWithAttempt
from handbill.providers.contract import Cancelled, Charge, Charged, Declined, Outcome, Payer

log = structlog.get_logger()

SWITCHES_MAX = 3


class Started(msgspec.Struct, frozen=True):
    """Where the payer goes now: to `redirect_url`, or (None) to the payment's status page."""

    payment: Payment
    attempt: Attempt
    redirect_url: str | None


class Payments:
    """The verbs with network in them. Holds nothing but what they need."""

    def __init__(self, acquirers: Acquirers, addresses: Addresses) -> None:
        self._acquirers = acquirers
        self._addresses = addresses

    async def start(self, db: Database, order: Order) -> Started:
        """Raises LinkNotPayable, NotFound, Invalid; never because the acquirer failed: the payment
        then says so."""
        merchant_id = await db.point(lambda tx: _merchant_of(tx, order))
        for _ in range(SWITCHES_MAX):
            opened = await db.write(
                lambda tx: opening.open_attempt(tx, order), merchant=merchant_id
            )
            if opened.replaces is None:
                break
            await self._end_replaced(db, opened, opened.replaces)
        if opened.attempt is None:
            raise Conflict("The earlier attempt could not be ended yet; try again in a moment.")
        if opened.is_new:
            found = await self._ask(db, opened, opened.attempt, order.address)
        else:
            found = PaymentWithAttempt(opened.payment, opened.attempt)
        attempt = found.attempt or opened.attempt
        return Started(found.payment, attempt, attempt.redirect_url if attempt.live else None)

    async def reconcile(self, db: Database, job: Job) -> None:
        """Asks the acquirer about an attempt that is still open here."""
        attempt_id, asked = job.payload["attempt_id"], job.payload["asked"]
        attempt, account = await db.point(lambda tx: _attempt_and_account(tx, attempt_id))
        merchant_id = attempt.merchant_id
        if not attempt.live:
            await db.write(lambda tx: jobs.finish(tx, job), merchant=merchant_id)
            return
        outcome = await self._find_out(attempt, account, await db.point(lambda tx: tx.now))

        def settle(tx: Tx) -> None:
            found = service.apply(tx, attempt_id, outcome) if outcome is not None else None
            over = tx.now > attempt.expires_at + model.RECONCILE_FOR
            jobs.finish(tx, job)
            if over or (found and found.attempt and not found.attempt.live):
                return
            payload = {**job.payload, "asked": asked + 1}
            due_at = model.reconcile_at(asked + 1, tx.now)
            if tx.now < attempt.expires_at:
                due_at = min(due_at, attempt.expires_at)
            jobs.add(tx, job.kind, payload, due_at=due_at, key=attempt_id)

        await db.write(settle, merchant=merchant_id)

    async def give_up(self, db: Database, job: Job) -> None:
        def settle(tx: Tx) -> None:
            service.give_up(tx, job.payload["payment_id"])
            jobs.finish(tx, job)

        await db.write(settle, merchant=job.payload["merchant_id"])

    async def _find_out(
        self, attempt: Attempt, account: Account, now: Instant
    ) -> Outcome | None:
        """What the acquirer says; past the attempt's end it is told to end it, too."""
        provider = self._acquirers.open(account)
        try:
            outcome = await provider.fetch(attempt.reference, attempt.id)
            if outcome is None and attempt.reference is not None:
                return None  # it knew the attempt once: ask again later
            if outcome is None:
                # It never got there. A later create of ours uses another id, so none can follow.
                return Declined(attempt.reference or "", "provider_unavailable")
            if now >= attempt.expires_at and not _is_end(outcome):
                outcome = await provider.cancel(outcome.reference, f"{attempt.id}:expire")
                if isinstance(outcome, Cancelled):
                    return msgspec.structs.replace(outcome, expired=True)
        except (ProviderRejected, ProviderUnavailable, OutcomeUnknown) as error:
            log.info("reconcile_failed", attempt=attempt.id, error=error.code)
            return None
        return outcome

    async def _ask(
        self, db: Database, opened: Opened, attempt: Attempt, address: str | None
    ) -> PaymentWithAttempt:
        payment, merchant_id = opened.payment, attempt.merchant_id
        provider = self._acquirers.open(opened.account)
        try:
            outcome = await provider.create(self._charge(opened, attempt, address))
        except ProviderRejected as error:
            log.warning("create_rejected", attempt=attempt.id, detail=error.detail)
            words = "The acquirer refused this payment."
            return await db.write(
                lambda tx: service.reject(tx, attempt.id, error.code, words), merchant=merchant_id
            )
        except ProviderUnavailable as error:
            # Nothing happened there: the payer may try again at once.
            log.warning("create_unavailable", attempt=attempt.id, detail=error.detail)
            outcome = Declined("", error.code, "The acquirer cannot be reached at the moment.")
        except OutcomeUnknown:
            log.warning("create_unknown", attempt=attempt.id)
            return PaymentWithAttempt(payment, attempt)
        return await db.write(
            lambda tx: service.apply(tx, attempt.id, outcome), merchant=merchant_id
        )

    async def _end_replaced(self, db: Database, opened: Opened, old: Attempt) -> None:
        """Ends the payer's earlier attempt at its acquirer. Where it was paid meanwhile, that is
        what counts: Pay then finds the payment charged."""
        provider = self._acquirers.open(opened.account)
        try:
            if old.reference is None:
                outcome = await provider.fetch(None, old.id)
                if outcome is None:
                    raise Conflict("The earlier attempt is still on its way; try again in a moment.")
                reference = outcome.reference
            else:
                reference = old.reference
            outcome = await provider.cancel(reference, f"{old.id}:switch")
        except (ProviderRejected, ProviderUnavailable, OutcomeUnknown) as error:
            raise Conflict("The earlier attempt could not be ended; try again.") from error
        await db.write(
            lambda tx: service.apply(tx, old.id, outcome, switching=True),
            merchant=old.merchant_id,
        )

    def _charge(self, opened: Opened, attempt: Attempt, address: str | None) -> Charge:
        payment = opened.payment
        account = opened.account
        return Charge(
            attempt_id=attempt.id,
            key=attempt.id,
            amount=attempt.amount,
            method=attempt.method,
            description=(payment.title or payment.description or f"Payment {payment.txid}")[:128],
            return_url=self._addresses.status_page(payment.token),
            notification_url=self._addresses.notification(account.provider, account.token),
            expires_at=attempt.expires_at,
            payer=Payer(
                email=payment.customer.email,
                phone=payment.customer.phone,
                name=payment.customer.name,
                address=address,
            ),
            locale=payment.lang or "en",
            metadata=payment.metadata,
        )


def _is_end(outcome: Outcome) -> bool:
    return isinstance(outcome, Charged | Declined | Cancelled)


def _merchant_of(tx: Tx, order: Order) -> int:
    if order.link_id is not None:
        link = links.find_for_page(tx, order.link_id)
        if link is not None:
            return link.merchant_id
    elif order.token is not None:
        payment = store.find_by_token(tx, order.token)
        if payment is not None:
            return payment.merchant_id
    raise NotFound("There is nothing to pay here.")


def _attempt_and_account(tx: Tx, attempt_id: str) -> tuple[Attempt, Account]:
    attempt = store.get_attempt(tx, attempt_id)
    return attempt, accounts.get(tx, attempt.account_id)
