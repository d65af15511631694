"""Webhooks as their receivers read them: the specification's flat body and then ours, or an event;
and their headers.

Only describes. What is sent is written by `payments.facts` and `webhooks`; a test holds the two
together.
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from handbill.web.api.events import EventType, Facts
from handbill.web.api.transactions import BoughtLine
from handbill.web.api.values import Id, Minor, Moment
from handbill.web.openapi import Message


class PaymentWebhook(msgspec.Struct, frozen=True, kw_only=True):
    """Sent when a payment comes to an end, and again when it is refunded. Amounts are integers of
    minor units."""

    type: Annotated[
        Literal["link", "payment"],
        Meta(description="`link`: paid through a link; `payment`: made by the API."),
    ]
    link: Id | UnsetType = UNSET
    txid: str
    id: Annotated[Id, Meta(description="The transaction.")]
    status: Literal["charged", "failed", "rejected", "cancelled", "refunded"]
    amount: Annotated[Minor, Meta(description="What the merchant asked.")]
    amount_dest: Annotated[Minor, Meta(description="What the merchant gets.")]
    amount_with_fee: Annotated[Minor, Meta(description="What the payer paid.")]
    error_description: Annotated[str, Meta(description="Empty when there was no error.")]
    currency: str
    event_id: Annotated[Id, Meta(description="The same in every repeat of this webhook.")]
    sequence: Annotated[int, Meta(ge=1, description="Counts the events of this payment.")]
    product: Annotated[Id, Meta(description="Of a product's own link.")] | UnsetType = UNSET
    late: Annotated[bool, Meta(description="Money after the payment had ended.")] | UnsetType = (
        UNSET
    )
    surplus: Annotated[bool, Meta(description="Money that came twice.")] | UnsetType = UNSET
    test: Annotated[bool, Meta(description="Sandbox money: nothing moved.")] | UnsetType = UNSET
    metadata: dict[str, str] | UnsetType = UNSET
    placement: (
        Annotated[Id, Meta(description="Of the link: whose code led the payer there.")] | UnsetType
    ) = UNSET
    tip_amount: (
        Annotated[Minor, Meta(description="The payer's tip; `amount` holds it.")] | UnsetType
    ) = UNSET
    lines: (
        Annotated[list[BoughtLine], Meta(description="What was bought, product by product.")]
        | UnsetType
    ) = UNSET


class EventWebhook(msgspec.Struct, frozen=True, kw_only=True):
    """Sent to webhook endpoints of the format `event`, of every kind of event."""

    type: EventType
    timestamp: Annotated[Moment, Meta(description="When it happened.")]
    data: Facts
    event_id: Annotated[Id, Meta(description="The same in every repeat of this webhook.")]
    sequence: Annotated[int, Meta(ge=1, description="Counts the events of this object.")]


_HEADERS = {
    "webhook-id": "The same in every repeat.",
    "webhook-timestamp": "Unix seconds of this attempt.",
    "webhook-signature": "`v1,` and the HMAC-SHA256 of id, timestamp and body in base64;"
    " several, separated by spaces, while a secret is being replaced.",
}

MESSAGES = (
    Message(
        name="paymentWebhook",
        summary="A payment came to an end",
        description="Sent to the link's `notify_url`, else to the merchant's, and to webhook"
        " endpoints of the format `flat`, at least once. Any"
        " 2xx answer within 15 seconds is delivered; anything else is tried again, 10 times over"
        " 75 hours. Signed as Standard Webhooks has it: check the signature before you believe"
        " the body.",
        body=PaymentWebhook,
        headers=_HEADERS,
        example={
            "type": "link",
            "link": "019ca9b5-8d00-7000-8000-000000000001",
            "txid": "019ca9b5-8d00-7000-8000-000000000002",
            "id": "019ca9b5-8d00-7000-8000-000000000002",
            "status": "charged",
            "amount": 1000,
            "amount_dest": 950,
            "amount_with_fee": 1050,
            "error_description": "",
            "currency": "RUB",
            "event_id": "019ca9b5-8d00-7000-8000-000000000003",
            "sequence": 2,
        },
    ),
    Message(
        name="eventWebhook",
        summary="Something happened",
        description="Sent to webhook endpoints of the format `event` that want its type. Delivered,"
        " tried again and signed like every webhook, with the secret of the endpoint.",
        body=EventWebhook,
        headers=_HEADERS,
        example={
            "type": "link.paused",
            "timestamp": "2026-03-01T10:00:00+00:00",
            "data": {"id": "019ca9b5-8d00-7000-8000-000000000001", "status": "paused"},
            "event_id": "019ca9b5-8d00-7000-8000-000000000003",
            "sequence": 3,
        },
    ),
)
