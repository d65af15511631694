"""Lets a try begin or not, and takes in what became of it, in the transactions of payments.

`network` is a keyed hash, made by the page; None: not screened (loopback, or no address known).
"""

from __future__ import annotations

from handbill.infra import jobs
from handbill.infra.database import Database, Tx
from handbill.infra.jobs import Job
from handbill.kernel.clock import HOUR, SECOND, Instant
from handbill.kernel.errors import Blocked, Challenged
from handbill.screening import model, store
from handbill.screening.model import Block, Challenge, Outcome

SWEEP = "screening.sweep"
"""The kind of job that deletes what is old."""


def admit_to_link(tx: Tx, network: str | None, link_id: str, *, effort: int) -> None:
    """`effort`: the bits of a proof of work that came with this try. Raises Challenged, Blocked."""
    if network is None:
        return
    since = tx.now - model.MEMORY - model.WINDOW
    tries = store.of_network(tx, network, since)
    link = store.tally(tx, link_id, tx.now - model.MEMORY)
    # Most payers are no suspects: for them nobody looks at what happens elsewhere.
    suspect = model.is_suspect(tries)
    house = store.tally_of_all(tx, tx.now - model.MEMORY) if suspect else model.QUIET
    match model.judge(tries, link, tx.now, house):
        case Challenge(bits=bits, until=until) if effort < bits:
            raise Challenged(bits, retry_after_seconds=_seconds(until, tx.now))
        case Block(until=until):
            raise Blocked(retry_after_seconds=_seconds(until, tx.now))


def admit_to_payment(tx: Tx, network: str | None, payment_id: str) -> None:
    """For a payment that was made with an API key. Raises Blocked."""
    if network is None:
        return
    tried = store.tally(tx, payment_id, tx.now - model.MEMORY)
    match model.judge_keyed(tried, tx.now):
        case Block(until=until):
            raise Blocked(
                "This payment was refused too often.", retry_after_seconds=_seconds(until, tx.now)
            )


def begun_on_link(tx: Tx, network: str | None, link_id: str, attempt_id: str) -> None:
    if network is not None:
        _begun(tx, attempt_id, link_id, network)


def begun_on_payment(tx: Tx, network: str | None, payment_id: str, attempt_id: str) -> None:
    """Counted for this payment alone and not for the network: behind a till's payments may stand
    the customers of a whole shop."""
    if network is not None:
        _begun(tx, attempt_id, payment_id, None)


def refused(tx: Tx, attempt_id: str, code: str) -> None:
    if code in model.NOT_THE_BANK:
        store.drop_undecided(tx, attempt_id)
    else:
        store.decide(tx, attempt_id, Outcome.REFUSED)


def charged(tx: Tx, attempt_id: str) -> None:
    """The bank said yes: the money is taken, or held for the merchant to take."""
    store.decide(tx, attempt_id, Outcome.CHARGED)


def withdrawn(tx: Tx, attempt_id: str) -> None:
    """Ended without a word of the bank."""
    store.drop_undecided(tx, attempt_id)


async def sweep(db: Database, job: Job) -> None:
    """Deletes what is old, and comes back while anything is left."""

    def some(tx: Tx) -> None:
        swept = store.sweep(tx, tx.now - model.KEPT)
        if swept == store.SWEPT_MAX:
            jobs.again(tx, job, tx.now)
        elif store.is_empty(tx):
            jobs.finish(tx, job)
        else:
            jobs.again(tx, job, tx.now + HOUR)

    await db.write(some)


def _begun(tx: Tx, attempt_id: str, subject_id: str, network: str | None) -> None:
    store.add(tx, attempt_id, subject_id, network)
    jobs.add(tx, SWEEP, {}, due_at=tx.now + HOUR, key=SWEEP)


def _seconds(until: Instant, now: Instant) -> int:
    return max(1, -((now - until) // SECOND))
