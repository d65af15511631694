"""Notifications from acquirers: stored once, answered at once, believed never.

A notification is a hint. `process` asks the acquirer and applies that, so signed and unsigned,
early, late, doubled, reordered and forged ones all take one path.
"""

from __future__ import annotations

from collections.abc import Mapping

import structlog

from handbill.infra import jobs
from handbill.infra.database import Database, Tx
from handbill.infra.jobs import Job
from handbill.infra.sweeps import Span, Swept, sweep
from handbill.kernel import ids
from handbill.kernel.errors import Conflict, NotAuthentic, NotFound, ProviderError
from handbill.merchants import accounts
from handbill.merchants.accounts import Acquirers
from handbill.merchants.model import Account
from handbill.payments import refund_store, refunding, service, store
from handbill.payments.model import Attempt
from handbill.providers.contract import (
    Acknowledgement,
    Authorized,
    Charged,
    Notification,
    Outcome,
)

PROCESS = "inbox.process"
EARLY_TRIES_MAX = 5
TRIES_MAX = 150
"""Of asking an acquirer that does not answer: about three days."""
NOT_KNOWN_YET = "This notification is about nothing that is known here yet."
HEADERS_KEPT = ("content-type", "user-agent", "x-request-id")

log = structlog.get_logger()


class Inbox:
    def __init__(self, acquirers: Acquirers) -> None:
        self._acquirers = acquirers

    async def take(
        self,
        db: Database,
        provider: str,
        token: str,
        headers: Mapping[str, str],
        body: bytes,
        remote_address: str,
    ) -> Acknowledgement:
        """What the acquirer reads once its notification is on our disk.

        Raises NotFound (no such account) and NotAuthentic (not from the acquirer); neither is
        stored. `headers` in lower case.
        """
        account = await db.point(lambda tx: accounts.find_by_token(tx, provider, token))
        if account is None:
            raise NotFound("There is no such account.")
        opened = self._acquirers.open(account)
        try:
            notification = opened.parse_notification(headers, body, remote_address)
        except NotAuthentic:
            log.warning("notification_refused", provider=provider, account=account.id)
            raise
        if notification.is_dispute:
            reference = notification.reference
            log.warning("payment_disputed", account=account.id, reference=reference)
        await db.write(lambda tx: receive(tx, account, notification, headers, body))
        return opened.acknowledgement

    async def process(self, db: Database, job: Job) -> None:
        """Asks the acquirer about what a notification hinted at, and applies the answer."""
        account_id = job.payload["account_id"]
        account = await db.point(lambda tx: accounts.get(tx, account_id))
        if job.payload.get("refund_reference"):
            await self._ask_about_refund(db, job, account)
        else:
            await self._ask_about_payment(db, job, account)

    async def _ask_about_payment(self, db: Database, job: Job, account: Account) -> None:
        account_id, reference = account.id, job.payload["reference"]
        attempt = await db.point(lambda tx: store.find_by_reference(tx, account_id, reference))
        outcome = await self._fetch(job, account, attempt, reference)
        # Found by reference; or by the acquirer's word for it, when the notification came before
        # the answer to our create.
        told = outcome.attempt_id if isinstance(outcome, Charged | Authorized) else None
        known = attempt.id if attempt else told

        def settle(tx: Tx) -> None:
            if outcome is not None and known is not None and _is_ours(tx, known, account_id):
                service.apply(tx, known, outcome)
            elif known is None and job.tries < EARLY_TRIES_MAX:
                # It may have overtaken the answer to our create: look again in a moment.
                raise Conflict(NOT_KNOWN_YET)
            else:
                log.warning("notification_unmatched", account=account_id, reference=reference)
            jobs.finish(tx, job)

        await db.write(settle, merchant=account.merchant_id)

    async def _ask_about_refund(self, db: Database, job: Job, account: Account) -> None:
        """One that is not known here: its request has not been answered yet, or its own job finds
        it; or it was made at the acquirer's desk, which no key of ours can tell."""
        reference = job.payload["refund_reference"]
        refund_id = job.payload["refund_id"]
        refund = await db.point(
            lambda tx: refund_store.find_told(tx, account.id, reference, refund_id)
        )
        outcome = None
        if refund is not None:
            acquirer = self._acquirers.open(account)
            outcome = await acquirer.fetch_refund(reference, refund.id, job.payload["reference"])

        def settle(tx: Tx) -> None:
            if refund is not None and outcome is not None:
                refunding.apply(tx, refund.id, outcome)
            elif refund is None and job.tries < EARLY_TRIES_MAX:
                raise Conflict(NOT_KNOWN_YET)
            else:
                log.warning("notification_unmatched", account=account.id, refund=reference)
            jobs.finish(tx, job)

        await db.write(settle, merchant=account.merchant_id)

    async def _fetch(
        self, job: Job, account: Account, attempt: Attempt | None, reference: str
    ) -> Outcome | None:
        """None: the acquirer knows nothing of it, or has not answered for days."""
        try:
            acquirer = self._acquirers.open(account)
            return await acquirer.fetch(reference, attempt.id if attempt else "")
        except ProviderError as error:
            if job.tries < TRIES_MAX:
                raise
            log.error("notification_given_up", account=account.id, error=error.code)
            return None


def receive(
    tx: Tx, account: Account, notification: Notification, headers: Mapping[str, str], body: bytes
) -> None:
    """Stores a notification and adds its job; a repeat of a known one changes nothing."""
    stored = tx.run(
        "INSERT INTO notifications (id, account_id, event_id, reference, headers_json, body,"
        " received_at) VALUES (:id, :account_id, :event_id, :reference, :headers_json, :body,"
        " :now) ON CONFLICT (account_id, event_id) DO NOTHING",
        id=ids.new_id(tx.now),
        account_id=account.id,
        event_id=notification.event_id,
        reference=notification.reference,
        headers_json={name: headers[name] for name in HEADERS_KEPT if name in headers},
        body=body.decode("utf-8", "replace").replace("\0", "\ufffd"),
        now=tx.now,
    )
    if stored:
        payload = {
            "account_id": account.id,
            "reference": notification.reference,
            "refund_reference": notification.refund_reference,
            "refund_id": notification.refund_id,
        }
        jobs.add(tx, PROCESS, payload, due_at=tx.now)


_EMPTY = "UPDATE notifications SET body = '', headers_json = '{}' WHERE body <> ''"
"""The row stays: it knows a repeat."""


def forget_old(tx: Tx, span: Span) -> Swept:
    return sweep(tx, span, "notifications", _EMPTY)


def forget_about(tx: Tx, account_id: str, reference: str) -> None:
    """What the acquirer wrote about one payment of its own."""
    tx.run(
        f"{_EMPTY} AND account_id = :account_id AND reference = :reference",
        account_id=account_id,
        reference=reference,
    )


def _is_ours(tx: Tx, attempt_id: str, account_id: str) -> bool:
    attempt = store.find_attempt(tx, attempt_id) if ids.parse_id(attempt_id) else None
    return attempt is not None and attempt.account_id == account_id
