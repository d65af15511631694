"""Products: what can stand on a link. Values and rules; each product owns one permanent link."""

from __future__ import annotations

import re
from decimal import Decimal

import msgspec

from handbill.kernel.clock import Instant
from handbill.kernel.errors import Faults
from handbill.kernel.money import AMOUNT_MAX, Money, currency_fault

HEADER_MAX = 200
TEXT_MAX = 1_000
_QTY = re.compile(r"[0-9]{1,9}(\.[0-9]{1,3})?")


class Product(msgspec.Struct, frozen=True):
    """`qty` is a decimal as text, `image` the key of an upload, `link_id` its permanent link."""

    id: str
    merchant_id: int
    test: bool
    header: str
    text: str | None
    price_minor: int
    currency: str
    qty: str
    image: str | None
    link_id: str
    created_at: Instant
    updated_at: Instant

    @property
    def amount(self) -> Money:
        """Price times quantity; whole, or the product could not have been stored."""
        return Money(amount_of(self.price_minor, self.qty), self.currency)


def amount_of(price_minor: int, qty: str) -> int:
    """Minor units of a line. Exact: `faults` has refused what does not come out whole."""
    return int(price_minor * Decimal(qty))


class ProductTerms(msgspec.Struct, frozen=True):
    """What a merchant says of a product."""

    header: str
    price_minor: int
    currency: str = "RUB"
    qty: str = "1"
    text: str | None = None
    image: str | None = None


def faults(terms: ProductTerms) -> Faults:
    """What is wrong with the terms, by the API's field names. Empty when all is well."""
    found: Faults = {}
    if not 1 <= len(terms.header.strip()) <= HEADER_MAX or len(terms.header) > HEADER_MAX:
        found["header"] = [f"must have 1 to {HEADER_MAX} characters"]
    if terms.text is not None and len(terms.text) > TEXT_MAX:
        found["text"] = [f"must be at most {TEXT_MAX} characters"]
    if not 1 <= terms.price_minor <= AMOUNT_MAX:
        found["price"] = [f"must be from 1 to {AMOUNT_MAX}"]
    if words := currency_fault(terms.currency):
        found["currency"] = [words]
    if not _QTY.fullmatch(terms.qty) or Decimal(terms.qty) <= 0:
        found["qty"] = ['must be a positive decimal with at most 3 places, such as "1" or "0.5"']
    elif "price" not in found:
        amount = terms.price_minor * Decimal(terms.qty)
        if amount != int(amount):
            found["qty"] = ["times price must come out in whole minor units"]
        elif amount > AMOUNT_MAX:
            found["qty"] = [f"times price must be at most {AMOUNT_MAX}"]
    return found
