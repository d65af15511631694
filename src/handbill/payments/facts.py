"""What the world is told about a payment: its events, and the seed's flat webhook body."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from handbill import events
from handbill.infra.database import Tx
from handbill.kernel.clock import iso
from handbill.payments.model import (
    Agreement,
    Line,
    Payment,
    PaymentStatus,
    PaymentType,
    Standing,
)
from handbill.payments.refund import Refund

WEBHOOK_STATUSES = frozenset(
    {
        PaymentStatus.CHARGED,
        PaymentStatus.FAILED,
        PaymentStatus.REJECTED,
        PaymentStatus.CANCELLED,
        PaymentStatus.REFUNDED,
    }
)

WEBHOOK_TYPES = frozenset(f"payment.{status}" for status in WEBHOOK_STATUSES)
"""The events that may make a webhook."""


def topic(payment_id: str) -> str:
    """Announced with every change of the payment: its page waits for it."""
    return f"payment:{payment_id}"


def merchant_topic(merchant_id: int) -> str:
    """Announced with every change of any payment of the merchant: its tills wait for it."""
    return f"payments:{merchant_id}"


def announce(tx: Tx, payment_id: str, merchant_id: int) -> None:
    tx.announce(topic(payment_id))
    tx.announce(merchant_topic(merchant_id))


def record(
    tx: Tx,
    event_type: str,
    payment: Payment,
    *,
    first: bool = False,
    more: Mapping[str, Any] = MappingProxyType({}),
) -> None:
    """An event about the payment; of a final status, with the webhook that it makes. `more` is
    told beside what every event tells."""
    data = {**more, **_snapshot(payment)}
    if event_type == f"payment.{payment.status}" and payment.status in WEBHOOK_STATUSES:
        data[events.WEBHOOK] = {"url": payment.notify_url, "body": flat_body(payment)}
    events.record(
        tx,
        event_type,
        merchant_id=payment.merchant_id,
        test=payment.test,
        object_id=payment.id,
        data=data,
        first=first,
    )
    announce(tx, payment.id, payment.merchant_id)


def _snapshot(payment: Payment) -> dict[str, Any]:
    """The transaction as the API shows it, but for its address: that opens its page. Nothing of
    the payer, who may ask to be forgotten; an event stays."""
    return {
        "id": payment.id,
        "txid": payment.txid,
        "type": payment.type,
        "status": payment.status,
        "amount": payment.amount_minor,
        "amount_with_fee": payment.amount_with_fee_minor,
        "amount_dest": payment.amount_dest_minor,
        "currency": payment.currency,
        "link": payment.link_id,
        "product": payment.product_id,
        "placement": payment.placement_id,
        "method": payment.method,
        "provider": payment.provider,
        "refunded_amount": payment.refunded_minor,
        "error_code": payment.error_code,
        "error_description": payment.error_description or "",
        "surplus": payment.surplus,
        "late": payment.late,
        "created": iso(payment.created_at),
        "charged_at": None if payment.charged_at is None else iso(payment.charged_at),
        "metadata": payment.metadata,
        "tip_amount": payment.tip_minor,
        "lines": [line(one) for one in payment.lines],
        "consent": consent(payment.agreement),
        "test": payment.test,
    }


def line(bought: Line) -> dict[str, Any]:
    """As the API shows it."""
    return {
        "product": bought.product,
        "title": bought.title,
        "qty": bought.qty,
        "quantity": bought.quantity,
        "amount": bought.amount_minor,
    }


def consent(agreement: Agreement | None) -> dict[str, Any] | None:
    """As the API shows it."""
    if agreement is None:
        return None
    return {"text": agreement.text, "agreed": iso(agreement.at), "ticked": agreement.ticked}


def record_refund(tx: Tx, event_type: str, refund: Refund, *, first: bool = False) -> None:
    """An event about the refund, numbered among the refund's own."""
    data = {
        "id": refund.id,
        "transaction": refund.payment_id,
        "status": refund.status,
        "amount": refund.amount_minor,
        "amount_with_fee": refund.with_fee_minor,
        "currency": refund.currency,
        "surplus": refund.standing is Standing.SURPLUS,
        "reason": refund.reason,
        "error_code": refund.error_code,
        "error_description": refund.error_description or "",
        "created": iso(refund.created_at),
        "updated": iso(refund.updated_at),
        "test": refund.test,
    }
    events.record(
        tx,
        event_type,
        merchant_id=refund.merchant_id,
        test=refund.test,
        object_id=refund.id,
        data=data,
        first=first,
    )
    announce(tx, refund.payment_id, refund.merchant_id)


def flat_body(payment: Payment) -> dict[str, Any]:
    """The body of the seed, without `event_id` and `sequence`, which the event gives."""
    body: dict[str, Any] = {
        "type": payment.type,
        "link": payment.link_id,
        "txid": payment.txid,
        "id": payment.id,
        "status": payment.status,
        "amount": payment.amount_minor,
        "amount_dest": payment.amount_dest_minor,
        "amount_with_fee": payment.amount_with_fee_minor,
        "error_description": payment.error_description or "",
        "currency": payment.currency,
    }
    if payment.type is PaymentType.PAYMENT:
        del body["link"]
    if payment.product_id is not None:
        body["product"] = payment.product_id
    for name in ("late", "surplus", "test"):
        if getattr(payment, name):
            body[name] = True
    if payment.metadata:
        body["metadata"] = payment.metadata
    if payment.placement_id is not None:
        body["placement"] = payment.placement_id
    if payment.tip_minor:
        body["tip_amount"] = payment.tip_minor
    if payment.lines:
        body["lines"] = [line(one) for one in payment.lines]
    return body
