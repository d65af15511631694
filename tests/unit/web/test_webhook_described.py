"""The webhook of the document is the webhook that is sent."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from jsonschema_rs import Draft202012Validator

from handbill.events import Event
from handbill.kernel.addresses import Addresses
from handbill.payments import facts
from handbill.payments.model import Line, Payment, PaymentStatus, PaymentType
from handbill.web import api
from handbill.web.api.webhook import EventWebhook, PaymentWebhook
from handbill.webhooks.targets import event_body, flat_body

NAMES = [f"019ca9b5-8d00-7000-8000-{n:012d}" for n in range(5)]
PAYMENT = Payment(
    id=NAMES[0],
    merchant_id=1,
    test=False,
    link_id=NAMES[1],
    product_id=None,
    txid=NAMES[0],
    type=PaymentType.LINK,
    fingerprint=None,
    token="t",
    payer=None,
    payer_id=None,
    status=PaymentStatus.CHARGED,
    amount_minor=1000,
    amount_with_fee_minor=1050,
    amount_dest_minor=950,
    refunded_minor=0,
    currency="RUB",
    method="card",
    provider="sandbox",
    title=None,
    description=None,
    notify_url=None,
    return_url=None,
    fail_url=None,
    lang=None,
    metadata={},
    error_code=None,
    error_description=None,
    late=False,
    surplus=False,
    capture=True,
    created_at=1,
    updated_at=1,
    expires_at=1,
    charged_at=1,
)
EVERYTHING: dict[str, Any] = {
    "product_id": NAMES[2],
    "placement_id": NAMES[3],
    "late": True,
    "surplus": True,
    "test": True,
    "metadata": {"order": "1001"},
    "error_description": "Declined",
    "tip_minor": 100,
    "lines": (Line(NAMES[4], "Espresso", "1", 3, 900),),
}


def sent(**changes: Any) -> dict[str, Any]:
    payment = msgspec.structs.replace(PAYMENT, **changes)
    event = Event(
        id=NAMES[3],
        merchant_id=1,
        test=payment.test,
        sequence=7,
        type=f"payment.{payment.status}",
        object_id=payment.id,
        object_sequence=2,
        data={"webhook": {"url": None, "body": facts.flat_body(payment)}},
        created_at=1,
    )
    body: dict[str, Any] = json.loads(flat_body(event) or "null")
    return body


@pytest.mark.parametrize("status", sorted(facts.WEBHOOK_STATUSES))
@pytest.mark.parametrize("changes", [{}, EVERYTHING, {"type": PaymentType.PAYMENT}])
def test_what_is_sent_fits_the_document(status: PaymentStatus, changes: dict[str, Any]) -> None:
    shared = api.describe(Addresses("https://pay.example"))["components"]["schemas"]
    schema = {
        **shared["PaymentWebhook"],
        "additionalProperties": False,
        "components": {"schemas": shared},
    }

    Draft202012Validator(schema).validate(sent(status=status, **changes))


def test_an_event_that_is_sent_fits_the_document() -> None:
    shared = api.describe(Addresses("https://pay.example"))["components"]["schemas"]
    schema = {
        **shared["EventWebhook"],
        "additionalProperties": False,
        "components": {"schemas": shared},
    }
    event = Event(NAMES[3], 1, True, 7, "link.paused", NAMES[1], 2, {"id": NAMES[1]}, 1)
    body = json.loads(event_body(event))

    Draft202012Validator(schema).validate(body)
    assert list(body) == list(EventWebhook.__struct_fields__)


def test_a_full_body_has_every_described_field_in_the_described_order() -> None:
    assert list(sent(**EVERYTHING)) == list(PaymentWebhook.__struct_fields__)


def test_a_plain_live_body_says_nothing_that_it_need_not() -> None:
    assert list(sent()) == [
        *("type", "link", "txid", "id", "status", "amount", "amount_dest", "amount_with_fee"),
        *("error_description", "currency", "event_id", "sequence"),
    ]
