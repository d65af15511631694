"""Every event that can be told has words, alone and among many, and test money says so."""

from __future__ import annotations

from typing import Any

import pytest

from handbill.events import Event
from handbill.notices import wording
from handbill.notices.model import EVENTS
from handbill.web.pages.language import english

FACTS: dict[str, Any] = {
    "id": "019ca9b5-8d00-7000-8000-000000000001",
    "txid": "order-7",
    "amount": 123_450,
    "currency": "RUB",
    "url": "https://user:secret@shop.example/hook/secret?key=secret",
    "kind": "telegram",
    "metadata": {"note": "secret"},
}


def event(type: str, *, test: bool = False, **facts: Any) -> Event:
    return Event("e", 1, test, 1, type, "o", 1, {**FACTS, **facts}, 0)


@pytest.mark.parametrize("type", EVENTS)
def test_each_has_words_of_its_own_and_holds_nothing_secret(type: str) -> None:
    one = wording.of_one(event(type), "Two coffees", "Café", english())
    many = wording.of_many([event(type), event(type)], "Café", english())

    for message in (one, many):
        assert "%(" not in message.text
        assert "secret" not in message.text
        assert message.lines[-1] == "Café"
    assert "Two coffees" in one.lines
    assert one.subject != many.subject
    assert many.subject.startswith("2 ")
    others = {wording.of_one(event(o), "", "", english()).subject for o in EVENTS if o != type}
    assert one.subject not in others


def test_amounts_are_written_and_summed_by_currency() -> None:
    one = wording.of_one(event("payment.charged"), "", "Café", english())
    some = [event("payment.charged"), event("payment.charged")]
    many = wording.of_many([*some, event("payment.charged", currency="JPY")], "Café", english())

    assert one.subject == "Paid: ₽1,234.50"
    assert many.subject == "3 payments: ¥123,450 + ₽2,469.00"


def test_money_in_review_is_named_as_it_came() -> None:
    received = {"amount": 99, "currency": "USD"}
    found = wording.of_one(event("payment.review", received=received), "", "Café", english())
    assert found.subject == "Money waits for your decision: $0.99"


def test_only_the_host_of_a_receiver_is_named() -> None:
    for type in ("endpoint.disabled", "delivery.exhausted"):
        found = wording.of_one(event(type), "", "Café", english())
        assert "shop.example" in found.subject


def test_a_channel_is_named_by_what_it_is() -> None:
    named: dict[str, dict[str, Any]] = {
        "telegram": {"kind": "telegram"},
        "an e-mail address": {"kind": "email"},
        "slack://***": {"kind": "address", "address": "slack://***"},
    }
    for name, facts in named.items():
        found = wording.of_one(event("notice_channel.disabled", **facts), "", "", english())
        assert found.subject.lower() == f"notices to {name} are switched off"


def test_test_money_says_so_before_and_after() -> None:
    one = wording.of_one(event("payment.charged", test=True), "", "Café", english())
    many = wording.of_many([event("payment.charged", test=True)], "Café", english())
    trial = wording.of_trial(True, "Café", english())
    for message in (one, many, trial):
        assert message.subject.startswith("TEST: ")
        assert message.lines[-1] == "Test: no money moves"
    assert "TEST" not in wording.of_trial(False, "Café", english()).text
