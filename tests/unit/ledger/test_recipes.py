"""Every fact that can be posted balances, whatever the amounts."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handbill.kernel.money import Money
from handbill.ledger import recipes
from handbill.ledger.model import Balance, Draft, Posting, Side, Unbalanced, balances
from handbill.ledger.recipes import SALES


@st.composite
def charges(draw: st.DrawFn) -> recipes.Charge:
    amount = draw(st.integers(1, 10**12))
    return recipes.Charge(
        merchant_id=1,
        test=True,
        attempt_id="attempt",
        provider="sandbox",
        amount=amount,
        with_fee=amount + draw(st.integers(0, 10**12)),
        dest=draw(st.integers(0, amount)),
        currency=draw(st.sampled_from(["RUB", "JPY", "KWD"])),
    )


@given(charges())
def test_a_charge_balances_for_every_amount(charge: recipes.Charge) -> None:
    draft = recipes.charged(charge)  # an unbalanced one cannot be made

    of = {b.account: b.minor for b in balances(draft.postings)}
    assert -of["sales"] == charge.amount
    assert of.get("acquirer:sandbox", 0) == charge.dest


@given(charges())
def test_surplus_is_owed_back_in_full(charge: recipes.Charge) -> None:
    assert balances(recipes.surplus(charge).postings) == [
        Balance("acquirer:sandbox", charge.currency, charge.with_fee),
        Balance("owed:surplus", charge.currency, -charge.with_fee),
    ]


def test_five_percent_on_both_sides() -> None:
    draft = recipes.charged(recipes.Charge(1, True, "a", "sandbox", 1000, 1050, 950, "RUB"))

    assert [(b.account, b.minor) for b in balances(draft.postings)] == [
        ("acquirer:sandbox", 950),
        ("fees", 100),
        ("sales", -1000),
        ("surcharge", -50),
    ]


@pytest.mark.parametrize(
    "postings",
    [
        pytest.param((), id="empty"),
        pytest.param((("debit", 5, "RUB"),), id="one-sided"),
        pytest.param((("debit", 5, "RUB"), ("credit", 5, "USD")), id="two-currencies"),
    ],
)
def test_an_unbalanced_entry_cannot_be_made(postings: tuple[tuple[str, int, str], ...]) -> None:
    lines = tuple(
        Posting("sales", Side(side), Money(minor, code)) for side, minor, code in postings
    )

    with pytest.raises(Unbalanced):
        Draft(1, True, "charge", "a", lines)


def test_a_posting_is_positive() -> None:
    with pytest.raises(Unbalanced):
        Posting(SALES, Side.DEBIT, Money(0, "RUB"))


def test_nothing_is_posted_to_an_account_of_no_kind() -> None:
    with pytest.raises(ValueError, match="salse"):
        Posting("salse", Side.DEBIT, Money(5, "RUB"))
