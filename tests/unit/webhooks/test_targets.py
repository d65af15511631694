"""The flat body, in the order that the documentation shows."""

from __future__ import annotations

import json
from typing import Any

from handbill.events import Event
from handbill.webhooks.targets import flat_body

SEED = {
    "type": "link",
    "link": "0198c0de-0000-7000-8000-000000000001",
    "txid": "generated-txid",
    "id": "0198c0de-0000-7000-8000-000000000002",
    "status": "charged",
    "amount": 1000,
    "amount_dest": 950,
    "amount_with_fee": 1050,
    "error_description": "",
}


def event(data: dict[str, Any]) -> Event:
    return Event("0198c0de-0000-7000-8000-0000000000ee", 42, True, 7, "payment.charged",
                 str(SEED["id"]), 3, data, 0)  # fmt: skip


def test_the_seeds_fields_come_first_and_the_order_is_always_the_same() -> None:
    late = {"metadata": {"order": "1"}, "test": True, "late": True, "currency": "RUB"}
    shuffled = {**late, **dict(reversed(SEED.items())), "surplus": True, "product": "p"}

    text = flat_body(event({"webhook": {"url": None, "body": shuffled}}))

    assert text is not None
    assert list(json.loads(text)) == [
        *SEED,
        *("currency", "event_id", "sequence", "product", "late", "surplus", "test", "metadata"),
    ]


def test_the_event_gives_its_id_and_the_number_within_its_object() -> None:
    text = flat_body(event({"webhook": {"url": None, "body": {**SEED, "currency": "RUB"}}}))

    body = json.loads(text or "")
    assert body == {
        **SEED,
        "currency": "RUB",
        "event_id": "0198c0de-0000-7000-8000-0000000000ee",
        "sequence": 3,
    }


def test_a_field_that_is_new_is_not_lost() -> None:
    text = flat_body(event({"webhook": {"url": None, "body": {"later": 1, **SEED}}}))

    assert list(json.loads(text or ""))[-1] == "later"


def test_an_event_without_a_webhook_has_no_body() -> None:
    assert flat_body(event({"id": "x"})) is None
