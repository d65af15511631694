"""A receipt in words: the same facts for paper and for a letter, from what the page says. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

import msgspec

from handbill.kernel.money import Money
from handbill.web.pages.language import Language
from handbill.web.pages.views import StatusPage
from handbill.web.pages.words import STATUSES

MoneyWords = Callable[[Money], str]


class Fact(NamedTuple):
    """`is_own`: the value is not in words of ours, but in whatever letters somebody typed."""

    label: str
    value: str
    is_own: bool = False


class Bought(NamedTuple):
    """`quantity` is empty for one."""

    title: str
    quantity: str
    amount: str

    def __str__(self) -> str:
        times = f" \N{MULTIPLICATION SIGN} {self.quantity}" if self.quantity else ""
        return f"{self.title}{times}: {self.amount}"


class Receipt(msgspec.Struct, frozen=True):
    """In one language. `facts` are about the payment, `imprint` about the seller; `page_url` shows
    the same, as it stands then."""

    title: str
    heading: str
    words: str
    seller: str
    amount: str
    lines: tuple[Bought, ...]
    facts: tuple[Fact, ...]
    imprint: tuple[Fact, ...]
    test: str
    page_url: str

    def text(self, closing: str) -> str:
        """For a letter without markup."""
        facts = [f"{fact.label}: {fact.value}" for fact in self.facts]
        imprint = [f"{fact.label}: {fact.value}" for fact in self.imprint]
        head = [self.test, self.seller, f"{self.heading}: {self.amount}"]
        parts = (head, map(str, self.lines), facts, imprint, [self.page_url, closing])
        joined = ("\n".join(line for line in part if line) for part in parts)
        return "\n\n".join(part for part in joined if part) + "\n"


def receipt_of(view: StatusPage, language: Language, *, plain: bool = False) -> Receipt:
    """`view` is of a payment that was charged, in this language. `plain`: currencies are written by
    their codes, which every font has letters for."""
    words, said, url = language.gettext, STATUSES[view.state], view.receipt_url
    if url is None:
        raise ValueError("there is a receipt of what was charged, and of nothing else")

    def money(amount: Money) -> str:
        text = language.money(amount)
        return f"{text.number} {amount.currency}" if plain else str(text)

    return Receipt(
        title=words("Receipt %(number)s") % {"number": view.receipt_number},
        heading=words(said.title),
        words=words(said.words),
        seller=view.seller.name,
        amount=money(view.total),
        lines=tuple(_lines(view, money)),
        facts=tuple(_facts(view, language, money)),
        imprint=tuple(_imprint(view, language)),
        test=words("Test: no money moves") if view.test else "",
        page_url=language.onward(url.removesuffix("/receipt")),
    )


def _lines(view: StatusPage, money: MoneyWords) -> Iterator[Bought]:
    for line in view.lines:
        if line.amount is not None:
            quantity = "" if line.quantity == "1" else line.quantity
            yield Bought(line.title, quantity, money(line.amount))


def _facts(view: StatusPage, language: Language, money: MoneyWords) -> Iterator[Fact]:
    words = language.gettext
    if view.title:
        yield Fact(words("For"), view.title, is_own=True)
    if view.tip:
        yield Fact(words("Tip"), money(view.tip))
    if view.fee:
        yield Fact(words("Fee, included"), money(view.fee))
    if view.refunded and view.state != "refunded":
        yield Fact(words("Refunded"), money(view.refunded))
    if view.method:
        yield Fact(words("Paid with"), view.method)
    if view.at is not None:
        yield Fact(words("When"), language.moment(view.at))
    yield Fact(words("Receipt"), view.receipt_number, is_own=True)


def _imprint(view: StatusPage, language: Language) -> Iterator[Fact]:
    words, seller = language.gettext, view.seller
    if seller.legal_name:
        yield Fact(words("Name"), seller.legal_name, is_own=True)
    if seller.tax_id:
        yield Fact(words("Tax ID"), seller.tax_id, is_own=True)
    if seller.support_contact:
        yield Fact(words("Questions"), seller.support_contact, is_own=True)
