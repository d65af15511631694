"""Requisites in roubles: the published sample, the keys of accounts, text that adds no field."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handbill.kernel.errors import Invalid
from handbill.kernel.money import Money
from handbill.providers import requisites, st00012
from handbill.qr.code import make
from handbill.qr.formats import png
from tests.support.transfers import ROUBLES
from tests.unit.qr.reading import open_png, read_picture

AMOUNT = Money(100_000, "RUB")


def test_the_sample_of_the_standard_is_written_letter_by_letter() -> None:
    """Its payee and order of fields, as the libraries that follow the standard publish it. (The tax
    number of that sample has no valid check digit, so it is left out.)"""
    to = requisites.parse("RUB", ROUBLES)

    assert requisites.payload(to, AMOUNT, "Оплата членского взноса") == (
        "ST00012|Name=ООО «Три кита»|PersonalAcc=40702810138250123017"  # noqa: RUF001 -- Russian
        '|BankName=ОАО "БАНК"|BIC=044525225|CorrespAcc=30101810400000000225'  # noqa: RUF001 -- Russian
        "|Sum=100000|Purpose=Оплата членского взноса"
    )


def test_tax_numbers_stand_before_the_sum() -> None:
    to = requisites.parse("RUB", {**ROUBLES, "inn": "7707083893", "kpp": "773601001"})

    assert "|PayeeINN=7707083893|KPP=773601001|Sum=100000" in requisites.payload(to, AMOUNT, "")


@pytest.mark.parametrize(
    ("account", "bic"),
    [("40602810700000000025", "049805746"), ("40702810138250123017", "044525225")],
)
def test_the_key_of_an_account_fits_its_bank_and_no_other_digit_does(
    account: str, bic: str
) -> None:
    """The first is the example of the Bank of Russia's order 515 (key 7)."""
    fitting = [d for d in "0123456789" if st00012.fits_bank(account[:8] + d + account[9:], bic)]

    assert fitting == [account[8]]


def test_a_correspondent_account_has_a_key_by_the_office_of_the_bank_of_russia() -> None:
    """The example of order 515: key 8."""
    assert st00012.fits_settlement("30101810800000000746", "049805746")
    assert not st00012.fits_settlement("30101810700000000746", "049805746")
    assert not st00012.fits_settlement("30101810400000000225", "049805746")


@pytest.mark.parametrize(
    ("text", "is_right"),
    [
        ("7707083893", True),
        ("7707083894", False),
        ("500100732259", True),
        ("500100732258", False),
        ("500100732269", False),
        ("770708389", False),
        ("", False),
        ("٧٧٠٧٠٨٣٨٩٣", False),
    ],
)
def test_the_check_digits_of_a_tax_number(text: str, is_right: bool) -> None:
    assert st00012.is_inn(text) is is_right


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", "A|PersonalAcc=1"),
        ("name", "A" * 161),
        ("name", "К" * 130),  # noqa: RUF001 -- Russian
        ("bank_name", "B" * 46),
        ("account", "40702810138250123018"),
        ("account", "4070281013825012301"),
        ("correspondent_account", "30101810400000000226"),
        ("bic", "014525225"),
        ("bic", "04452522"),
        ("inn", "6200098765"),
        ("kpp", "7736010"),
        ("iban", "DE89370400440532013000"),
    ],
)
def test_a_fault_is_told_by_its_field(field: str, value: str) -> None:
    with pytest.raises(Invalid) as refused:
        requisites.parse("RUB", {**ROUBLES, field: value})

    assert list(refused.value.faults) == [field]


def test_what_is_missing_is_named_all_at_once() -> None:
    with pytest.raises(Invalid) as refused:
        requisites.parse("RUB", {"name": "ООО «Три кита»", "bic": " "})  # noqa: RUF001 -- Russian

    assert list(refused.value.faults) == ["account", "bank_name", "bic", "correspondent_account"]


def test_numbers_may_be_typed_in_groups() -> None:
    grouped = {**ROUBLES, "account": "40702 810 1 3825 0123017", "bic": "04 4525 225"}

    assert requisites.parse("RUB", grouped) == requisites.parse("RUB", ROUBLES)


def test_a_separator_in_the_words_becomes_a_stroke() -> None:
    to = requisites.parse("RUB", ROUBLES)

    assert requisites.payload(to, AMOUNT, "A|Sum=1\nB").endswith("|Purpose=A/Sum=1 B")


@given(st.text(max_size=400), st.integers(1, 10**12))
def test_no_words_add_a_field(words: str, minor: int) -> None:
    to = requisites.parse("RUB", ROUBLES)

    text = requisites.payload(to, Money(minor, "RUB"), words)

    fields = text.split("|")
    assert [field.partition("=")[0] for field in fields[1:]][:6] == [
        *("Name", "PersonalAcc", "BankName", "BIC", "CorrespAcc", "Sum")
    ]
    assert len(fields) <= 8
    assert text.isprintable()
    said = requisites.shown(text)
    assert {name: said[name] for name in ROUBLES} == ROUBLES
    assert said["amount"] == f"{Money(minor, 'RUB').decimal():f}"
    assert len(said["purpose"]) <= st00012.PURPOSE_MAX


@pytest.mark.parametrize("words", ["7KX2M4QF9T Кофе в зёрнах, 1 кг", "Ü" * 300, ""])
def test_a_phone_reads_the_code_letter_by_letter(words: str) -> None:
    text = requisites.payload(requisites.parse("RUB", ROUBLES), AMOUNT, words)

    read = read_picture(open_png(png(make(text))))

    assert (read.text, read.level) == (text, "M")
