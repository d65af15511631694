"""Asks the acquirer about what it has not told us: the safety net under every attempt.

With every notification lost it reaches the same end as with all of them. It never guesses: where
the acquirer does not say, it is asked again.
"""

from __future__ import annotations

import msgspec
import structlog

from handbill.infra import jobs
from handbill.infra.database import Database, Tx
from handbill.infra.jobs import Job
from handbill.kernel.clock import Instant
from handbill.kernel.errors import OutcomeUnknown, ProviderRejected, ProviderUnavailable
from handbill.merchants import accounts
from handbill.merchants.accounts import Acquirers
from handbill.merchants.model import Account
from handbill.payments import capturing, ending, model, moves, service, store
from handbill.payments.model import Attempt
from handbill.providers.contract import Authorized, Cancelled, Declined, Outcome, Pending, Provider

log = structlog.get_logger()


class _Asked(msgspec.Struct, frozen=True):
    """An attempt that the acquirer is asked about. `must_end`: its time is over, or the payment was
    paid by another one."""

    attempt: Attempt
    account: Account
    must_end: bool
    is_late: bool
    is_young: bool
    """Its create may still be on the way."""


class Reconciler:
    """The handlers of the jobs that ask. Holds nothing but what they need."""

    def __init__(self, acquirers: Acquirers) -> None:
        self._acquirers = acquirers

    async def reconcile(self, db: Database, job: Job) -> None:
        """Asks the acquirer about an attempt that is still open here."""
        attempt_id, times = job.payload["attempt_id"], job.payload["asked"]
        asked = await db.point(lambda tx: _asked(tx, attempt_id))
        attempt = asked.attempt
        outcome = await self._find_out(asked) if attempt.live else None

        def settle(tx: Tx) -> None:
            jobs.finish(tx, job)
            if outcome is not None and attempt.capture_minor is not None:
                capturing.take_in(tx, attempt_id, outcome)
            elif outcome is not None:
                service.apply(tx, attempt_id, outcome)
            now_known = store.get_attempt(tx, attempt_id)
            if not now_known.live:
                return
            if tx.now > now_known.expires_at + model.RECONCILE_FOR:
                _abandon(tx, now_known)
                return
            due_at = _ask_again_at(now_known, outcome, times + 1, tx.now)
            payload = {**job.payload, "asked": times + 1}
            jobs.add(tx, job.kind, payload, due_at=due_at, key=attempt_id)

        await db.write(settle, merchant=attempt.merchant_id)

    async def look_back(self, db: Database, job: Job) -> None:
        """Asks about an attempt that has ended, for money that no notification told of."""
        attempt_id, looked = job.payload["attempt_id"], job.payload["looked"]
        asked = await db.point(lambda tx: _asked(tx, attempt_id))
        attempt = asked.attempt
        outcome = await self._look(asked)

        def settle(tx: Tx) -> None:
            jobs.finish(tx, job)
            if outcome is not None:
                service.apply(tx, attempt_id, outcome)
            now_known = store.get_attempt(tx, attempt_id)
            if now_known.status is attempt.status:  # else it has a look of its own
                moves.look_back(tx, now_known, looked + 1)

        await db.write(settle, merchant=attempt.merchant_id)

    async def release(self, db: Database, job: Job) -> None:
        """Lets go of money that an acquirer holds for an attempt which had ended here. Money that
        it took meanwhile is taken in as late money. Without an answer the job is tried again."""
        attempt_id = job.payload["attempt_id"]
        asked = await db.point(lambda tx: _asked(tx, attempt_id))
        attempt = asked.attempt
        try:
            provider = self._acquirers.open(asked.account)
            outcome = await provider.fetch(attempt.reference, attempt.id)
            if isinstance(outcome, Authorized):
                outcome = await ending.end(provider, attempt, outcome.reference, "release")
        except ProviderRejected as error:  # it runs out by itself
            log.warning("hold_not_released", attempt=attempt.id, detail=error.detail)
            outcome = None

        def settle(tx: Tx) -> None:
            jobs.finish(tx, job)
            if outcome is not None:
                service.apply(tx, attempt_id, outcome)

        await db.write(settle, merchant=attempt.merchant_id)

    async def _look(self, asked: _Asked) -> Outcome | None:
        try:
            provider = self._acquirers.open(asked.account)
            return await provider.fetch(asked.attempt.reference, asked.attempt.id)
        except (ProviderRejected, ProviderUnavailable, OutcomeUnknown) as error:
            log.info("look_back_failed", attempt=asked.attempt.id, error=error.code)
            return None

    async def _find_out(self, asked: _Asked) -> Outcome | None:
        """What the acquirer says. None: it does not say."""
        try:
            return await self._ask(asked, self._acquirers.open(asked.account))
        except (ProviderRejected, ProviderUnavailable, OutcomeUnknown) as error:
            log.info("reconcile_failed", attempt=asked.attempt.id, error=error.code)
            return None

    async def _ask(self, asked: _Asked, provider: Provider) -> Outcome | None:
        """Where the attempt must end the acquirer is told to end it, and what is to be captured is
        captured: with the key of the first request."""
        attempt = asked.attempt
        outcome = await provider.fetch(attempt.reference, attempt.id)
        if outcome is None and (attempt.reference is not None or asked.is_young):
            return None  # it knew the attempt once, or may come to know it: ask again later
        if outcome is None:
            # It never got there. A later create of ours uses another id, so none can follow.
            return Declined("", "provider_unavailable", model.UNREACHED)
        if isinstance(outcome, Authorized) and attempt.capture_minor is not None:
            return await capturing.capture(provider, attempt)
        if not asked.must_end or ending.is_end(outcome):
            return outcome
        ended = await ending.end(provider, attempt, outcome.reference, "end")
        if asked.is_late and isinstance(ended, Cancelled):
            return msgspec.structs.replace(ended, expired=True)
        return ended


def _asked(tx: Tx, attempt_id: str) -> _Asked:
    attempt = store.get_attempt(tx, attempt_id)
    is_late = tx.now >= attempt.expires_at
    must_end = is_late or store.get(tx, attempt.payment_id).status not in model.OPEN
    is_young = tx.now < attempt.created_at + model.CREATE_LASTS
    return _Asked(attempt, accounts.get(tx, attempt.account_id), must_end, is_late, is_young)


def _ask_again_at(attempt: Attempt, outcome: Outcome | None, asked: int, now: Instant) -> Instant:
    if attempt.by_hand and attempt.reference is not None and now < attempt.expires_at:
        return attempt.expires_at  # nobody can tell of its money; all that is left is its end
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
