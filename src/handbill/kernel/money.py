"""Amounts: an integer of minor units and an ISO 4217 code, always together. No float, ever.

Exponents come from the ISO table itself: CLDR's display digits differ from it for 13 currencies.
"""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from functools import cache

import msgspec
from iso4217 import Currency

AMOUNT_MAX = 10**12
"""The largest amount that is taken, in minor units."""


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

    Takes `1234`, `1 234,50`, `1,234.50`, `1'234.50`. Of two kinds of separator the last is the
    decimal one; a single one is decimal when at most `exponent` digits follow it, else it groups.
    """
    digits = "".join(text.split()).replace("'", "").replace("\u2019", "")
    if not digits or len(digits) > 30:
        return None
    places = exponent(currency)
    last = max(digits.rfind("."), digits.rfind(","))
    if last >= 0:
        whole, mark, part = digits[:last], digits[last], digits[last + 1 :]
        other = "," if mark == "." else "."
        if mark in whole:  # the same mark twice can only group
            if other in whole or not _groups(digits.split(mark)):
                return None
            digits = digits.replace(mark, "")
        elif len(part) > places:
            if other in whole or len(part) != 3 or not _groups([whole, part]):
                return None
            digits = whole + part
        else:
            if other in whole and not _groups(whole.split(other)):
                return None
            digits = whole.replace(other, "") + "." + part
    if not all(c in "0123456789." for c in digits) or digits.strip(".") == "":
        return None
    try:
        return int(Decimal(digits).scaleb(places))
    except InvalidOperation:
        return None


def _groups(parts: list[str]) -> bool:
    """Whether the mark between them can only group. `0,500` is half of something: no group."""
    first, *others = parts
    return 1 <= len(first) <= 3 and first[0] != "0" and all(len(p) == 3 for p in others)
