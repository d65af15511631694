"""Terms of links: which can be kept, and when a link has come to its end."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from handbill.kernel.money import AMOUNT_MAX
from handbill.links.model import (
    AmountType,
    Link,
    LinkStatus,
    PayConfig,
    Terms,
    end_of,
    faults,
    is_full,
    is_reusable,
)

NOW = 1_772_359_200_000
FIXED = Terms(amount_type=AmountType.FIXED, amount_minor=1_000, currency="RUB")
DYNAMIC = Terms(amount_type=AmountType.DYNAMIC, amount_minor=0, currency="RUB")


def link(**fields: Any) -> Link:
    plain: dict[str, Any] = dict.fromkeys(Link.__struct_fields__)
    plain |= {"status": LinkStatus.ACTIVE, "payments_count": 0}
    return Link(**{**plain, **fields})


def test_plain_terms_are_fine() -> None:
    assert faults(FIXED) == faults(DYNAMIC) == {}


@pytest.mark.parametrize(
    ("terms", "changes", "fields"),
    [
        (FIXED, {"amount_minor": 0}, {"amount.default"}),
        (FIXED, {"amount_minor": -1}, {"amount.default"}),
        (FIXED, {"amount_minor": AMOUNT_MAX + 1}, {"amount.default"}),
        (FIXED, {"amount_minor": AMOUNT_MAX}, set()),
        (FIXED, {"min_minor": 1, "max_minor": 2}, {"amount.min", "amount.max"}),
        (DYNAMIC, {"amount_minor": -1}, {"amount.default"}),
        (DYNAMIC, {"min_minor": 0}, {"amount.min"}),
        (DYNAMIC, {"max_minor": AMOUNT_MAX + 1}, {"amount.max"}),
        (DYNAMIC, {"min_minor": 5, "max_minor": 4}, {"amount.min"}),
        (DYNAMIC, {"min_minor": 5, "max_minor": 5, "amount_minor": 5}, set()),
        (DYNAMIC, {"min_minor": 5, "amount_minor": 4}, {"amount.default"}),
        (DYNAMIC, {"max_minor": 5, "amount_minor": 6}, {"amount.default"}),
        (DYNAMIC, {"min_minor": 5, "max_minor": 9}, set()),
        (FIXED, {"currency": "XTS"}, {"amount.currency"}),
        (FIXED, {"title": "x" * 201}, {"title"}),
        (FIXED, {"title": "x" * 200}, set()),
        (FIXED, {"description": "x" * 2_001}, {"description"}),
        (FIXED, {"max_payments": 0}, {"max_payments"}),
        (FIXED, {"max_payments": 10**9 + 1}, {"max_payments"}),
        (FIXED, {"pay_config": PayConfig(methods=())}, set()),
        (FIXED, {"pay_config": PayConfig(methods=("card", "cash"))}, {"pay_config.methods.1"}),
        (FIXED, {"pay_config": PayConfig(methods=("card",) * 17)}, {"pay_config.methods"}),
        (FIXED, {"metadata": {str(n): "" for n in range(17)}}, {"metadata"}),
        (FIXED, {"metadata": {"k" * 41: ""}}, {"metadata"}),
        (FIXED, {"metadata": {"k": "v" * 501}}, {"metadata.k"}),
        (FIXED, {"metadata": {"k" * 40: "v" * 500}}, set()),
    ],
)
def test_what_cannot_be_kept_is_named_as_the_api_names_it(
    terms: Terms, changes: dict[str, Any], fields: set[str]
) -> None:
    assert set(faults(msgspec.structs.replace(terms, **changes))) == fields


@pytest.mark.parametrize(
    ("fields", "end"),
    [
        ({}, None),
        ({"expires_at": NOW + 1}, None),
        ({"expires_at": NOW}, "expired"),
        ({"expires_at": NOW, "status": LinkStatus.PAUSED}, "expired"),
        ({"expires_at": NOW, "deleted_at": NOW}, "deleted"),
        ({"max_payments": 1}, None),
        ({"max_payments": 1, "payments_count": 1}, "used"),
        ({"max_payments": 3, "payments_count": 2}, None),
        ({"max_payments": 3, "payments_count": 3}, "full"),
        ({"max_payments": 3, "payments_count": 3, "status": LinkStatus.PAUSED}, "full"),
        ({"payments_count": 10**6}, None),
        ({"status": LinkStatus.PAUSED}, "paused"),
        ({"status": LinkStatus.CLOSED}, "closed"),
    ],
)
def test_the_end_that_a_payer_reads_is_the_one_that_lasts(
    fields: dict[str, Any], end: str | None
) -> None:
    assert end_of(link(**fields), NOW) == end


def test_only_a_limit_makes_a_link_full() -> None:
    assert is_reusable(link()) is True
    assert is_full(link(payments_count=5)) is False
    assert is_full(link(max_payments=5, payments_count=5)) is True
