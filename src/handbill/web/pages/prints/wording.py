"""A print in words: what stands on the paper, in one language. Pure."""

from __future__ import annotations

import re
import unicodedata

import msgspec

from handbill.kernel.addresses import Addresses, as_typed
from handbill.links.model import Label
from handbill.qr.prints import Card, Sheet
from handbill.qr.style import CodeStyle
from handbill.web.pages.language import Language
from handbill.web.pages.prints.plans import Plan
from handbill.web.pages.showing import label_of, title_of_link
from handbill.web.pages.words import HEADINGS, N_
from handbill.web.prints import Order

INK = "#000000"
NAME_MAX = 60

# What a passer-by is to do, by what the link is for.
SCAN: dict[Label, str] = {
    Label.PAY: N_("Scan with the camera to pay"),
    Label.DONATE: N_("Scan with the camera to donate"),
    Label.BOOK: N_("Scan with the camera to book"),
    Label.ORDER: N_("Scan with the camera to order"),
}


class Job(msgspec.Struct, frozen=True):
    """A plan in words. `missing`: pictures that should be on it and cannot be read."""

    plan: Plan
    order: Order
    language: Language
    sheet: Sheet
    missing: tuple[str, ...]


def sheet_of(
    plan: Plan,
    order: Order,
    language: Language,
    style: CodeStyle,
    *,
    logo: bytes | None = None,
    picture: bytes | None = None,
) -> Sheet:
    link, words = plan.full.link, language.gettext
    return Sheet(
        template=order.template,
        lang=language.code,
        rtl=language.direction == "rtl",
        seller=line(plan.merchant.name),
        scan_words=words(SCAN[label_of(link)]),
        test_words=words("Test: no money moves") if link.test else "",
        color=order.color or plan.merchant.color or INK,
        logo=logo,
        picture=picture,
        code_style=style,
        start_at=order.start_at,
    )


def cards_of(plan: Plan, order: Order, language: Language, addresses: Addresses) -> list[Card]:
    """Each of its copies beside the others."""
    link = plan.full.link
    title = line(title_of_link(plan.full, language)) or language.gettext(HEADINGS[label_of(link)])
    return [
        Card(
            text=addresses.short(one.code),
            address=as_typed(addresses, one.code),
            title=title,
            price=price_words(plan, order, language),
            place=one.place,
        )
        for one in plan.coded
        for _ in range(order.copies)
    ]


def price_words(plan: Plan, order: Order, language: Language) -> str:
    """As the page writes it; empty where the payer types the amount, or where none is wanted."""
    return line(str(language.money(plan.price))) if plan.price and order.price else ""


def file_name(plan: Plan, order: Order, language: Language) -> str:
    """Tame: letters and digits of the title where it has any in ASCII, or else the code."""
    title = unicodedata.normalize("NFKD", title_of_link(plan.full, language))
    tame = re.sub(r"[^0-9a-z]+", "-", title.encode("ascii", "ignore").decode().lower())
    name = tame[:NAME_MAX].strip("-") or plan.full.link.code
    return f"{name}-{order.template}.pdf"


def line(text: str) -> str:
    """A title may have been typed with line breaks."""
    return " ".join(text.split())
