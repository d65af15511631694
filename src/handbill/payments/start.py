"""Pay: one transaction, one request to the acquirer, one transaction.

A process that dies between the two is healed by the job of the first: `reconciling` asks.
"""

from __future__ import annotations

import msgspec
import structlog

from handbill.infra.database import Database, Tx
from handbill.kernel import ids
from handbill.kernel.addresses import Addresses
from handbill.kernel.errors import (
    Conflict,
    NotFound,
    OutcomeUnknown,
    ProviderRejected,
    ProviderUnavailable,
)
from handbill.links import store as links
from handbill.merchants.accounts import Acquirers
from handbill.payments import ending, model, opening, service, store
from handbill.payments.model import Attempt, Payment
from handbill.payments.opening import Opened
from handbill.payments.order import Order
from handbill.payments.service import PaymentWithAttempt
from handbill.providers.contract import (
    Charge,
    Declined,
    Outcome,
    Payer,
)

log = structlog.get_logger()

SWITCHES_MAX = 3


class Started(msgspec.Struct, frozen=True):
    """Where the payer goes now: to `redirect_url`, or (None) to the payment's status page.
    `is_repeat`: another request began the attempt, and may still be asking the acquirer."""

    payment: Payment
    attempt: Attempt
    redirect_url: str | None
    is_repeat: bool = False


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
            ended = await ending.end_attempt(
                db, self._acquirers, opened.attempt, opened.account, "switch", switching=True
            )
            if ended.payment.status not in model.OPEN:
                # It was paid there meanwhile. Nobody pays twice for having pressed Pay again.
                return Started(ended.payment, ended.attempt or opened.attempt, None)
        raise Conflict("The earlier attempt could not be ended yet; try again in a moment.")

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
            outcome = Declined("", error.code, model.UNREACHED)
        except OutcomeUnknown as error:
            log.warning("create_unknown", attempt=attempt.id, detail=error.detail)
            return PaymentWithAttempt(opened.payment, attempt)
        return await db.write(
            lambda tx: service.apply(tx, attempt.id, outcome), merchant=attempt.merchant_id
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
            capture=payment.capture,
            payer=Payer(
                email=opened.customer.email,
                phone=opened.customer.phone,
                name=opened.customer.name,
                address=address,
            ),
            locale=payment.lang or "en",
            metadata=payment.metadata,
        )


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
