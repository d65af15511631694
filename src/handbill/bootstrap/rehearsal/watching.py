"""What is seen of a payment while it is rehearsed, in Handbill and on its way to the merchant."""

from __future__ import annotations

import msgspec

from handbill import events
from handbill.bootstrap.rehearsal.plan import NO_REFUND, REVIEW
from handbill.events import Event
from handbill.infra.database import Tx
from handbill.merchants import service as merchants
from handbill.payments import refund_store
from handbill.payments import store as payments
from handbill.payments.model import Attempt, AttemptStatus, PaymentStatus
from handbill.webhooks import store as webhooks
from handbill.webhooks.model import DeliveryStatus

EVENTS_MAX = 1_000


class Seen(msgspec.Struct, frozen=True):
    """`delivered` and `undelivered` are webhooks, by what they tell."""

    payment: str
    attempt: str
    refund: str
    delivered: tuple[str, ...]
    undelivered: tuple[str, ...]

    @property
    def is_paid(self) -> bool:
        return self.payment == PaymentStatus.CHARGED


def attempt_of(tx: Tx, payment_id: str) -> Attempt:
    found = payments.latest_attempt(tx, payment_id)
    if found is None:
        raise LookupError(f"payment {payment_id} has no attempt")
    return found


def look(tx: Tx, payment_id: str, since: int) -> Seen:
    """`since`: the merchant's last event before the payment began."""
    payment, attempt = payments.get(tx, payment_id), attempt_of(tx, payment_id)
    told = events.after(tx, payment.merchant_id, since, EVENTS_MAX)
    about = [event for event in told if event.object_id == payment_id]
    word = attempt.status.value
    if attempt.status is not AttemptStatus.CHARGED and any(
        event.type == "payment.review" for event in about
    ):
        word = REVIEW
    delivered = {
        delivery.event_id
        for delivery in webhooks.about(tx, payment.merchant_id, payment_id)
        if delivery.status is DeliveryStatus.DELIVERED
    }
    has_address = merchants.get(tx, payment.merchant_id).notify_url is not None
    refunds = refund_store.of_payment(tx, payment_id)
    due = [event for event in about if _is_due(event, has_address)]
    return Seen(
        payment=payment.status,
        attempt=word,
        refund=refunds[-1].status if refunds else NO_REFUND,
        delivered=tuple(event.type for event in due if event.id in delivered),
        undelivered=tuple(event.type for event in due if event.id not in delivered),
    )


def _is_due(event: Event, has_address: bool) -> bool:
    webhook = event.data.get(events.WEBHOOK)
    return webhook is not None and (has_address or webhook["url"] is not None)
