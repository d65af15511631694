"""Payments and refunds as the acquirer's API and its notifications show them."""

from __future__ import annotations

from typing import Any

from acquirer_sandbox.model import (
    DECLINE_MESSAGES,
    REFUND_FAILURE_MESSAGES,
    Method,
    Payment,
    Refund,
)


def show_payment(payment: Payment) -> dict[str, Any]:
    """Amounts in minor units, times in Unix milliseconds. `payment_url` is for a browser,
    `qr_payload` for a QR; one of them is null."""
    by_qr = payment.method is Method.SBP
    code = payment.decline_code
    return {
        "id": payment.id,
        "attempt_id": payment.attempt_id,
        "status": payment.status,
        "method": payment.method,
        "amount": payment.amount_minor,
        "captured_amount": payment.captured_minor,
        "refunded_amount": payment.refunded_minor,
        "currency": payment.currency,
        "capture": payment.capture,
        "description": payment.description,
        "payment_url": None if by_qr else payment.payment_url,
        "qr_payload": payment.payment_url if by_qr else None,
        "decline": {"code": code, "message": DECLINE_MESSAGES[code]} if code else None,
        "repeats": payment.repeats,
        "disputed": payment.disputed,
        "metadata": payment.metadata,
        "created_at": payment.created_at,
        "expires_at": payment.expires_at,
        "test": True,
    }


def show_refund(refund: Refund) -> dict[str, Any]:
    code = refund.failure_code
    return {
        "id": refund.id,
        "payment_id": refund.payment_id,
        "refund_id": refund.refund_id,
        "status": refund.status,
        "amount": refund.amount_minor,
        "currency": refund.currency,
        "reason": refund.reason,
        "failure": {"code": code, "message": REFUND_FAILURE_MESSAGES[code]} if code else None,
        "created_at": refund.created_at,
        "test": True,
    }
