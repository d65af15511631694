"""What a messenger shows of a pay page before anybody opens it: Open Graph (ogp.me). Pure.

An end says nothing here: an amount that can no longer be paid is not to be passed on.
"""

from __future__ import annotations

from handbill.kernel.addresses import Addresses
from handbill.kernel.money import Money
from handbill.links.offer import Offer
from handbill.web.pages.language import Language, in_language
from handbill.web.pages.showing import Sizes, address_of, label_of, title_of
from handbill.web.pages.views import PayPage, Picture, Preview
from handbill.web.pages.words import BUTTONS, HEADINGS

CARD_SIZE = (1_200, 630)
"""Of card.typ, as messengers like it."""


def preview(
    offer: Offer, page: PayPage, addresses: Addresses, sizes: Sizes, language: Language
) -> Preview:
    """In the language of the page: of a messenger, which asks for none, that is the link's."""
    parts = [what_to_do(offer, language), page.seller.name]
    if page.test:
        parts.insert(0, language.gettext("Test: no money moves"))
    return Preview(
        url=address_of(offer, addresses),
        title=page.title,
        words=" · ".join(parts),
        site=page.seller.name,
        locale=language.locale,
        picture=_picture(offer, addresses, sizes, language),
    )


def what_to_do(offer: Offer, language: Language) -> str:
    """What the button of its page says: `Pay ₽10.00`, `Donate`."""
    with_amount, without = BUTTONS[label_of(offer.link)]
    total = total_of(offer)
    if total is None:
        return language.gettext(without)
    return language.gettext(with_amount) % {"amount": language.money(total)}


def total_of(offer: Offer) -> Money | None:
    """What the payer pays, fee included; None where they type it."""
    amounts = offer.amounts
    return None if amounts is None else Money(amounts.with_fee, offer.link.currency)


def heading_of(offer: Offer, language: Language) -> str:
    return title_of(offer, language) or language.gettext(HEADINGS[label_of(offer.link)])


def _picture(offer: Offer, addresses: Addresses, sizes: Sizes, language: Language) -> Picture:
    """The upload as it is, JPEG or PNG: not every messenger reads the WebP of pages. Or else a
    card, at another address for each version of the link: messengers keep what they fetched."""
    pictures = [offer.link.image, *(product.image for product in offer.full.products)]
    key = next((key for key in pictures if key is not None), None)
    if key is not None:
        return Picture(addresses.image(key), *sizes.get(key, (None, None)))
    query = f"&{offer.personal.query}" if offer.personal is not None else ""
    card = addresses.link_card(offer.link.id, f"v={offer.link.version}{query}")
    return Picture(in_language(card, language.code), *CARD_SIZE)
