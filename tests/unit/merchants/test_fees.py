"""The three amounts of a payment, from the merchant's rule."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from handbill.kernel.money import AMOUNT_MAX, Money
from handbill.merchants.fees import BASIS_POINTS, Amounts, Fee, FeeRule, derive

fees = st.builds(
    Fee,
    basis_points=st.integers(0, BASIS_POINTS),
    fixed=st.dictionaries(st.sampled_from(["RUB", "USD"]), st.integers(0, 10_000)),
)
amounts = st.builds(
    Money, minor=st.integers(1, AMOUNT_MAX), currency=st.sampled_from(["RUB", "USD", "JPY"])
)


def test_five_percent_on_both_sides_gives_the_amounts_of_the_specification() -> None:
    rule = FeeRule(payer=Fee(basis_points=500), merchant=Fee(basis_points=500))

    assert derive(rule, Money(1_000, "RUB")) == Amounts(amount=1_000, with_fee=1_050, dest=950)


def test_without_a_rule_nothing_is_added_or_taken() -> None:
    assert derive(FeeRule(), Money(1_000, "RUB")) == Amounts(1_000, 1_000, 1_000)


@pytest.mark.parametrize(
    ("minor", "basis_points", "fee"),
    [(1, 5_000, 1), (1, 4_999, 0), (150, 100, 2), (149, 100, 1), (10**12, 10_000, 10**12)],
)
def test_a_share_is_rounded_half_up(minor: int, basis_points: int, fee: int) -> None:
    assert Fee(basis_points).of(Money(minor, "RUB")) == fee


def test_the_fixed_part_is_that_of_the_currency() -> None:
    fee = Fee(basis_points=100, fixed={"RUB": 500})

    assert fee.of(Money(10_000, "RUB")) == 600
    assert fee.of(Money(10_000, "USD")) == 100


def test_a_merchants_fee_takes_at_most_the_amount() -> None:
    rule = FeeRule(merchant=Fee(fixed={"RUB": 5_000}))

    assert derive(rule, Money(100, "RUB")).dest == 0


@given(fees, fees, amounts)
def test_nothing_appears_and_nothing_is_lost(payer: Fee, merchant: Fee, asked: Money) -> None:
    found = derive(FeeRule(payer, merchant), asked)

    assert found.amount == asked.minor
    assert found.with_fee - found.amount == payer.of(asked)
    assert found.amount - found.dest == min(merchant.of(asked), asked.minor)
    assert 0 <= found.dest <= found.amount <= found.with_fee


@given(fees, amounts)
def test_a_fee_is_what_decimal_arithmetic_says(fee: Fee, asked: Money) -> None:
    share = Decimal(asked.minor) * fee.basis_points / BASIS_POINTS

    expected = share.quantize(Decimal(1), ROUND_HALF_UP) + fee.fixed.get(asked.currency, 0)

    assert fee.of(asked) == expected


@pytest.mark.parametrize(
    "text", ['{"basis_points": 10001}', '{"basis_points": -1}', '{"fixed": {"RUB": -1}}']
)
def test_a_fee_out_of_bounds_cannot_be_read(text: str) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(text, type=Fee)
