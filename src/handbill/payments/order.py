"""What a payer sends with Pay, and what it comes to on a link. Pure."""

from __future__ import annotations

import hashlib

import msgspec

from handbill.kernel.errors import Invalid
from handbill.kernel.languages import LanguageCode
from handbill.kernel.money import AMOUNT_MAX, Money, parse_typed
from handbill.links.model import AmountType, Link
from handbill.links.personal import Personal, Prefill
from handbill.payments import choice
from handbill.payments.choice import Choice, Chosen
from handbill.payments.model import Answer

REFERENCE = "reference"
"""Where a payment's metadata holds what a personal address calls it."""


class Shown(msgspec.Struct, frozen=True):
    """What stood on the page when Pay was pressed: the total (of a page that works it out, more
    than one), and the mark of the line that the payer agreed to."""

    totals: tuple[Money, ...] = ()
    consent: str = ""


class Order(msgspec.Struct, frozen=True):
    """What a payer sends with Pay. Exactly one of `link_id` and `token` (of a payment that the API
    made) is set. `payer` is the hash of the payer's cookie; `attempt_id` makes a repeat harmless;
    `shown` is None for a script, which no page was shown; `lang` is the language that the page
    spoke. `network` and `effort` are for the guard against card testing. `personal`: what the
    merchant signed. `placement_id`: the placement whose code led there."""

    link_id: str | None = None
    token: str | None = None
    method: str | None = None
    amount_typed: str | None = None
    amount_minor: int | None = None
    choice: Choice = Choice()
    shown: Shown | None = None
    payer: str | None = None
    attempt_id: str | None = None
    lang: LanguageCode | None = None
    address: str | None = None
    network: str | None = None
    effort: int = 0
    personal: Personal | None = None
    placement_id: str | None = None

    @property
    def prefill(self) -> Prefill:
        return self.personal.prefill if self.personal is not None else Prefill()

    def minor_in(self, currency: str) -> int | None:
        """What the payer typed, or what a script sent. None: neither, or not to be read."""
        if self.amount_minor is None and self.amount_typed:
            return parse_typed(self.amount_typed, currency)
        return self.amount_minor

    def amount_on(self, link: Link) -> Money:
        """What this payer pays before tip and fees: what the merchant signed for them, the link's,
        or what was typed, within bounds. Raises Invalid."""
        signed = self.prefill.amount
        if signed is not None:
            return signed
        if link.amount_type is AmountType.FIXED:
            return link.amount
        minor = self.minor_in(link.currency)
        if minor is None and (self.amount_typed or "").strip():
            raise Invalid({"amount": ["cannot be read as an amount; write it like 1234.50"]})
        if minor is None:
            raise Invalid({"amount": ["is required: the payer types it"]})
        low, high = link.min_minor or 1, link.max_minor or AMOUNT_MAX
        if not low <= minor <= high:
            words = f"must be from {low} to {high} minor units of {link.currency}"
            raise Invalid({"amount": [words]})
        return Money(minor, link.currency)

    def metadata_on(self, link: Link, answer: Answer | None) -> dict[str, str]:
        """What the merchant signed comes before what a payer answered."""
        answered = {answer.key: answer.value} if answer is not None else {}
        reference = self.prefill.reference
        signed = {REFERENCE: reference} if reference is not None else {}
        return link.metadata | answered | signed

    def check_shown(self, link: Link, chosen: Chosen, total: Money) -> None:
        """Nobody is charged a total, or agrees to a line, that they have not seen. A payer who
        types the amount has seen it, as long as nothing is added. Raises Invalid."""
        if self.shown is None:
            return
        is_typed = link.amount_type is AmountType.DYNAMIC and not chosen.tip_minor
        if total not in self.shown.totals and not (is_typed and total == chosen.amount):
            raise Invalid({"amount": ["has changed since the page was opened"]})
        if self.shown.consent != choice.mark_of(link.pay_config):
            raise Invalid({"consent": ["has changed since the page was opened"]})


def hash_payer(cookie: str) -> str:
    return hashlib.sha256(cookie.encode()).hexdigest()
