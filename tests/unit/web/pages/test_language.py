"""Money and time as people read them."""

from __future__ import annotations

import pytest

from handbill.kernel.languages import LanguageCode
from handbill.kernel.money import Money, currencies, exponent, parse_typed
from handbill.web.pages.language import Language, countdown, english, speak

NO_BREAK, NARROW = "\u00a0", "\u202f"


@pytest.mark.parametrize(
    ("language", "minor", "currency", "text"),
    [
        ("en", 198_050, "RUB", "₽1,980.50"),
        ("en", 5, "JPY", "¥5"),
        ("en", 12_345, "KWD", f"KWD{NO_BREAK}12.345"),
        ("en", 1_250, "MGA", f"MGA{NO_BREAK}12.50"),
        ("en", 10**12, "USD", "$10,000,000,000.00"),
        ("ru", 198_050, "RUB", f"1{NO_BREAK}980,50{NO_BREAK}₽"),
        ("fr", 198_050, "EUR", f"1{NARROW}980,50{NO_BREAK}€"),
        ("de", 198_050, "CHF", f"1.980,50{NO_BREAK}CHF"),
        ("pt-BR", 198_050, "BRL", f"R${NO_BREAK}1.980,50"),
        ("ja", 500, "JPY", "￥500"),
    ],
)
def test_money_has_the_digits_of_its_currency_and_the_marks_of_the_language(
    language: str, minor: int, currency: str, text: str
) -> None:
    assert str(Language(language).money(Money(minor, currency))) == text


@pytest.mark.parametrize("currency", sorted(currencies()))
def test_every_currency_shows_the_digits_that_iso_gives_it(currency: str) -> None:
    shown = english().money(Money(1_234_567, currency))
    digits = exponent(currency)
    _, _, part = shown.number.partition(".")
    assert len(part) == digits
    assert "".join(c for c in shown.number if c.isdigit()) == "1234567"


@pytest.mark.parametrize("language", ["en", "ru", "de", "fr", "tr", "ar", "ja"])
@pytest.mark.parametrize(("minor", "currency"), [(50_000, "RUB"), (50_001, "RUB"), (5, "JPY")])
def test_a_suggested_amount_is_read_back_as_it_was_meant(
    language: str, minor: int, currency: str
) -> None:
    money = Money(minor, currency)
    assert parse_typed(Language(language).plain_number(money), currency) == minor


def test_a_suggested_amount_has_no_zeros_to_type_over() -> None:
    assert english().plain_number(Money(50_000, "RUB")) == "500"


def test_direction_marks_take_no_room() -> None:
    shown = Language("ar").money(Money(198_050, "RUB"))
    assert "\u200f" in str(shown)
    assert shown.length == len("1,980.50 ₽")


@pytest.mark.parametrize(
    ("code", "text"),
    [
        ("en", "2.5%"),
        ("ru", f"2,5{NO_BREAK}%"),
        ("de", f"2,5{NO_BREAK}%"),
        ("fr", f"2,5{NO_BREAK}%"),
        ("es", f"2,5{NO_BREAK}%"),
        ("pt-BR", "2,5%"),
        ("tr", "%2,5"),
        ("kk", "2,5%"),
        ("uk", "2,5%"),
        ("ar", "2.5%"),
        ("zh-Hans", "2.5%"),
        ("ja", "2.5%"),
    ],
)
def test_a_share_has_the_marks_of_the_language(code: LanguageCode, text: str) -> None:
    assert speak(code).percent(250) == text


@pytest.mark.parametrize(
    ("code", "money", "moment"),
    [
        ("en", "KWD\u00a01,234.500", "1 March 2026, 10:00 UTC"),
        ("ru", "1\u00a0234,500\u00a0KWD", "1 марта 2026\u202fг., 10:00 UTC"),  # noqa: RUF001
        ("de", "1.234,500\u00a0KWD", "1. März 2026, 10:00 UTC"),
        ("fr", "1\u202f234,500\u00a0KWD", "1 mars 2026, 10:00 UTC"),
        ("es", "1.234,500\u00a0KWD", "1 de marzo de 2026, 10:00 UTC"),
        ("pt-BR", "KWD\u00a01.234,500", "1 de março de 2026 10:00 UTC"),
        ("tr", "KWD\u00a01.234,500", "1 Mart 2026 10:00 UTC"),
        ("kk", "1\u00a0234,500\u00a0KWD", "2026\u202fж. 1 наурыз, 10:00 UTC"),
        ("uk", "1\u00a0234,500\u00a0KWD", "1 березня 2026\u202fр., 10:00 UTC"),  # noqa: RUF001
        ("ar", "\u200f1,234.500\u00a0د.ك.\u200f", "1 مارس 2026، 10:00 ص UTC"),
        ("zh-Hans", "KWD\u00a01,234.500", "2026年3月1日 10:00 UTC"),
        ("ja", "KWD\u00a01,234.500", "2026年3月1日 10:00 UTC"),
    ],
)
def test_each_language_writes_sums_and_times_its_own_way_in_latin_digits(
    code: LanguageCode, money: str, moment: str
) -> None:
    assert str(speak(code).money(Money(1_234_500, "KWD"))) == money
    assert speak(code).moment(1_772_359_200_000) == moment


def test_time_is_a_day_that_everybody_reads_alike() -> None:
    assert english().moment(1_772_359_200_000) == "1 March 2026, 10:00 UTC"
    assert english().machine(1_772_359_200_000) == "2026-03-01T10:00:00+00:00"


@pytest.mark.parametrize(("code", "direction"), [("en", "ltr"), ("ru", "ltr"), ("ar", "rtl")])
def test_the_direction_is_that_of_the_script(code: str, direction: str) -> None:
    assert Language(code).direction == direction


@pytest.mark.parametrize(
    ("seconds", "text"), [(47, "0:47"), (725, "12:05"), (0, "0:00"), (-3, "0:00")]
)
def test_a_countdown_is_minutes_and_seconds(seconds: int, text: str) -> None:
    assert countdown(seconds) == text
