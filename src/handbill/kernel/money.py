"""Amounts: an integer of minor units and an ISO 4217 code, always together. No float, ever.

Exponents come from the ISO table itself: CLDR's display digits differ from it for 13 currencies.
"""

from __future__ import annotations

import unicodedata
from decimal import Decimal
from functools import cache

import msgspec
from iso4217 import Currency

AMOUNT_MAX = 10**12
"""The largest amount that is taken, in minor units."""

_ARABIC_POINT = "\u066b"
# The Arabic mark for thousands, and apostrophes as Switzerland has them.
_GROUPING = frozenset("'\u2019\u066c")
# Spaces, also those that do not break, and marks of direction that come with copied text.
_UNSEEN = frozenset({"Zs", "Cf", "Cc"})


class Money(msgspec.Struct, frozen=True):
    """`minor` minor units of `currency`."""

    minor: int
    currency: str

    def decimal(self) -> Decimal:
        """The amount in major units, exact."""
        return Decimal(self.minor).scaleb(-exponent(self.currency))


@cache
def _exponents() -> dict[str, int]:
    # No exponent: gold, drawing rights, test codes. Nobody pays in them.
    return {c.code: c.exponent for c in Currency if c.exponent is not None}


def currencies() -> frozenset[str]:
    """Every code that can be paid in."""
    return frozenset(_exponents())


def exponent(currency: str) -> int:
    """How many decimal places a currency has: 0 (JPY), 2 (RUB), 3 (KWD), 4 (CLF)."""
    return _exponents()[currency]


def currency_fault(code: str) -> str | None:
    """What is wrong with a currency code, in words, or None."""
    if code in _exponents():
        return None
    if code.upper() in _exponents():
        return f"must be in capitals: {code.upper()}"
    return "must be an ISO 4217 currency that money can be paid in, such as RUB or USD"


def parse_typed(text: str, currency: str) -> int | None:
    """Minor units from what a person typed, or None where it cannot be read without guessing.

    Takes `1234`, `1 234,50`, `1,234.50`, `1'234.50`, in the digits of any script. Of two kinds of
    separator the last is the decimal one; a single one is decimal when at most `exponent` digits
    follow it, else it groups. Arabic has a mark for each.
    """
    places = exponent(currency)
    digits = _plain(text)
    if not digits or len(digits) > 30:
        return None
    if _ARABIC_POINT in digits:
        found = _decimal(digits, _ARABIC_POINT)
    else:
        last = max(digits.rfind("."), digits.rfind(","))
        found = (digits, "") if last < 0 else _split(digits, digits[last], places)
    if found is None:
        return None
    whole, part = found
    if not (whole + part).isdecimal() or len(part) > places:
        return None
    return int(whole + part.ljust(places, "0"))


def _plain(text: str) -> str:
    """Without spaces of any width and what else can only group, in ASCII digits."""
    kept = (c for c in text if c not in _GROUPING and unicodedata.category(c) not in _UNSEEN)
    return "".join(str(unicodedata.decimal(c, c)) for c in kept).replace("\u060c", ",")


def _split(digits: str, mark: str, places: int) -> tuple[str, str] | None:
    """Whole and decimals, by `mark`, the last separator in the text."""
    if digits.count(mark) == 1 and len(digits.rpartition(mark)[2]) <= places:
        return _decimal(digits, mark)
    # It stands twice, or too much follows: it can only group, and so no other mark may be there.
    groups = digits.split(mark)
    return ("".join(groups), "") if _groups(groups) else None


def _decimal(digits: str, mark: str) -> tuple[str, str] | None:
    """Whole and decimals, where `mark` is known to stand between them."""
    whole, _, part = digits.partition(mark)
    other = "," if "," in whole else "."
    groups = whole.split(other)
    if len(groups) > 1 and not _groups(groups):
        return None
    return "".join(groups), part


def _groups(parts: list[str]) -> bool:
    """Whether the mark between them can only group. `0,500` is half of something: no group."""
    first, *others = parts
    is_whole = all(part.isdecimal() for part in parts)
    return is_whole and len(first) <= 3 and first[0] != "0" and all(len(p) == 3 for p in others)
