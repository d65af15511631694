"""Refunds at the acquirer: one transaction, one request, one transaction. And their safety net.

A refund that was stored is sent until the acquirer says what became of it, always with the same
key: a process that dies between the two transactions loses nothing and repeats nothing.
"""

from __future__ import annotations

import msgspec
import structlog

from handbill.infra import jobs
from handbill.infra.database import Database, Tx
from handbill.infra.jobs import Job
from handbill.kernel.clock import DAY, Instant
from handbill.kernel.errors import OutcomeUnknown, ProviderRejected, ProviderUnavailable
from handbill.merchants import accounts
from handbill.merchants.accounts import Acquirers
from handbill.merchants.model import Account
from handbill.payments import model, refund_store, refunding, store
from handbill.payments.model import Attempt
from handbill.payments.refund import UNDECIDED, Refund, RefundStatus
from handbill.providers.contract import RefundFailed, RefundOutcome

log = structlog.get_logger()

REFUSED = "The acquirer refused this refund."


class _Sent(msgspec.Struct, frozen=True):
    """A refund with the charge that it gives back, and where that was made."""

    refund: Refund
    attempt: Attempt
    account: Account


class Refunds:
    """The verbs with network in them. Holds nothing but what they need."""

    def __init__(self, acquirers: Acquirers) -> None:
        self._acquirers = acquirers

    async def send(self, db: Database, refund_id: str) -> Refund:
        """Asks the acquirer for a refund that is stored, and takes in the answer. One that was
        answered already is given as it is. Never raises because the acquirer failed: the refund
        then says so, or is `requested` until it is known."""
        sent = await db.point(lambda tx: _sent(tx, refund_id))
        if sent.refund.status is not RefundStatus.REQUESTED:
            return sent.refund
        outcome = await self._send(sent)
        if outcome is None:
            return sent.refund
        return await db.write(
            lambda tx: refunding.apply(tx, refund_id, outcome), merchant=sent.refund.merchant_id
        )

    async def reconcile(self, db: Database, job: Job) -> None:
        """Finds out about a refund that is not decided yet; sends it where the acquirer does not
        have it."""
        refund_id, asked = job.payload["refund_id"], job.payload["asked"]
        sent = await db.point(lambda tx: _sent(tx, refund_id))
        outcome = await self._find_out(sent) if sent.refund.status in UNDECIDED else None

        def settle(tx: Tx) -> None:
            jobs.finish(tx, job)
            if outcome is not None:
                refunding.apply(tx, refund_id, outcome)
            refund = refund_store.get(tx, refund_id)
            if refund.status in UNDECIDED and refund.error_code != model.REVIEW:
                payload = {**job.payload, "asked": asked + 1}
                due_at = ask_again_at(asked + 1, tx.now, refund.created_at)
                jobs.add(tx, job.kind, payload, due_at=due_at, key=refund_id)

        await db.write(settle, merchant=job.payload["merchant_id"])

    async def _find_out(self, sent: _Sent) -> RefundOutcome | None:
        refund = sent.refund
        try:
            provider = self._acquirers.open(sent.account)
            outcome = await provider.fetch_refund(
                refund.reference, refund.id, sent.attempt.reference or ""
            )
        except (ProviderRejected, ProviderUnavailable, OutcomeUnknown) as error:
            log.info("refund_not_found_out", refund=refund.id, error=error.code)
            return None
        if outcome is None and refund.status is RefundStatus.REQUESTED:
            return await self._send(sent)
        return outcome

    async def _send(self, sent: _Sent) -> RefundOutcome | None:
        """None: nobody knows yet."""
        refund, attempt = sent.refund, sent.attempt
        try:
            provider = self._acquirers.open(sent.account)
            return await provider.refund(attempt.reference or "", refund.with_fee, refund.id)
        except ProviderRejected as error:
            log.warning("refund_refused", refund=refund.id, detail=error.detail)
            return RefundFailed("", error.code, REFUSED)
        except (ProviderUnavailable, OutcomeUnknown) as error:
            log.warning("refund_not_answered", refund=refund.id, error=error.code)
            return None


def ask_again_at(asked: int, now: Instant, since: Instant) -> Instant:
    """As payments are asked about, and daily once three days are over: a bank may take weeks."""
    if now - since > model.RECONCILE_FOR:
        return now + DAY
    return model.reconcile_at(asked, now)


def _sent(tx: Tx, refund_id: str) -> _Sent:
    refund = refund_store.get(tx, refund_id)
    attempt = store.get_attempt(tx, refund.attempt_id)
    return _Sent(refund, attempt, accounts.get(tx, attempt.account_id))
