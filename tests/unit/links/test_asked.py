"""What a link may ask of its payer, and what cannot be asked."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from handbill.kernel.money import AMOUNT_MAX
from handbill.links.asked import Consent, Contact, Field
from handbill.links.model import AmountType, PayConfig, Terms, faults

FIXED = Terms(amount_type=AmountType.FIXED, amount_minor=1_000, currency="RUB")
DYNAMIC = Terms(
    amount_type=AmountType.DYNAMIC, amount_minor=0, currency="RUB", min_minor=100, max_minor=900
)
TABLE = Field("table", "Table number")


@pytest.mark.parametrize(
    ("terms", "config", "names"),
    [
        (FIXED, {}, set()),
        (DYNAMIC, {"suggestions": (100, 500, 900)}, set()),
        (DYNAMIC, {"suggestions": (99, 500, 901)}, {"suggestions.0", "suggestions.2"}),
        (DYNAMIC, {"suggestions": (500, 500)}, {"suggestions"}),
        (DYNAMIC, {"suggestions": (100, 200, 300, 400, 500, 600, 700)}, {"suggestions"}),
        (FIXED, {"suggestions": (1_000,)}, {"suggestions"}),
        (FIXED, {"quantity_max": 1}, set()),
        (FIXED, {"quantity_max": 999}, set()),
        (FIXED, {"quantity_max": 0}, {"quantity_max"}),
        (FIXED, {"quantity_max": 1_000}, {"quantity_max"}),
        (DYNAMIC, {"quantity_max": 5}, {"quantity_max"}),
        (FIXED, {"tips": (500, 1_000, 1_500, 10_000)}, set()),
        (DYNAMIC, {"tips": (1,)}, set()),
        (FIXED, {"tips": (0, 10_001)}, {"tips.0", "tips.1"}),
        (FIXED, {"tips": (500, 500)}, {"tips"}),
        (FIXED, {"tips": (1, 2, 3, 4, 5)}, {"tips"}),
        (FIXED, {"field": TABLE, "contact": Contact.EMAIL}, set()),
        (FIXED, {"field": Field("k" * 41, " ")}, {"field.key", "field.label"}),
        (FIXED, {"field": Field("k", "l" * 101)}, {"field.label"}),
        (FIXED, {"field": Field("k", "l", choices=("1", "2"))}, set()),
        (FIXED, {"field": Field("k", "l", choices=())}, {"field.choices"}),
        (FIXED, {"field": Field("k", "l", choices=("1", "1"))}, {"field.choices"}),
        (
            FIXED,
            {"field": Field("k", "l", choices=tuple("x" * n for n in range(1, 52)))},
            {"field.choices"},
        ),
        (
            FIXED,
            {"field": Field("k", "l", choices=("", "x" * 201, " y"))},
            {"field.choices.0", "field.choices.1", "field.choices.2"},
        ),
        (FIXED, {"consent": Consent("I agree", required=True)}, set()),
        (FIXED, {"consent": Consent(" ")}, {"consent.text"}),
        (FIXED, {"consent": Consent("x" * 501)}, {"consent.text"}),
    ],
)
def test_what_cannot_be_asked_is_named_as_the_api_names_it(
    terms: Terms, config: dict[str, Any], names: set[str]
) -> None:
    found = faults(msgspec.structs.replace(terms, pay_config=PayConfig(**config)))
    assert set(found) == {f"pay_config.{name}" for name in names}


def test_without_bounds_a_suggestion_is_any_amount() -> None:
    unbound = msgspec.structs.replace(DYNAMIC, min_minor=None, max_minor=None)
    for minor, is_right in ((0, False), (1, True), (AMOUNT_MAX, True), (AMOUNT_MAX + 1, False)):
        terms = msgspec.structs.replace(unbound, pay_config=PayConfig(suggestions=(minor,)))
        assert (faults(terms) == {}) is is_right


def test_an_answer_never_hides_a_member_of_the_links_own_metadata() -> None:
    config = PayConfig(field=TABLE)
    for metadata, name in (
        ({"table": "7"}, "pay_config.field.key"),
        ({str(n): "" for n in range(16)}, "metadata"),
    ):
        found = faults(msgspec.structs.replace(FIXED, pay_config=config, metadata=metadata))
        assert set(found) == {name}
