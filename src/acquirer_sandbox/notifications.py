"""Telling the shop: a signed POST, repeated with the same event id until it is answered with 2xx.

Signature: header `x-sandbox-signature: t=<Unix seconds>,v1=<hex>`, where v1 is HMAC-SHA256 over
`<t>.<body>` with the shop's notification secret; t is the time of this try. Tries come 0 s, 1 s,
5 s, 30 s, 5 min, 30 min, 2 h, 6 h and 12 h after one another, about 20 hours and a half in all.
"""

from __future__ import annotations

import hashlib
import hmac
from enum import StrEnum
from typing import Any

import msgspec

from acquirer_sandbox import agenda, choosing, shops, views
from acquirer_sandbox.model import Payment, Refund, Shop
from acquirer_sandbox.model import Status as PaymentStatus
from acquirer_sandbox.scenarios import PENDING_FOR, Twist
from handbill.infra import jobs
from handbill.infra.database import Database, Tx
from handbill.infra.jobs import Handler, Job
from handbill.infra.outbound import Outbound, OutboundError
from handbill.kernel import ids
from handbill.kernel.clock import HOUR, MINUTE, SECOND, Instant
from handbill.kernel.states import Table, advance

NOTIFY = "sandbox.notify"
SIGNATURE_HEADER = "x-sandbox-signature"
TIMEOUT_SECONDS = 10.0
FORGED_SECRET = "whoever guesses"
LATE_BY = 2 * PENDING_FOR
WAITS = (
    SECOND,
    5 * SECOND,
    30 * SECOND,
    5 * MINUTE,
    30 * MINUTE,
    2 * HOUR,
    6 * HOUR,
    12 * HOUR,
)
"""Between a try that failed and the next. After the last one nobody tries again."""


class Status(StrEnum):
    """`lost`: by a scenario; it is never sent."""

    PENDING = "pending"
    LOST = "lost"
    DELIVERED = "delivered"
    EXHAUSTED = "exhausted"


_NEXT: Table[Status] = {
    Status.PENDING: {Status.DELIVERED, Status.EXHAUSTED},
    Status.LOST: set(),
    Status.DELIVERED: set(),
    Status.EXHAUSTED: set(),
}


class Notification(msgspec.Struct, frozen=True):
    """`id` is the event's and the same in every try."""

    id: str
    shop_id: str
    url: str
    body: str
    status: Status
    tries: int


def record(tx: Tx, type_: str, payment: Payment, refund: Refund | None = None) -> None:
    """Stores what happened, as it is now, and lets the worker send it."""
    event_id = ids.new_id(tx.now)
    twist = choosing.twist(payment)
    event = {"event_id": event_id, "type": type_, "payment": _told(payment, twist)}
    if refund is not None:
        event["refund"] = views.show_refund(refund)
    is_lost = twist is Twist.TELL_NOTHING
    tx.later(
        "INSERT INTO sandbox_notifications"
        " (id, shop_id, payment_id, type, url, body, status, tries, created_at, updated_at)"
        " VALUES (:id, :shop_id, :payment_id, :type, :url, :body, :status, 0, :now, :now)",
        id=event_id,
        shop_id=payment.shop_id,
        payment_id=payment.id,
        type=type_,
        url=payment.notification_url,
        body=msgspec.json.encode(event).decode(),
        status=Status.LOST if is_lost else Status.PENDING,
        now=tx.now,
    )
    if is_lost:
        return
    payload = {"notification": event_id, "forged": twist is Twist.TELL_FORGED}
    for _ in range(2 if twist is Twist.TELL_TWICE else 1):
        agenda.plan(tx, NOTIFY, payment.shop_id, payload, _due_at(payment, twist, tx.now))


def _told(payment: Payment, twist: Twist | None) -> dict[str, Any]:
    shown = views.show_payment(payment)
    if twist is Twist.TELL_WRONG_AMOUNT:
        shown["amount"] -= 1
        shown["captured_amount"] = max(0, shown["captured_amount"] - 1)
    return shown


def _due_at(payment: Payment, twist: Twist | None, now: Instant) -> Instant:
    is_late = twist is Twist.TELL_LATE or (
        twist is Twist.TELL_BACKWARDS and payment.status is PaymentStatus.PROCESSING
    )
    return now + LATE_BY if is_late else now


def sign(secret: str, body: bytes, at: Instant) -> str:
    """The header's value for a try made at `at`."""
    seconds = at // SECOND
    signed = f"{seconds}.".encode() + body
    return f"t={seconds},v1={hmac.digest(secret.encode(), signed, hashlib.sha256).hex()}"


def sender(outbound: Outbound) -> Handler:
    """The handler of NOTIFY jobs. At least once: a lost lease may send a try twice."""

    async def send(db: Database, job: Job) -> None:
        notification, shop, now = await db.point(lambda tx: _read(tx, job))
        body = notification.body.encode()
        secret = FORGED_SECRET if job.payload.get("forged") else shop.notification_secret
        headers = {
            "content-type": "application/json",
            SIGNATURE_HEADER: sign(secret, body, now),
        }
        try:
            answer = await outbound.send(
                "POST",
                notification.url,
                headers=headers,
                body=body,
                timeout_seconds=TIMEOUT_SECONDS,
            )
        except OutboundError:
            taken = False
        else:
            taken = 200 <= answer.status < 300
        await db.write(lambda tx: _judge(tx, job, notification, taken))

    return send


def _read(tx: Tx, job: Job) -> tuple[Notification, Shop, Instant]:
    notification = tx.get(
        Notification,
        "SELECT id, shop_id, url, body, status, tries FROM sandbox_notifications WHERE id = :id",
        id=job.payload["notification"],
    )
    return notification, shops.get(tx, notification.shop_id), tx.now


def _judge(tx: Tx, job: Job, notification: Notification, taken: bool) -> None:
    if notification.status is Status.DELIVERED:  # what is sent twice was taken the first time
        jobs.finish(tx, job)
        return
    tries = notification.tries + 1
    status = Status.PENDING
    if taken:
        status = Status.DELIVERED
    elif tries > len(WAITS):
        status = Status.EXHAUSTED
    advance(_NEXT, notification.status, status)
    if status is Status.PENDING:
        jobs.again(tx, job, tx.now + WAITS[tries - 1])
    else:
        jobs.finish(tx, job)
    tx.run(
        "UPDATE sandbox_notifications SET status = :status, tries = :tries, updated_at = :now"
        " WHERE id = :id",
        id=notification.id,
        status=status,
        tries=tries,
        now=tx.now,
    )
