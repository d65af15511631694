"""What a payer chooses and types beside the method, and what becomes of it on a link. Pure.

The server works out every sum by itself: of the form it takes quantities, a tip and answers, never
a total.
"""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Mapping
from enum import StrEnum

import msgspec

from handbill.catalog.products import Product
from handbill.kernel.cards import reads_like_card
from handbill.kernel.clock import Instant
from handbill.kernel.errors import Faults
from handbill.kernel.money import AMOUNT_MAX, Money, parse_typed
from handbill.links.asked import FIELD_VALUE_MAX, Contact
from handbill.links.model import LinkWithProducts, PayConfig
from handbill.merchants.fees import Fee
from handbill.payments import contacts
from handbill.payments.model import Agreement, Answer, Customer, Line, Payment

OWN_TIP = "own"
"""What stands in place of the basis points where the payer types the tip."""
NO_TIP = "0"
QUANTITY = "quantity"
NOBODY = Customer()


class Choice(msgspec.Struct, frozen=True):
    """As it came, from a page or a script. `quantities` by product id; none at all: one of each.
    `tip` is a number of basis points, `own`, or empty."""

    quantities: Mapping[str, str] = msgspec.field(default_factory=dict)
    tip: str = ""
    tip_typed: str = ""
    tip_minor: int | None = None
    field: str = ""
    agreed: bool = False
    email: str = ""
    phone: str = ""


class Trouble(StrEnum):
    """Why something cannot be taken. The value is what a script reads."""

    MISSING = "is required"
    UNREADABLE = "cannot be read"
    TOO_LONG = "is too long"
    TOO_MANY = "is more than can be chosen"
    TOO_MUCH = "is more than can be paid"
    CARD = "reads like a card number"
    NOTHING = "must be at least one of something"
    NOT_OFFERED = "is not offered here"


Troubles = dict[str, Trouble]
"""By the names of the form's fields."""


class Chosen(msgspec.Struct, frozen=True):
    """What a payment is made of. `amount` holds the tip; lines and tip add up to it where there are
    lines."""

    amount: Money
    tip_minor: int
    lines: tuple[Line, ...]
    answer: Answer | None
    agreement: Agreement | None
    customer: Customer


class Judged(msgspec.Struct, frozen=True):
    """A choice against its link. `amount` (with the tip in it), `tip_minor` and `lines` are as far
    as they can be told, for a page that is shown again; `chosen` is None where something is wrong.
    """

    amount: Money | None
    tip_minor: int
    lines: tuple[Line, ...]
    troubles: Troubles
    chosen: Chosen | None

    @property
    def faults(self) -> Faults:
        return {name: [trouble.value] for name, trouble in self.troubles.items()}


def judge(
    full: LinkWithProducts,
    base: Money | None,
    choice: Choice,
    now: Instant,
    known: Customer = NOBODY,
) -> Judged:
    """`base`: what is paid before tip and fees where no quantities are chosen; None where what the
    payer typed cannot be taken, which is not told again here. `known`: what the merchant told of
    the payer, who is not asked for it again."""
    config, troubles = full.link.pay_config, Troubles()
    lines = _lines(full, choice, troubles)
    if full.quantity_max is not None:
        base = _sum_of(lines, full.link.currency, troubles)
    tip_minor, amount = 0, None
    if base is not None:
        tip_minor = _tip(config, base, choice, troubles)
        amount = Money(base.minor + tip_minor, base.currency)
        if amount.minor > AMOUNT_MAX:
            troubles["tip_amount"] = Trouble.TOO_MUCH
    answer = _answer(config, choice, troubles)
    agreement = _agreement(config, choice, now, troubles)
    customer = _customer(config, choice, known, troubles)
    chosen = None
    if amount is not None and not troubles:
        chosen = Chosen(amount, tip_minor, lines, answer, agreement, customer)
    return Judged(amount, tip_minor, lines, troubles, chosen)


def is_same(payment: Payment, chosen: Chosen) -> bool:
    """Whether the payment is made of the same: who presses Pay again goes on with it."""
    return (
        payment.tip_minor == chosen.tip_minor
        and _counts(payment.lines) == _counts(chosen.lines)
        and payment.answer == chosen.answer
    )


def says_the_same(choice: Choice, payment: Payment) -> bool:
    """Whether a form that was sent again says what made the payment. Of the link nothing is asked:
    it may have come to its end with this very payment."""
    counts = {key: read_count(typed) for key, typed in choice.quantities.items()}
    base = Money(payment.amount_minor - payment.tip_minor, payment.currency)
    return (
        (not counts or {k: n for k, n in counts.items() if n} == _counts(payment.lines))
        and _tip_of(choice, base) == payment.tip_minor
        and squeezed(choice.field) == (payment.answer.value if payment.answer else "")
    )


def names(choice: Choice, customer: Customer) -> bool:
    """Whether what the payer typed of themselves is the customer's. What nobody asked for, or was
    erased, says nothing."""
    return all(
        not (typed := getattr(choice, contact.value))
        or getattr(customer, contact.value) in (None, contacts.read(contact, typed))
        for contact in Contact
    )


def mark_of(config: PayConfig) -> str:
    """Tells one text of consent from another: a page carries it, so that nobody agrees to what
    they did not read."""
    if config.consent is None:
        return ""
    return hashlib.sha256(config.consent.text.encode()).hexdigest()[:16]


def read_count(typed: str) -> int | None:
    """A quantity, in digits of any script; nothing typed is none."""
    text = typed.strip()
    if not text:
        return 0
    return int(text) if text.isdecimal() and len(text) <= 6 else None


def squeezed(text: str) -> str:
    """On one line, with single spaces."""
    return " ".join(text.split())


def _lines(full: LinkWithProducts, choice: Choice, troubles: Troubles) -> tuple[Line, ...]:
    """What is bought, where the products say what is paid."""
    most, products = full.quantity_max, full.products if full.lines_add_up else ()
    if most is None:
        if choice.quantities:
            troubles[QUANTITY] = Trouble.NOT_OFFERED
        is_product = full.link.product_id is not None  # the payment's title says it all
        return () if is_product else tuple(line_of(product, 1) for product in products)
    counts = {product.id: 0 if choice.quantities else 1 for product in products}
    for product_id, typed in choice.quantities.items():
        count = read_count(typed)
        if product_id not in counts:
            troubles[QUANTITY] = Trouble.NOT_OFFERED
        elif count is None:
            troubles[f"{QUANTITY}.{product_id}"] = Trouble.UNREADABLE
        elif count > most:
            troubles[f"{QUANTITY}.{product_id}"] = Trouble.TOO_MANY
        else:
            counts[product_id] = count
    return tuple(line_of(product, counts[product.id]) for product in products if counts[product.id])


def line_of(product: Product, quantity: int) -> Line:
    amount = product.amount.minor * quantity
    return Line(product.id, product.header, product.qty, quantity, amount)


def _sum_of(lines: tuple[Line, ...], currency: str, troubles: Troubles) -> Money | None:
    total = sum(line.amount_minor for line in lines)
    if any(name.startswith(QUANTITY) for name in troubles):
        return None
    if not lines:
        troubles[QUANTITY] = Trouble.NOTHING
    elif total > AMOUNT_MAX:
        troubles[QUANTITY] = Trouble.TOO_MUCH
    return None if QUANTITY in troubles else Money(total, currency)


def _tip(config: PayConfig, base: Money, choice: Choice, troubles: Troubles) -> int:
    minor = _tip_of(choice, base)
    if minor is None:
        is_empty = not choice.tip_typed.strip()
        troubles["tip_amount"] = Trouble.MISSING if is_empty else Trouble.UNREADABLE
    elif not _offers(config, choice, minor):
        troubles["tip"] = Trouble.NOT_OFFERED
    else:
        return minor
    return 0


def _offers(config: PayConfig, choice: Choice, tip_minor: int) -> bool:
    if is_own(choice):
        return bool(config.tips) or not tip_minor
    return choice.tip in {"", NO_TIP, *map(str, config.tips)}


def is_own(choice: Choice) -> bool:
    """Whether the payer types the tip."""
    typed = choice.tip_minor is not None or choice.tip_typed.strip()
    return choice.tip == OWN_TIP or (not choice.tip and bool(typed))


def _tip_of(choice: Choice, base: Money) -> int | None:
    """In minor units, a share rounded half up; None where it cannot be read."""
    if is_own(choice):
        if choice.tip_minor is not None:
            return choice.tip_minor
        return parse_typed(choice.tip_typed, base.currency)
    if choice.tip.isascii() and choice.tip.isdecimal() and len(choice.tip) <= 5:
        return Fee(int(choice.tip)).of(base)
    return 0


def _answer(config: PayConfig, choice: Choice, troubles: Troubles) -> Answer | None:
    field, value = config.field, squeezed(choice.field)
    if field is None or (not value and not field.required):
        return None
    if not value:
        troubles["field"] = Trouble.MISSING
    elif field.choices is not None and value not in map(squeezed, field.choices):
        troubles["field"] = Trouble.NOT_OFFERED
    elif len(value) > FIELD_VALUE_MAX:
        troubles["field"] = Trouble.TOO_LONG
    elif _is_unfit(value):
        troubles["field"] = Trouble.UNREADABLE
    elif field.choices is None and reads_like_card(value):
        troubles["field"] = Trouble.CARD
    return None if "field" in troubles else Answer(field.key, field.label, value)


def _agreement(
    config: PayConfig, choice: Choice, now: Instant, troubles: Troubles
) -> Agreement | None:
    consent = config.consent
    if consent is None:
        return None
    if consent.required and not choice.agreed:
        troubles["consent"] = Trouble.MISSING
        return None
    return Agreement(consent.text, now, ticked=consent.required)


def _customer(config: PayConfig, choice: Choice, known: Customer, troubles: Troubles) -> Customer:
    contact = config.contact
    if contact is None or not contacts.is_asked_for(contact, known):
        return known
    typed = getattr(choice, contact.value).strip()
    told = contacts.read(contact, typed)
    if not typed:
        troubles[contact.value] = Trouble.MISSING
    elif reads_like_card(typed) and not typed.startswith("+"):  # which no card begins with
        troubles[contact.value] = Trouble.CARD
    elif told is None:
        troubles[contact.value] = Trouble.UNREADABLE
    return msgspec.structs.replace(known, **{contact.value: told})


def _is_unfit(text: str) -> bool:
    """Control characters: nobody types them, and PostgreSQL refuses one of them."""
    return any(unicodedata.category(c) in ("Cc", "Cs") for c in text)


def _counts(lines: tuple[Line, ...]) -> dict[str, int]:
    return {line.product: line.quantity for line in lines}
