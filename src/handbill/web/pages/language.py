"""A language of the pages: its words, its direction, and how it writes money and time.

Digits after the decimal mark come from ISO 4217, never from CLDR, whose display digits differ
for 13 currencies. Which language a payer gets is decided in `languages`.
"""

from __future__ import annotations

from copy import copy
from datetime import UTC, datetime
from decimal import Decimal
from functools import cache, cached_property
from gettext import NullTranslations
from typing import cast
from unicodedata import category

import msgspec
from babel import localedata
from babel.core import Locale, get_global
from babel.dates import format_date, format_time, get_datetime_format
from babel.numbers import NumberPattern, format_percent, get_currency_symbol, parse_pattern

from handbill.kernel.clock import Instant, iso
from handbill.kernel.languages import LanguageCode
from handbill.kernel.money import Money, exponent
from handbill.web.pages import catalogues

_NO_BREAK_SPACE = "\u00a0"

# Signs that belong to one currency only. CLDR prints the code instead wherever the currency is
# foreign to the language; `RUB` beside a price reads worse than its sign and says no more.
_SIGNS = {
    "AMD": "֏",
    "AZN": "₼",
    "GEL": "₾",
    "KZT": "₸",
    "MNT": "₮",
    "NGN": "₦",
    "RUB": "₽",
    "TRY": "₺",
    "UAH": "₴",
}


# What CLDR knows and no page says: the names of countries, currencies, units and time zones. Of
# twelve languages it takes 11 MiB.
_UNSPOKEN = (
    *("languages", "scripts", "territories", "variants", "time_zones", "meta_zones"),
    *("currency_names", "currency_names_plural", "date_fields", "interval_formats"),
    *("unit_patterns", "unit_display_names", "compound_unit_patterns", "datetime_skeletons"),
    *("compact_currency_formats", "compact_decimal_formats"),
)
_PARENTS = {"en-150": ("en_001",)}
"""Those whose name is no beginning of the child's."""


class MoneyText(msgspec.Struct, frozen=True):
    """An amount as a language writes it. The sign stands before or after the number."""

    before: str
    number: str
    after: str

    def __str__(self) -> str:
        return self.before + self.number + self.after

    @property
    def length(self) -> int:
        """Characters that take room: direction marks do not."""
        return sum(category(character) != "Cf" for character in str(self))


class Language:
    """`code` is a BCP 47 tag for `lang`; `dates` may be a sibling locale with clearer dates."""

    def __init__(
        self, code: str, *, dates: str | None = None, translations: NullTranslations | None = None
    ) -> None:
        self.code = code
        self._numbers = _locale(code)
        self._dates = _locale(dates) if dates else self._numbers
        self._translations = translations or NullTranslations()
        self.direction = "rtl" if self._numbers.character_order == "right-to-left" else "ltr"
        self.gettext = self._translations.gettext
        self.ngettext = self._translations.ngettext
        self.is_chosen = False
        """Whether it is another than the payer's browser would get by itself."""
        self.rest = ""
        """What else the address says, ready for another `lang=` behind it."""

    @cached_property
    def chosen(self) -> Language:
        """The same for a payer who came to it by a choice: addresses carry it on."""
        other = copy(self)
        other.is_chosen = True
        return other

    @property
    def locale(self) -> str:
        """With a country, as Open Graph writes it: the one where most people speak it."""
        language, country = self._numbers.language, self._numbers.territory
        return f"{language}_{country or get_global('likely_subtags')[language].rpartition('_')[2]}"

    def beside(self, rest: str) -> Language:
        """The same on a page whose address says more, which other languages must keep."""
        other = copy(self)
        other.rest = rest
        return other

    def onward(self, url: str) -> str:
        """The address of another page of ours, so that it speaks this language too."""
        return in_language(url, self.code) if self.is_chosen else url

    def money(self, money: Money) -> MoneyText:
        """With sign and every digit of the currency: `₽1,980.50`, `KWD 12.345`."""
        sign = _sign(money.currency, self._numbers)
        pattern = _pattern(self._numbers, money.currency)
        text = pattern.apply(
            money.decimal(), self._numbers, currency=money.currency, currency_digits=False
        )
        before, _, after = text.replace(_cldr_sign(money.currency, self._numbers), "\0").partition(
            "\0"
        )
        if after:
            gap = _NO_BREAK_SPACE if sign[-1].isalpha() and after[0].isdigit() else ""
            return MoneyText(before + sign + gap, after, "")
        number = before.rstrip(_NO_BREAK_SPACE + "\u202f ")
        return MoneyText("", number, before[len(number) :] + sign)

    def plain_number(self, money: Money) -> str:
        """For an amount field: no sign, no grouping, and no `.00` to type over."""
        value = money.decimal()
        if value == value.to_integral_value():
            return str(int(value))
        return f"{value:f}".replace(".", self.decimal_mark)

    @property
    def decimal_mark(self) -> str:
        return str(self._numbers.number_symbols["latn"]["decimal"])

    def percent(self, basis_points: int) -> str:
        """`10%`, `12.5 %`: with as many digits as it has."""
        share = Decimal(basis_points).scaleb(-4)
        return format_percent(share, locale=self._numbers, decimal_quantization=False)

    def sign(self, currency: str) -> str:
        return _sign(currency, self._numbers)

    def moment(self, at: Instant) -> str:
        """Day and minute, in UTC: the server does not know where the payer is."""
        moment = datetime.fromtimestamp(at // 1_000, UTC)
        day = format_date(moment, "long", self._dates)
        time = format_time(moment, "short", locale=self._dates)
        joined = str(get_datetime_format("medium", self._dates))
        return f"{joined.replace('{1}', day).replace('{0}', time)} UTC"

    def day(self, at: Instant) -> str:
        """`1 March 2026`, in UTC."""
        return format_date(datetime.fromtimestamp(at // 1_000, UTC), "long", self._dates)

    def machine(self, at: Instant) -> str:
        """For the `datetime` attribute."""
        return iso(at)

    def clock_time(self, at: Instant) -> str:
        """`10:00:07`, in UTC: for a list in which seconds matter."""
        return datetime.fromtimestamp(at // 1_000, UTC).strftime("%H:%M:%S")


def countdown(seconds: int) -> str:
    """`0:47`, `12:05`: minutes and seconds, never negative."""
    return "{}:{:02}".format(*divmod(max(seconds, 0), 60))


@cache
def speak(code: LanguageCode) -> Language:
    """One for the process, made when it is first wanted."""
    # en-150 writes `1 March 2026, 10:00`: read alike by everybody, which `3/1/26` is not.
    dates = "en-150" if code == "en" else None
    return Language(code, dates=dates, translations=catalogues.read(code))


def english() -> Language:
    return speak("en")


def in_language(url: str, code: str) -> str:
    """The address of a page of ours, in this language whatever the browser asks for."""
    return f"{url}{'&' if '?' in url else '?'}lang={code}"


def _locale(tag: str) -> Locale:
    """With what pages say of it; neither it nor those that it inherits from keep the rest."""
    locale = Locale.parse(tag, sep="-")
    parts = str(locale).split("_")
    own = ("_".join(parts[:length]) for length in range(1, len(parts) + 1))
    for name in ("root", *_PARENTS.get(tag, ()), *own):
        data = localedata.load(name)
        for unspoken in _UNSPOKEN:
            data[unspoken] = {}
    for world in (
        get_global("meta_zones"),
        get_global("territory_currencies"),
        get_global("territory_languages"),
        get_global("territory_zones"),
        get_global("zone_territories"),
    ):
        cast("dict[str, object]", world).clear()
    return locale


@cache
def _cldr_sign(currency: str, locale: Locale) -> str:
    return get_currency_symbol(currency, locale)


def _sign(currency: str, locale: Locale) -> str:
    sign = _cldr_sign(currency, locale)
    return _SIGNS.get(currency, sign) if sign == currency else sign


@cache
def _pattern(locale: Locale, currency: str) -> NumberPattern:
    pattern = parse_pattern(locale.currency_formats["standard"].pattern)
    pattern.frac_prec = (exponent(currency), exponent(currency))
    return pattern
