"""From what a link asks, and what its payer has said, to the form that the page shows. Pure."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from handbill.kernel.cards import reads_like_card
from handbill.kernel.clock import Instant
from handbill.kernel.mailboxes import LENGTH_MAX
from handbill.kernel.money import AMOUNT_MAX, Money, exponent, parse_typed
from handbill.links.asked import FIELD_VALUE_MAX, Contact
from handbill.links.model import Link
from handbill.links.offer import Offer
from handbill.merchants.fees import derive
from handbill.payments import choice, contacts
from handbill.payments.choice import QUANTITY, Choice, Judged
from handbill.payments.model import Customer
from handbill.web.pages.forms import AskedConsent, AskedTip, Chip, Form, Live, Question
from handbill.web.pages.language import Language
from handbill.web.pages.views import Line
from handbill.web.pages.words import CONTACTS, TROUBLES

PHONE_MAX = 40
_BESIDE_THE_TOTAL = frozenset({"field", "email", "phone", "consent"})


class Pressed(StrEnum):
    """The button with which the form was sent: for the total only, or to pay."""

    UPDATE = "update"
    PAY = "pay"


class Said(msgspec.Struct, frozen=True):
    """What a payer has said so far: nothing, on a page that is opened. `typed` is the amount as it
    was typed, `minor` as a button or a script gave it."""

    choice: Choice = Choice()
    typed: str | None = None
    minor: int | None = None
    pressed: Pressed | None = None


NOTHING = Said()


class Reckoned(msgspec.Struct, frozen=True):
    """What the payer's words come to. `base` is None where no amount can be told from them."""

    base: Money | None
    judged: Judged
    total: Money | None

    @property
    def fee(self) -> int:
        amount, total = self.judged.amount, self.total
        return 0 if amount is None or total is None else total.minor - amount.minor


def reckon(offer: Offer, said: Said, now: Instant) -> Reckoned:
    link = offer.link
    base = _base(offer, said)
    judged = choice.judge(offer.full, base, said.choice, now, _known(offer))
    if offer.full.quantity_max is not None and judged.amount is not None:
        base = Money(judged.amount.minor - judged.tip_minor, link.currency)
    total = None
    if judged.amount is not None:
        total = Money(derive(offer.merchant.fee_rule, judged.amount).with_fee, link.currency)
    return Reckoned(base, judged, total)


def form(offer: Offer, said: Said, reckoned: Reckoned, language: Language) -> Form:
    faults = _faults(offer, said, reckoned, language)
    return Form(
        quantity_max=offer.full.quantity_max,
        quantity_fault=faults.get(QUANTITY, ""),
        tip=_tip(offer, said, reckoned, faults, language),
        questions=_questions(offer, said, faults, language),
        consent=_consent(offer.link, said, faults),
        live=_live(offer, language),
    )


def chips(link: Link, said: Said, language: Language) -> tuple[Chip, ...]:
    """The suggested amounts; the default is chosen, where it is one of them."""
    chosen = link.amount_minor if said.pressed is None else said.minor
    return tuple(
        Chip(str(minor), str(language.money(Money(minor, link.currency))), chosen=minor == chosen)
        for minor in link.pay_config.suggestions
    )


def with_quantities(
    offer: Offer, lines: tuple[Line, ...], said: Said, reckoned: Reckoned, language: Language
) -> tuple[Line, ...]:
    """The lines with what was chosen of each, where there is a choice."""
    if offer.full.quantity_max is None:
        return lines
    faults = _faults(offer, said, reckoned, language)
    plain = "0" if said.choice.quantities else "1"
    return tuple(
        msgspec.structs.replace(
            line,
            name=(name := f"{QUANTITY}.{product.id}"),
            typed=said.choice.quantities.get(product.id, plain),
            fault=faults.get(name, ""),
        )
        for line, product in zip(lines, offer.full.products, strict=True)
    )


def _faults(offer: Offer, said: Said, reckoned: Reckoned, language: Language) -> dict[str, str]:
    """Why something is refused, in words for the payer; nothing before they pressed a button."""
    if said.pressed is None:
        return {}
    is_early = said.pressed is Pressed.UPDATE  # what is not filled in yet is no mistake
    known = {"most": offer.full.quantity_max, "example": example(offer.link.currency, language)}
    return {
        name: language.gettext(TROUBLES[name.partition(".")[0], trouble]) % known
        for name, trouble in reckoned.judged.troubles.items()
        if not (is_early and name in _BESIDE_THE_TOTAL)
    }


def _known(offer: Offer) -> Customer:
    """What the merchant told of this payer. It is not on the page: others may open it."""
    return Customer(email=offer.personal.prefill.email) if offer.personal else Customer()


def _base(offer: Offer, said: Said) -> Money | None:
    """What is paid before tip and fee, where no quantities are chosen."""
    link, minor = offer.link, said.minor
    if offer.amounts is not None:
        return Money(offer.amounts.amount, link.currency)
    if minor is None and said.pressed is None:
        minor = link.amount_minor
    elif minor is None and said.typed:
        minor = parse_typed(said.typed, link.currency)
    fits = minor is not None and (link.min_minor or 1) <= minor <= (link.max_minor or AMOUNT_MAX)
    return Money(minor, link.currency) if minor is not None and fits else None


def _tip(
    offer: Offer, said: Said, reckoned: Reckoned, faults: dict[str, str], language: Language
) -> AskedTip | None:
    link, tip = offer.link, said.choice.tip
    if not link.pay_config.tips:
        return None
    own, typed = choice.is_own(said.choice), said.choice.tip_typed
    none = Chip(choice.NO_TIP, language.gettext("No tip"), chosen=not own and tip in ("", "0"))
    shares = (
        Chip(str(share), language.percent(share), chosen=tip == str(share))
        for share in link.pay_config.tips
    )
    if said.choice.tip_minor is not None:
        typed = language.plain_number(Money(said.choice.tip_minor, link.currency))
    fault = faults.get("tip") or faults.get("tip_amount") or ""
    return AskedTip(link.currency, (none, *shares), own, _shown_again(typed), fault)


def _questions(
    offer: Offer, said: Said, faults: dict[str, str], language: Language
) -> tuple[Question, ...]:
    config, found = offer.link.pay_config, list[Question]()
    if (field := config.field) is not None:
        found.append(
            Question(
                name="field",
                label=field.label,
                required=field.required,
                longest=FIELD_VALUE_MAX,
                choices=tuple(map(choice.squeezed, field.choices or ())),
                typed=_shown_again(choice.squeezed(said.choice.field)),
                fault=faults.get("field", ""),
            )
        )
    if config.contact is not None and contacts.is_asked_for(config.contact, _known(offer)):
        is_email = config.contact is Contact.EMAIL
        name = config.contact.value
        found.append(
            Question(
                name=name,
                label=language.gettext(CONTACTS[config.contact]),
                kind="email" if is_email else "tel",
                longest=LENGTH_MAX if is_email else PHONE_MAX,
                typed=_shown_again(getattr(said.choice, name)),
                fault=faults.get(name, ""),
            )
        )
    return tuple(found)


def _consent(link: Link, said: Said, faults: dict[str, str]) -> AskedConsent | None:
    consent = link.pay_config.consent
    if consent is None:
        return None
    ticked, fault = said.choice.agreed, faults.get("consent", "")
    return AskedConsent(consent.text, consent.required, ticked, fault)


def _live(offer: Offer, language: Language) -> Live | None:
    """None where the total never changes, or is what the payer types."""
    link, fee = offer.link, offer.merchant.fee_rule.payer
    fixed_fee = fee.fixed.get(link.currency, 0)
    adds_fee = offer.amounts is None and (fee.basis_points or fixed_fee)
    if not (link.pay_config.tips or offer.full.quantity_max or adds_fee):
        return None
    places = exponent(link.currency)
    sample = language.money(Money(1_234_567 * 10**places, link.currency)).number
    group = sample[sample.index("1") + 1]  # a mark of direction may stand in front
    point = sample[-places - 1] if places else "."
    return Live(Money(0, link.currency), places, group, point, fee.basis_points, fixed_fee)


def example(currency: str, language: Language) -> str:
    """A number with every kind of digit that the currency has: 1234.50, 1234, 1234.500."""
    places = exponent(currency)
    minor = 12_345 * 10 ** (places - 1) if places else 1_234
    return language.plain_number(Money(minor, currency))


def _shown_again(typed: str) -> str:
    """What was typed, unless it may be the number of somebody's card."""
    return "" if reads_like_card(typed) else typed
