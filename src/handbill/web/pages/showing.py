"""From what can be paid to what the pay page shows. Pure."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from handbill.catalog import images
from handbill.catalog.products import Product
from handbill.kernel.addresses import Addresses
from handbill.kernel.cards import reads_like_card
from handbill.kernel.clock import Instant
from handbill.kernel.errors import Faults
from handbill.kernel.money import AMOUNT_MAX, Money, parse_typed
from handbill.links.model import AmountType, Label, Link, LinkWithProducts
from handbill.links.offer import Offer
from handbill.merchants.fees import Fee
from handbill.merchants.model import Merchant
from handbill.payments.model import Payment
from handbill.web.pages import questions
from handbill.web.pages.language import Language, in_language
from handbill.web.pages.questions import NOTHING, Said
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


def pay_page(
    offer: Offer,
    addresses: Addresses,
    sizes: Sizes,
    language: Language,
    now: Instant,
    said: Said = NOTHING,
) -> PayPage:
    """`said`: what the payer has said so far, where the page is shown again."""
    link, reckoned = offer.link, questions.reckon(offer, said, now)
    form = questions.form(offer, said, reckoned, language)
    label = label_of(link)
    title = title_of(offer, language)
    lines = _lines(offer, addresses, sizes)
    is_typed = offer.amounts is None
    is_plain = is_typed and form.live is None  # what is typed is what is paid
    tip, fee = reckoned.judged.tip_minor, reckoned.fee
    return PayPage(
        title=title or language.gettext(HEADINGS[label]),
        seller=seller(offer.merchant, addresses),
        action=in_language(address_of(offer, addresses), language.code),
        methods=methods(tuple(name for name, _ in offer.methods), language),
        amount=None if is_plain else reckoned.base,
        tip=Money(tip, link.currency) if tip else None,
        fee=Money(fee, link.currency) if fee else None,
        amount_with_fee=None if is_plain else reckoned.total,
        asked=asked(offer, said, language) if is_typed else None,
        description=(link.description or "").strip().removeprefix(title).strip(),
        lines=questions.with_quantities(offer, lines, said, reckoned, language),
        picture=picture(link.image, addresses, sizes),
        label=label,
        form=form,
        test=link.test,
        paper=_paper(offer, language),
    )


def address_of(offer: Offer, addresses: Addresses) -> str:
    """Where this page is, and where Pay goes: at the code that was scanned, if one was, and with
    all that a personal address says."""
    query = offer.personal.query if offer.personal is not None else ""
    if offer.scanned is not None:
        return addresses.placement_page(offer.scanned.code, query)
    return addresses.link_page(offer.link.id, query)


def with_news(view: PayPage, refused: Faults, language: Language) -> PayPage:
    """The page again, with why: nothing on it is wrong, but it was not seen before Pay."""
    if "consent" in refused:
        words = language.gettext(
            "The line that you agree to has changed since you opened this page. "
            "Nothing was started."
        )
    elif view.form.live is None or view.total is None:
        words = language.gettext(
            "The amount has changed since you opened this page. Nothing was started."
        )
    else:
        words = language.gettext(
            "The total is %(total)s. Nothing has been charged yet: press Pay when it is right."
        ) % {"total": language.money(view.total)}
        note = msgspec.structs.replace(view.form, note=words)
        return msgspec.structs.replace(view, form=note)
    return msgspec.structs.replace(view, warnings=(words,))


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
    return title_of_link(offer.full, language)


def title_of_link(full: LinkWithProducts, language: Language) -> str:
    """What is paid for, in a line: the link's title, else what it sells, else its description.
    Empty where the link says nothing of itself."""
    link, products = full.link, full.products
    if link.title and link.title.strip():
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


def asked(offer: Offer, said: Said, language: Language) -> AskedAmount:
    """The amount field; after a refusal with what was typed and why it was refused."""
    link, typed, fault = offer.link, said.typed, ""

    def money(minor: int | None) -> Money | None:
        return Money(minor, link.currency) if minor else None

    suggestions = questions.chips(link, said, language)
    is_chosen = any(chip.chosen for chip in suggestions)
    if said.pressed is not None and not is_chosen:
        if said.minor is not None:
            typed = language.plain_number(Money(said.minor, link.currency))
        fault = amount_fault(link, typed or "", language)
    return AskedAmount(
        currency=link.currency,
        suggestion=None if is_chosen else money(link.amount_minor),
        minimum=money(link.min_minor),
        maximum=money(link.max_minor),
        typed="" if typed and reads_like_card(typed) else typed,
        fault=fault,
        fee_percent=_fee_words(offer.merchant.fee_rule.payer, link.currency, language),
        suggestions=suggestions,
        own=(said.pressed is not None or link.amount_minor > 0) and not is_chosen,
    )


def amount_fault(link: Link, typed: str, language: Language) -> str:
    """Why an amount was refused, in words for the payer; empty where it can be taken."""
    if reads_like_card(typed):
        return language.gettext("This looks like a card number. Type only the amount here.")
    minor = parse_typed(typed, link.currency) if typed.strip() else None
    if minor is None:
        return unreadable_amount(link.currency, language)
    low, high = link.min_minor or 1, link.max_minor or AMOUNT_MAX
    if low <= minor <= high:
        return ""
    bounds = {
        "least": language.money(Money(low, link.currency)),
        "most": language.money(Money(high, link.currency)),
    }
    if link.min_minor and link.max_minor:
        return language.gettext("Type an amount from %(least)s to %(most)s.") % bounds
    if minor < low:
        return language.gettext("Type at least %(least)s.") % bounds
    return language.gettext("Type at most %(most)s.") % bounds


def unreadable_amount(currency: str, language: Language) -> str:
    example = questions.example(currency, language)
    return language.gettext("Type an amount such as %(example)s.") % {"example": example}


def _paper(offer: Offer, language: Language) -> str:
    """Empty where no paper says another price."""
    stale = offer.scanned.stale_price if offer.scanned is not None else None
    if stale is None or offer.amounts is None:
        return ""
    now = Money(offer.amounts.with_fee, offer.link.currency)
    return language.gettext(
        "The price on paper, %(price)s, is no longer right. It is %(now)s now."
    ) % {"price": language.money(stale), "now": language.money(now)}


def _fee_words(fee: Fee, currency: str, language: Language) -> str:
    words = []
    if fee.basis_points:
        words.append(language.percent(fee.basis_points))
    if fixed := fee.fixed.get(currency):
        words.append(str(language.money(Money(fixed, currency))))
    return " + ".join(words)


def _lines(offer: Offer, addresses: Addresses, sizes: Sizes) -> tuple[Line, ...]:
    full = offer.full
    if offer.link.product_id is not None:  # the page says all of it already
        products = full.products if full.quantity_max is not None else ()
        return tuple(Line(p.header, quantity=p.qty, amount=p.amount) for p in products)
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
