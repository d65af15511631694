"""Tells text that reads like the number of a payment card, so that it is neither kept nor shown
again. Only for what payers type: merchants' own references are not judged by it."""

from __future__ import annotations

import re

# 13 to 19 digits as they stand on a card, in the ranges that card schemes have.
_NUMBER = re.compile(r"(?<![0-9])(?=[2-6]|8[1-6]|9[78])[0-9](?:[ -]?[0-9]){12,18}(?![0-9])")


def reads_like_card(text: str) -> bool:
    """Whether a card's number stands somewhere in the text, by length, range and check digit."""
    return any(_checks_out(found.group()) for found in _NUMBER.finditer(text))


def without_cards(text: str, instead: str) -> str:
    """The text with `instead` for every card number in it."""
    return _NUMBER.sub(lambda found: instead if _checks_out(found[0]) else found[0], text)


def _checks_out(number: str) -> bool:
    """By Luhn's formula (ISO/IEC 7812-1, annex B)."""
    digits = [int(c) for c in reversed(number) if c.isdigit()]
    doubled = [sum(divmod(2 * digit, 10)) for digit in digits[1::2]]
    return (sum(digits[::2]) + sum(doubled)) % 10 == 0
