"""Roubles: the payment code of GOST R 56042-2014, which Russian banks read.

One line: `ST0001`, `2` for UTF-8, then `|Name=value` fields, of which five are mandatory and stand
first, in this order. The standard lets the separator be another sign where a value holds it; many
banks know only `|`, so no value of ours may hold it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

import msgspec

from handbill.kernel.errors import Faults
from handbill.kernel.money import Money
from handbill.providers import plain_text

HEAD = "ST00012"
SEPARATOR = "|"
NAME_MAX, BANK_NAME_MAX, PURPOSE_MAX = 160, 45, 210
"""Characters, by the table of requisites of the standard."""
MANDATORY_BYTES_MAX = 300
"""Of the mandatory fields together."""

_FIELDS = {
    "name": "Name",
    "account": "PersonalAcc",
    "bank_name": "BankName",
    "bic": "BIC",
    "correspondent_account": "CorrespAcc",
    "inn": "PayeeINN",
    "kpp": "KPP",
}
_MANDATORY = tuple(_FIELDS)[:5]
_WEIGHTS = (7, 1, 3)
_INN_WEIGHTS = (3, 7, 2, 4, 10, 3, 5, 9, 4, 6, 8)


class Requisites(msgspec.Struct, frozen=True):
    """An account in roubles at a bank in Russia. `inn` and `kpp` are the payee's tax numbers."""

    name: str
    account: str
    bank_name: str
    bic: str
    correspondent_account: str
    inn: str = ""
    kpp: str = ""

    def tidied(self) -> Requisites:
        """Numbers without the spaces that people write for reading."""
        numbers = ("account", "bic", "correspondent_account", "inn", "kpp")
        plain = {name: getattr(self, name).replace(" ", "").upper() for name in numbers}
        return msgspec.structs.replace(self, **plain)

    def faults(self) -> Faults:
        found: Faults = {}
        for name, most in (("name", NAME_MAX), ("bank_name", BANK_NAME_MAX)):
            if words := _text_fault(getattr(self, name), most):
                found[name] = [words]
        found |= _account_faults(self)
        if self.inn and not is_inn(self.inn):
            found["inn"] = ["must be a tax number of 10 or 12 digits; its check digits do not fit"]
        if self.kpp and not re.fullmatch("[0-9]{4}[0-9A-Z]{2}[0-9]{3}", self.kpp):
            found["kpp"] = ["must have 9 characters, such as 770101001"]
        if not found and len(_fields(self, _MANDATORY).encode()) > MANDATORY_BYTES_MAX:
            found["name"] = [
                f"is too long: with the bank it takes more than {MANDATORY_BYTES_MAX} bytes of code"
            ]
        return found


def payload(to: Requisites, amount: Money, words: str) -> str:
    """The text of the code. Raises ValueError where `amount` is not in roubles."""
    if amount.currency != "RUB" or amount.minor < 1:
        raise ValueError(f"not an amount for {HEAD}: {amount}")
    purpose = plain_text.line(words, PURPOSE_MAX).replace(SEPARATOR, "/")
    text = HEAD + _fields(to, _FIELDS) + f"{SEPARATOR}Sum={amount.minor}"
    return f"{text}{SEPARATOR}Purpose={purpose}" if purpose else text


def shown(text: str) -> Mapping[str, str]:
    """See `requisites.shown`."""
    pairs = dict(field.split("=", 1) for field in text.split(SEPARATOR)[1:])
    found = {name: pairs[field] for name, field in _FIELDS.items() if field in pairs}
    amount = Money(int(pairs["Sum"]), "RUB").decimal()
    return {**found, "amount": f"{amount:f}", "purpose": pairs.get("Purpose", "")}


def fits_bank(account: str, bic: str) -> bool:
    """The key in an account's number fits the bank: the weighted digits of the bank's last three
    and the number sum to a multiple of ten (Bank of Russia, order 515 of 8 September 1997)."""
    return _has_key(bic[-3:] + account)


def fits_settlement(account: str, bic: str) -> bool:
    """The same for a correspondent account, which is kept at the Bank of Russia: its office is
    named by the 5th and 6th digit of the BIC. It ends with the bank's own three digits."""
    return account[-3:] == bic[-3:] and _has_key("0" + bic[4:6] + account)


def is_inn(text: str) -> bool:
    """Ten digits with one check digit, or twelve with two (Federal Tax Service)."""
    if not (text.isascii() and text.isdecimal() and len(text) in (10, 12)):
        return False
    places = (9,) if len(text) == 10 else (10, 11)
    return all(_inn_digit(text[:place]) == text[place] for place in places)


def _inn_digit(digits: str) -> str:
    weights = _INN_WEIGHTS[-len(digits) :]
    return str(sum(int(d) * w for d, w in zip(digits, weights, strict=True)) % 11 % 10)


def _has_key(digits: str) -> bool:
    return sum(int(d) * _WEIGHTS[i % 3] for i, d in enumerate(digits)) % 10 == 0


def _account_faults(to: Requisites) -> Faults:
    found: Faults = {}
    if not _has_digits(to.bic, 9) or not to.bic.startswith("04"):
        found["bic"] = ["must be the BIC of a bank in Russia: 9 digits, the first two are 04"]
    names = {"account": fits_bank, "correspondent_account": fits_settlement}
    for name, fits in names.items():
        number = getattr(to, name)
        if not _has_digits(number, 20):
            found[name] = ["must have 20 digits"]
        elif "bic" not in found and not fits(number, to.bic):
            found[name] = ["does not fit the BIC: one of their digits is wrong"]
    return found


def _has_digits(text: str, count: int) -> bool:
    return len(text) == count and text.isascii() and text.isdecimal()


def _text_fault(text: str, most: int) -> str | None:
    if len(text) > most:
        return f"must have at most {most} characters"
    if SEPARATOR in text or plain_text.line(text, most) != text:
        return f"must be one line without the sign {SEPARATOR}"
    return None


def _fields(to: Requisites, names: Mapping[str, str] | tuple[str, ...]) -> str:
    said = ((name, getattr(to, name)) for name in names)
    return "".join(f"{SEPARATOR}{_FIELDS[name]}={value}" for name, value in said if value)
