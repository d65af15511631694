"""From the form of a new sale to what is sold. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from handbill.kernel import ids
from handbill.kernel.errors import Invalid
from handbill.kernel.money import AMOUNT_MAX, Money, parse_typed
from handbill.payments.selling import COUNT_MAX, Basket
from handbill.web.pages import showing
from handbill.web.pages.language import Language
from handbill.web.till import words

ITEM = "item-"
"""Before the id of a product, in the names of fields."""


def read(fields: Mapping[str, str], name: str, currency: str) -> Basket:
    """Raises Invalid, which `fault` puts into words."""
    return Basket(name, _typed(fields, currency), _counts(fields))


def asked(fields: Mapping[str, str], product_id: str) -> int:
    """How many of a product, as far as that can be read; for the page that is shown again."""
    text = fields.get(ITEM + product_id, "")
    return int(text) if _is_count(text) else 0


def fault(error: Invalid, fields: Mapping[str, str], currency: str, language: Language) -> str:
    """What is wrong with what was filled in, for the cashier."""
    if "counts" in error.faults:
        return language.gettext(words.WRONG_COUNT) % {"most": COUNT_MAX}
    if "products" in error.faults:
        return language.gettext(words.GONE)
    typed = fields.get("amount", "").strip()
    if not typed or (minor := parse_typed(typed, currency)) == 0:
        return language.gettext(words.NO_AMOUNT)
    if minor is None:
        return showing.unreadable_amount(currency, language)
    most = language.money(Money(AMOUNT_MAX, currency))
    return language.gettext(words.TOO_MUCH) % {"most": most}


def _typed(fields: Mapping[str, str], currency: str) -> int:
    """In minor units; 0 where nothing was typed. Raises Invalid."""
    typed = fields.get("amount", "").strip()
    minor = parse_typed(typed, currency) if typed else 0
    if minor is None:
        raise Invalid({"amount": ["cannot be read"]})
    return minor


def _counts(fields: Mapping[str, str]) -> dict[str, int]:
    """Raises Invalid."""
    asked = {name: value.strip() for name, value in fields.items() if name.startswith(ITEM)}
    counts: dict[str, int] = {}
    for name, value in asked.items():
        product_id = ids.parse_id(name.removeprefix(ITEM))
        if product_id is None or (value and not _is_count(value)):
            raise Invalid({"counts": ["must be whole numbers"]})
        if value:
            counts[product_id] = int(value)
    return counts


def _is_count(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 2
