"""Euros: the code for a SEPA credit transfer, EPC069-12 of the European Payments Council.

Version 002. Lines by their place: service, version, character set (1: UTF-8), `SCT`, BIC, name,
IBAN, amount, purpose code, structured reference, text. At most 331 bytes, which a QR code of
version 13 holds at level M. Lines of nothing at the end are left out.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

import msgspec

from handbill.kernel.errors import Faults
from handbill.kernel.money import Money
from handbill.providers import plain_text

BYTES_MAX = 331
NAME_MAX, TEXT_MAX = 70, 140
"""Characters."""
AMOUNT_MAX = 99_999_999_999
"""Cents: 999,999,999.99."""

_BIC = re.compile("[A-Z]{6}[A-Z0-9]{2}([A-Z0-9]{3})?")
_IBAN = re.compile("[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}")
# How long an IBAN is (ISO 13616, the registry of SWIFT), of the countries of SEPA. Inside the
# European Economic Area the IBAN says the bank; outside the BIC has to.
_INSIDE = {
    "AT": 20,
    "BE": 16,
    "BG": 22,
    "CY": 28,
    "CZ": 24,
    "DE": 22,
    "DK": 18,
    "EE": 20,
    "ES": 24,
    "FI": 18,
    "FR": 27,
    "GR": 27,
    "HR": 21,
    "HU": 28,
    "IE": 22,
    "IS": 26,
    "IT": 27,
    "LI": 21,
    "LT": 20,
    "LU": 20,
    "LV": 21,
    "MT": 31,
    "NL": 18,
    "NO": 15,
    "PL": 28,
    "PT": 25,
    "RO": 24,
    "SE": 24,
    "SI": 19,
    "SK": 24,
}
_OUTSIDE = {
    "AD": 24,
    "AL": 28,
    "CH": 21,
    "GB": 22,
    "GI": 23,
    "MC": 27,
    "MD": 24,
    "ME": 22,
    "MK": 19,
    "RS": 22,
    "SM": 27,
    "VA": 22,
}
_LENGTHS = _INSIDE | _OUTSIDE


class Requisites(msgspec.Struct, frozen=True):
    """An account in euros in the SEPA area."""

    name: str
    iban: str
    bic: str = ""

    def tidied(self) -> Requisites:
        """Numbers without the spaces that people write for reading."""
        iban, bic = (text.replace(" ", "").upper() for text in (self.iban, self.bic))
        return Requisites(self.name, iban, bic)

    def faults(self) -> Faults:
        found: Faults = {}
        if len(self.name) > NAME_MAX:
            found["name"] = [f"must have at most {NAME_MAX} characters"]
        elif _latin(self.name) != self.name:
            found["name"] = ["must be one line of Latin letters: other banks read no others"]
        if not is_iban(self.iban):
            found["iban"] = ["must be an IBAN of the SEPA area; a digit or letter of it is wrong"]
        if self.bic and not _BIC.fullmatch(self.bic):
            found["bic"] = ["must be a BIC of 8 or 11 characters"]
        elif not self.bic and self.iban[:2] in _OUTSIDE:
            found["bic"] = ["is required for an account outside the European Economic Area"]
        return found


def payload(to: Requisites, amount: Money, words: str) -> str:
    """The text of the code. Raises ValueError for an amount that it cannot say."""
    if amount.currency != "EUR" or not 1 <= amount.minor <= AMOUNT_MAX:
        raise ValueError(f"not an amount for a SEPA code: {amount}")
    head = ["BCD", "002", "1", "SCT", to.bic, to.name, to.iban, f"EUR{amount.decimal():f}", "", ""]
    start = "\n".join(head)
    room = BYTES_MAX - len(start.encode()) - 1
    text = plain_text.cut(plain_text.line(_latin(words), TEXT_MAX), room)
    return f"{start}\n{text}" if text else start.rstrip("\n")


def shown(text: str) -> Mapping[str, str]:
    """See `requisites.shown`."""
    lines = text.split("\n")
    bic, name, iban, amount = lines[4:8]
    found = {"name": name, "iban": iban, "bic": bic} if bic else {"name": name, "iban": iban}
    purpose = lines[10] if len(lines) > 10 else ""
    return {**found, "amount": amount.removeprefix("EUR"), "purpose": purpose}


def is_iban(text: str) -> bool:
    """Of a country of SEPA, of its length, and with the check digits of ISO 7064, MOD 97-10."""
    if not _IBAN.fullmatch(text) or len(text) != _LENGTHS.get(text[:2]):
        return False
    return int("".join(str(int(c, 36)) for c in text[4:] + text[:4])) % 97 == 1


def _latin(text: str) -> str:
    """Without words that hold other letters than those of ISO 8859-15: banks on the way know no
    more, and a name that is half there misleads."""
    return " ".join(word for word in text.split() if _is_latin(word))


def _is_latin(word: str) -> bool:
    try:
        word.encode("iso8859-15")
    except UnicodeEncodeError:
        return False
    return word.isprintable()
