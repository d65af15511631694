"""Pay: one transaction, one request to the acquirer, one transaction. And its safety net.

A process that dies between the two is healed by the job of the first: `reconcile` asks.
"""

from __future__ import annotations

import msgspec
import structlog

from handbill.infra import jobs
from handbill.infra.database import Database, Tx
from handbill.infra.jobs import Job
from handbill.kernel import ids
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
from handbill.providers.contract import (
    Authorized,
    Cancelled,
    Charge,
    Charged,
    Declined,
    Outcome,
    Payer,
    Pending,
    Provider,
)

log = structlog.get_logger()

SWITCHES_MAX = 3
UNREACHED = "The acquirer cannot be reached at the moment."


class Started(msgspec.Struct, frozen=True):
    """Where the payer goes now: to `redirect_url`, or (None) to the payment's status page.
    `is_repeat`: another request began the attempt, and may still be asking the acquirer."""

    payment: Payment
    attempt: Attempt
    redirect_url: str | None
    is_repeat: bool = False


class _Asked(msgspec.Struct, frozen=True):
    """An attempt that the acquirer is asked about. `must_end`: its time is over, or the payment was
    paid by another one."""

    attempt: Attempt
    account: Account
    must_end: bool
    is_late: bool


class Payments:
    """The verbs with network in them. Holds nothing but what they need."""

    def __init__(self, acquirers: Acquirers, addresses: Addresses) -> None:
        self._acquirers = acquirers
        self._addresses = addresses

    async def start(self, db: Database, order: Order) -> Started:
        """Raises LinkNotPayable, NotFound, Invalid; Conflict where an earlier attempt of the payer
        cannot be ended. Never raises because the acquirer failed: the payment then says so."""
        merchant_id = await db.point(lambda tx: _merchant_of(tx, order))
        for _ in range(SWITCHES_MAX):
            opened = await db.write(
                lambda tx: opening.open_attempt(tx, order), merchant=merchant_id
            )
            if not opened.must_end:
                return await self._go_on(db, opened, order.address)
            ended = await self._end_earlier(db, opened)
            if ended.payment.status not in model.OPEN:
                # It was paid there meanwhile. Nobody pays twice for having pressed Pay again.
                return Started(ended.payment, ended.attempt or opened.attempt, None)
        raise Conflict("The earlier attempt could not be ended yet; try again in a moment.")

    async def reconcile(self, db: Database, job: Job) -> None:
        """Asks the acquirer about an attempt that is still open here."""
        attempt_id, times = job.payload["attempt_id"], job.payload["asked"]
        asked = await db.point(lambda tx: _asked(tx, attempt_id))
        attempt = asked.attempt
        outcome = await self._find_out(asked) if attempt.live else None

        def settle(tx: Tx) -> None:
            jobs.finish(tx, job)
            if outcome is not None:
                service.apply(tx, attempt_id, outcome)
            now_known = store.get_attempt(tx, attempt_id)
            if not now_known.live:
                return
            if tx.now > attempt.expires_at + model.RECONCILE_FOR:
                _abandon(tx, now_known)
                return
            due_at = _ask_again_at(attempt, outcome, times + 1, tx.now)
            payload = {**job.payload, "asked": times + 1}
            jobs.add(tx, job.kind, payload, due_at=due_at, key=attempt_id)

        await db.write(settle, merchant=attempt.merchant_id)

    async def give_up(self, db: Database, job: Job) -> None:
        def settle(tx: Tx) -> None:
            service.give_up(tx, job.payload["payment_id"])
            jobs.finish(tx, job)

        await db.write(settle, merchant=job.payload["merchant_id"])

    async def _go_on(self, db: Database, opened: Opened, address: str | None) -> Started:
        found = PaymentWithAttempt(opened.payment, opened.attempt)
        if opened.is_new:
            found = await self._ask(db, opened, address)
        attempt = found.attempt or opened.attempt
        where = attempt.redirect_url if attempt.live else None
        return Started(found.payment, attempt, where, is_repeat=not opened.is_new)

    async def _ask(self, db: Database, opened: Opened, address: str | None) -> PaymentWithAttempt:
        attempt = opened.attempt
        outcome: Outcome
        try:
            provider = self._acquirers.open(opened.account)
            outcome = await provider.create(self._charge(opened, attempt, address))
        except ProviderRejected as error:
            log.warning("create_rejected", attempt=attempt.id, detail=error.detail)
            code, words = error.code, "The acquirer refused this payment."
            return await db.write(
                lambda tx: service.reject(tx, attempt.id, code, words),
                merchant=attempt.merchant_id,
            )
        except ProviderUnavailable as error:
            # Nothing happened there: the payer may try again at once.
            log.warning("create_unavailable", attempt=attempt.id, detail=error.detail)
            outcome = Declined("", error.code, UNREACHED)
        except OutcomeUnknown as error:
            log.warning("create_unknown", attempt=attempt.id, detail=error.detail)
            return PaymentWithAttempt(opened.payment, attempt)
        return await db.write(
            lambda tx: service.apply(tx, attempt.id, outcome), merchant=attempt.merchant_id
        )

    async def _find_out(self, asked: _Asked) -> Outcome | None:
        """What the acquirer says; where the attempt must end it is told to end it, too. None: it
        does not say."""
        attempt = asked.attempt
        try:
            provider = self._acquirers.open(asked.account)
            outcome = await provider.fetch(attempt.reference, attempt.id)
            if outcome is None and attempt.reference is not None:
                return None  # it knew the attempt once: ask again later
            if outcome is None:
                # It never got there. A later create of ours uses another id, so none can follow.
                return Declined("", "provider_unavailable", UNREACHED)
            if not asked.must_end or _is_end(outcome):
                return outcome
            ended = await _end(provider, attempt, outcome.reference, "end")
            if asked.is_late and isinstance(ended, Cancelled):
                return msgspec.structs.replace(ended, expired=True)
            return ended
        except (ProviderRejected, ProviderUnavailable, OutcomeUnknown) as error:
            log.info("reconcile_failed", attempt=attempt.id, error=error.code)
            return None

    async def _end_earlier(self, db: Database, opened: Opened) -> PaymentWithAttempt:
        """Ends the payer's earlier attempt at its acquirer, or finds that it was paid meanwhile.
        Raises Conflict where it is not known to have ended."""
        old = opened.attempt
        try:
            provider = self._acquirers.open(opened.account)
            reference = old.reference
            if reference is None:
                outcome = await provider.fetch(None, old.id)
                if outcome is None:
                    raise Conflict(
                        "The earlier attempt is still on its way; try again in a moment."
                    )
                reference = outcome.reference
            outcome = await _end(provider, old, reference, "switch")
        except (ProviderRejected, ProviderUnavailable, OutcomeUnknown) as error:
            raise Conflict("The earlier attempt could not be ended; try again.") from error
        if outcome is None or not _is_end(outcome):
            raise Conflict("The earlier attempt is being decided; try again in a moment.")
        return await db.write(
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
                email=opened.customer.email,
                phone=opened.customer.phone,
                name=opened.customer.name,
                address=address,
            ),
            locale=payment.lang or "en",
            metadata=payment.metadata,
        )


def _is_end(outcome: Outcome) -> bool:
    return isinstance(outcome, Charged | Declined | Cancelled)


def _merchant_of(tx: Tx, order: Order) -> int:
    if order.link_id is not None and ids.parse_id(order.link_id) == order.link_id:
        link = links.find_for_page(tx, order.link_id)
        if link is not None:
            return link.merchant_id
    elif order.token is not None:
        payment = store.find_by_token(tx, order.token)
        if payment is not None:
            return payment.merchant_id
    raise NotFound("There is nothing to pay here.")


def _asked(tx: Tx, attempt_id: str) -> _Asked:
    attempt = store.get_attempt(tx, attempt_id)
    is_late = tx.now >= attempt.expires_at
    must_end = is_late or store.get(tx, attempt.payment_id).status not in model.OPEN
    return _Asked(attempt, accounts.get(tx, attempt.account_id), must_end, is_late)


async def _end(provider: Provider, attempt: Attempt, reference: str, why: str) -> Outcome | None:
    """Cancels at the acquirer; where that is refused, asks what has become of the attempt."""
    try:
        return await provider.cancel(reference, f"{attempt.id}:{why}")
    except ProviderRejected:
        return await provider.fetch(reference, attempt.id)


def _ask_again_at(attempt: Attempt, outcome: Outcome | None, asked: int, now: Instant) -> Instant:
    due_at = model.reconcile_at(asked, now)
    if now < attempt.expires_at:
        due_at = min(due_at, attempt.expires_at)
    if isinstance(outcome, Authorized | Pending):
        due_at = min(due_at, now + model.PLACE_LIFE)  # or the payer's place would run out
    return due_at


def _abandon(tx: Tx, attempt: Attempt) -> None:
    """Three days of silence: the payment ends without money. Should any come, it is late money.
    What waits for a person's judgement keeps waiting."""
    if attempt.error_code != model.REVIEW:
        log.warning("attempt_abandoned", attempt=attempt.id, provider=attempt.provider)
        service.apply(tx, attempt.id, Cancelled("", expired=True))
