"""Ends an attempt at its acquirer, so that another may begin or the payment can be cancelled.

Never guesses: an attempt counts as ended when the acquirer says so.
"""

from __future__ import annotations

from handbill.infra.database import Database
from handbill.kernel.errors import (
    Conflict,
    OutcomeUnknown,
    ProviderRejected,
    ProviderUnavailable,
)
from handbill.merchants.accounts import Acquirers
from handbill.merchants.model import Account
from handbill.payments import service
from handbill.payments.model import Attempt
from handbill.payments.service import PaymentWithAttempt
from handbill.providers.contract import Cancelled, Charged, Declined, Outcome, Provider


async def end_attempt(
    db: Database,
    acquirers: Acquirers,
    attempt: Attempt,
    account: Account,
    why: str,
    *,
    switching: bool = False,
) -> PaymentWithAttempt:
    """Ends it there, or finds that it was paid meanwhile, and takes that in. Raises Conflict where
    it is not known to have ended."""
    outcome = await _ended(acquirers, attempt, account, why)
    return await db.write(
        lambda tx: service.apply(tx, attempt.id, outcome, switching=switching),
        merchant=attempt.merchant_id,
    )


async def end(provider: Provider, attempt: Attempt, reference: str, why: str) -> Outcome | None:
    """Cancels at the acquirer; where that is refused, asks what has become of the attempt."""
    try:
        return await provider.cancel(reference, f"{attempt.id}:{why}")
    except ProviderRejected:
        return await provider.fetch(reference, attempt.id)


def is_end(outcome: Outcome) -> bool:
    return isinstance(outcome, Charged | Declined | Cancelled)


async def _ended(acquirers: Acquirers, attempt: Attempt, account: Account, why: str) -> Outcome:
    try:
        provider = acquirers.open(account)
        reference = attempt.reference
        if reference is None:
            outcome = await provider.fetch(None, attempt.id)
            if outcome is None:
                raise Conflict("The earlier attempt is still on its way; try again in a moment.")
            reference = outcome.reference
        outcome = await end(provider, attempt, reference, why)
    except (ProviderRejected, ProviderUnavailable, OutcomeUnknown) as error:
        raise Conflict("The earlier attempt could not be ended; try again.") from error
    if outcome is None or not is_end(outcome):
        raise Conflict("The earlier attempt is being decided; try again in a moment.")
    return outcome
