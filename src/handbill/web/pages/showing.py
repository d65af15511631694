"""From what can be paid to what the pay page shows. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from handbill.catalog import images
from handbill.catalog.products import Product
from handbill.kernel.addresses import Addresses
from handbill.kernel.cards import reads_like_card
from handbill.kernel.clock import Instant
from handbill.kernel.money import AMOUNT_MAX, Money, exponent, parse_typed
from handbill.links.model import AmountType, Label, Link
from handbill.links.offer import Offer
from handbill.merchants.fees import BASIS_POINTS, Fee
from handbill.merchants.model import Merchant
from handbill.payments.model import Payment
from handbill.web.pages.language import Language, in_language
from handbill.web.pages.views import AskedAmount, Line, Method, PayPage, Picture, Seller
from handbill.web.pages.words import HEADINGS, METHODS

HEADING_MAX = 80
"""Characters of a description that can stand in for a title."""

Sizes = Mapping[str, tuple[int, int]]


def seller(merchant: Merchant, addresses: Addresses) -> Seller:
    return Seller(
        name=merchant.name,
        legal_name=merchant.legal_name or "",
        tax_id=merchant.tax_id or "",
        support_contact=merchant.support_contact or "",
        logo_url=addresses.image(images.small_key(merchant.logo)) if merchant.logo else "",
        accent_url=addresses.accent(merchant.color) if merchant.color else "",
    )


def picture(key: str | None, addresses: Addresses, sizes: Sizes) -> Picture | None:
    """The small variant: pages never load the whole upload."""
    if key is None:
        return None
    width, height = sizes.get(key, (None, None))
    return Picture(addresses.image(images.small_key(key)), width, height)


def methods(names: tuple[str, ...], language: Language) -> tuple[Method, ...]:
    def shown(name: str) -> Method:
        words = METHODS[name]
        hint = language.gettext(words.hint) if words.hint else ""
        return Method(name, language.gettext(words.label), hint)

    return tuple(shown(name) for name in names)


def pay_page(offer: Offer, addresses: Addresses, sizes: Sizes, language: Language) -> PayPage:
    link, amounts = offer.link, offer.amounts
    amount = fee = total = None
    if amounts is not None:
        amount = Money(amounts.amount, link.currency)
        if amounts.with_fee != amounts.amount:
            fee = Money(amounts.with_fee - amounts.amount, link.currency)
            total = Money(amounts.with_fee, link.currency)
    label = label_of(link)
    title = title_of(offer, language)
    return PayPage(
        title=title or language.gettext(HEADINGS[label]),
        seller=seller(offer.merchant, addresses),
        action=in_language(address_of(offer, addresses), language.code),
        methods=methods(tuple(name for name, _ in offer.methods), language),
        asked=None if amounts is not None else asked(offer),
        description=(link.description or "").strip().removeprefix(title).strip(),
        lines=_lines(offer, addresses, sizes),
        picture=picture(link.image, addresses, sizes),
        label=label,
        test=link.test,
        amount=amount,
        fee=fee,
        amount_with_fee=total,
    )


def address_of(offer: Offer, addresses: Addresses) -> str:
    """Where this page is, and where Pay goes: with all that a personal address says."""
    query = offer.personal.query if offer.personal is not None else ""
    return addresses.link_page(offer.link.id, query)


def payment_page(
    payment: Payment,
    merchant: Merchant,
    names: tuple[str, ...],
    addresses: Addresses,
    language: Language,
) -> PayPage:
    """A payment that the API made; `names` are the methods by which it can be paid."""
    title = first_line(payment.description)
    fee = payment.amount_with_fee_minor - payment.amount_minor
    total = Money(payment.amount_with_fee_minor, payment.currency)
    return PayPage(
        title=title or language.gettext(HEADINGS[Label.PAY]),
        description=(payment.description or "").strip().removeprefix(title).strip(),
        seller=seller(merchant, addresses),
        action=in_language(addresses.payment_page(payment.token), language.code),
        methods=methods(names, language),
        amount=Money(payment.amount_minor, payment.currency),
        fee=Money(fee, payment.currency) if fee else None,
        amount_with_fee=total if fee else None,
        test=payment.test,
    )


def label_of(link: Link) -> Label:
    label = link.pay_config.label
    return label if isinstance(label, Label) else Label.PAY


def title_of(offer: Offer, language: Language) -> str:
    """What is paid for, in a line: the link's title, else what it sells, else its description.
    Empty where the link says nothing of itself."""
    link, products = offer.link, offer.full.products
    if link.title:
        return link.title
    if products:
        more = len(products) - 1
        words = language.ngettext("%(first)s and %(num)d more", "%(first)s and %(num)d more", more)
        first = products[0].header
        return words % {"first": first, "num": more} if more else first
    return first_line(link.description)


def first_line(text: str | None) -> str:
    line = (text or "").strip().partition("\n")[0].strip()
    return line if len(line) <= HEADING_MAX else line[: HEADING_MAX - 1].rstrip() + "…"


def asked(offer: Offer, typed: str | None = None, fault: str = "") -> AskedAmount:
    """The amount field; after a refusal with what was typed and why it was refused."""
    link = offer.link

    def money(minor: int | None) -> Money | None:
        return Money(minor, link.currency) if minor else None

    return AskedAmount(
        currency=link.currency,
        suggestion=money(link.amount_minor),
        minimum=money(link.min_minor),
        maximum=money(link.max_minor),
        typed="" if typed and reads_like_card(typed) else typed,
        fault=fault,
        fee_percent=_fee_words(offer.merchant.fee_rule.payer, link.currency),
    )


def amount_fault(link: Link, typed: str, language: Language) -> str:
    """Why a typed amount was refused, with the bounds as the payer reads money."""
    if reads_like_card(typed):
        return language.gettext("This looks like a card number. Type only the amount here.")
    minor = parse_typed(typed, link.currency) if typed.strip() else None
    if minor is None:
        return unreadable_amount(link.currency, language)
    bounds = {
        "least": language.money(Money(link.min_minor or 1, link.currency)),
        "most": language.money(Money(link.max_minor or AMOUNT_MAX, link.currency)),
    }
    if link.min_minor and link.max_minor:
        return language.gettext("Type an amount from %(least)s to %(most)s.") % bounds
    if minor < (link.min_minor or 1):
        return language.gettext("Type at least %(least)s.") % bounds
    return language.gettext("Type at most %(most)s.") % bounds


def unreadable_amount(currency: str, language: Language) -> str:
    example = language.plain_number(_example(currency))
    return language.gettext("Type an amount such as %(example)s.") % {"example": example}


def _example(currency: str) -> Money:
    """A number with every kind of digit that the currency has: 1234.50, 1234, 1234.500."""
    places = exponent(currency)
    return Money(12_345 * 10 ** (places - 1) if places else 1_234, currency)


def _fee_words(fee: Fee, currency: str) -> str:
    words = []
    if fee.basis_points:
        whole, part = divmod(fee.basis_points * 100, BASIS_POINTS)
        digits = f"{whole}.{part:04}".rstrip("0").rstrip(".")
        words.append(f"{digits}%")
    if fixed := fee.fixed.get(currency):
        words.append(str(Money(fixed, currency).decimal()))
    return " + ".join(words)


def _lines(offer: Offer, addresses: Addresses, sizes: Sizes) -> tuple[Line, ...]:
    full = offer.full
    if offer.link.product_id is not None:
        return ()  # the page is the product's own: it says everything above already
    priced = full.lines_add_up and offer.link.amount_type is AmountType.FIXED
    return tuple(_line(product, priced, addresses, sizes) for product in full.products)


def _line(product: Product, priced: bool, addresses: Addresses, sizes: Sizes) -> Line:
    return Line(
        title=product.header,
        text=product.text or "",
        quantity=product.qty,
        amount=product.amount if priced else None,
        picture=picture(product.image, addresses, sizes),
    )


def seconds_until(at: Instant | None, now: Instant) -> int:
    return max(1, ((at or now) - now + 999) // 1_000)
