"""Amounts: whole minor units, the exponents of ISO 4217, and what people type."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handbill.kernel.money import (
    AMOUNT_MAX,
    Money,
    currencies,
    currency_fault,
    exponent,
    parse_typed,
)


@pytest.mark.parametrize(
    ("code", "places"), [("RUB", 2), ("USD", 2), ("JPY", 0), ("KWD", 3), ("CLF", 4), ("UYW", 4)]
)
def test_exponents_are_those_of_the_standard(code: str, places: int) -> None:
    assert exponent(code) == places
    assert Money(12_345, code).decimal() == Decimal(12_345).scaleb(-places)


@pytest.mark.parametrize("code", ["XXX", "XAU", "XDR", "XTS", "", "RU", "EURO", "\u0440ub", "BTC"])
def test_what_nobody_can_pay_in_is_no_currency(code: str) -> None:
    assert code not in currencies()
    assert currency_fault(code) == (
        "must be an ISO 4217 currency that money can be paid in, such as RUB or USD"
    )


def test_a_currency_in_small_letters_is_refused_with_the_right_spelling() -> None:
    assert currency_fault("rub") == "must be in capitals: RUB"
    assert currency_fault("RUB") is None


@pytest.mark.parametrize(
    ("typed", "currency", "minor"),
    [
        ("10", "RUB", 1_000),
        ("10,5", "RUB", 1_050),
        ("10.50", "RUB", 1_050),
        ("1 234,50", "RUB", 123_450),
        ("1\u00a0234,50", "RUB", 123_450),
        ("1,234.50", "USD", 123_450),
        ("1.234,50", "EUR", 123_450),
        ("1'234.50", "CHF", 123_450),
        ("1\u2019234", "CHF", 123_400),
        ("1,234", "RUB", 123_400),
        ("1,234,567", "RUB", 123_456_700),
        ("1.234", "KWD", 1_234),
        ("1,234.5", "KWD", 1_234_500),
        ("1,234", "JPY", 1_234),
        ("0.01", "RUB", 1),
        (".5", "RUB", 50),
        ("5.", "RUB", 500),
        ("007", "RUB", 700),
        ("1\u202f234,50", "EUR", 123_450),  # the narrow space of French
        ("1\u2009234.50", "EUR", 123_450),
        ("1.234", "EUR", 123_400),
        ("1.234", "JPY", 1_234),
        ("1.234,5", "KWD", 1_234_500),
        ("1,234.500", "KWD", 1_234_500),
        ("\u0661\u0662\u0663\u0664", "EGP", 123_400),
        ("\u0661\u066c\u0662\u0663\u0664\u066b\u0665\u0660", "EGP", 123_450),
        ("\u0661\u066c\u0662\u0663\u0664", "KWD", 1_234_000),  # this mark can only group
        ("\u0661\u066b\u0662\u0663\u0664", "KWD", 1_234),
        ("\u06f1\u06f2\u06f3\u06f4\u066b\u06f5", "IRR", 123_450),
        ("\u0661\u0662\u060c\u0665", "EGP", 1_250),
        ("\u200f\u0661\u0662\u200f", "EGP", 1_200),
        ("\uff11\uff12\uff13", "JPY", 123),
        ("1,234\u066b50", "EGP", 123_450),
    ],
)
def test_what_people_type_is_read(typed: str, currency: str, minor: int) -> None:
    assert parse_typed(typed, currency) == minor


@pytest.mark.parametrize(
    ("typed", "currency"),
    [
        ("", "RUB"),
        (" ", "RUB"),
        (".", "RUB"),
        ("ten", "RUB"),
        ("-5", "RUB"),
        ("+5", "RUB"),
        ("1e3", "RUB"),
        ("0x10", "RUB"),
        ("²", "RUB"),
        ("½", "RUB"),
        ("Ⅷ", "RUB"),
        ("\u0661\u066b\u0662\u0663\u0664", "EGP"),  # a decimal mark and three decimals
        ("1\u066b2\u066b3", "EGP"),
        ("1\u066b234,5", "EGP"),
        ("1\u066b5", "JPY"),
        (".", "JPY"),
        (",,", "RUB"),
        ("1.2,3.4", "RUB"),
        (",500", "RUB"),
        ("10.5.5", "RUB"),
        ("1,23,456", "RUB"),
        ("1234,567", "RUB"),
        ("12.3456", "RUB"),
        ("1.234.56", "RUB"),
        ("1,234.567", "RUB"),
        ("1.5", "JPY"),
        ("0,500", "RUB"),  # half a rouble, or five hundred? it has no group, so it is no thousand
        ("0.001", "RUB"),
        ("00,500", "RUB"),
        ("9" * 31, "RUB"),
        ("∞", "RUB"),
        ("NaN", "RUB"),
    ],
)
def test_what_would_have_to_be_guessed_is_refused(typed: str, currency: str) -> None:
    assert parse_typed(typed, currency) is None


@given(st.integers(0, AMOUNT_MAX), st.sampled_from(["RUB", "JPY", "KWD", "CLF"]))
def test_an_amount_that_is_written_out_is_read_back(minor: int, currency: str) -> None:
    written = f"{Money(minor, currency).decimal():f}"

    assert parse_typed(written, currency) == minor
    assert parse_typed(written.replace(".", ","), currency) == minor


@given(st.integers(1_000, AMOUNT_MAX), st.sampled_from([",", ".", " ", "'"]))
def test_grouped_thousands_are_read_back(whole: int, mark: str) -> None:
    assert parse_typed(f"{whole:,}".replace(",", mark), "RUB") == whole * 100


PLACES = {"JPY": 0, "RUB": 2, "KWD": 3}


@given(
    st.integers(0, AMOUNT_MAX),
    st.sampled_from(sorted(PLACES)),
    st.sampled_from(
        [(" ", ","), (",", "."), (".", ","), ("\u00a0", ","), ("\u202f", ","), ("'", ".")]
    ),
    st.sampled_from(["0", "\u0660", "\u06f0", "\u0966"]),
)
def test_an_amount_with_groups_and_all_decimals_means_the_same_to_everybody(
    minor: int, currency: str, marks: tuple[str, str], zero: str
) -> None:
    group, point = marks
    places = PLACES[currency]
    whole, part = divmod(minor, 10**places)
    decimals = f"{point}{part:0{places}}" if places else ""
    typed = f"{whole:,}".replace(",", group) + decimals
    typed = typed.translate({ord(str(n)): ord(zero) + n for n in range(10)})

    assert parse_typed(typed, currency) == minor


@given(st.integers(1, 999), st.integers(0, 999), st.sampled_from([",", "."]))
def test_one_mark_before_three_digits_groups_unless_the_currency_has_three_places(
    first: int, rest: int, mark: str
) -> None:
    typed, both = f"{first}{mark}{rest:03}", first * 1_000 + rest

    assert parse_typed(typed, "RUB") == both * 100
    assert parse_typed(typed, "JPY") == both
    assert parse_typed(typed, "KWD") == both


@given(st.text(max_size=40), st.sampled_from(["RUB", "JPY", "KWD"]))
def test_no_text_is_too_strange(typed: str, currency: str) -> None:
    minor = parse_typed(typed, currency)

    assert minor is None or minor >= 0
