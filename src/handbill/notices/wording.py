"""The words of notices, in the language of their channel: short, plain, and nothing secret.

A language is handed in: what knows them stands floors above. No text of a payer comes here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol
from urllib.parse import urlsplit

import msgspec

from handbill import events
from handbill.events import Event
from handbill.kernel.money import Money
from handbill.notices.model import EVENTS, Kind, Message

TELEGRAM = "Telegram"
OF_MONEY = frozenset(
    {
        *("payment.charged", "payment.surplus", "payment.review"),
        *("refund.succeeded", "refund.failed"),
    }
)


def N_(message: str) -> str:  # the name that message extractors look for
    return message


class Words(msgspec.Struct, frozen=True):
    """What happened, and what to do about it."""

    subject: str
    advice: str = ""


WORDS: dict[str, Words] = {
    "payment.charged": Words(N_("Paid: %(amount)s")),
    "payment.surplus": Words(
        N_("Paid twice: %(amount)s came once more"),
        N_("It goes back to the payer, unless your rules say otherwise."),
    ),
    "payment.review": Words(
        N_("Money waits for your decision: %(amount)s"), N_("Accept it, or send it back.")
    ),
    "refund.succeeded": Words(N_("Refunded: %(amount)s")),
    "refund.failed": Words(
        N_("A refund of %(amount)s failed"),
        N_("The payer has not got the money. Try again, or ask your payment provider."),
    ),
    events.LINK_REQUESTED: Words(
        N_("A payer asks for a new link"),
        N_("The link has ended. You can open it again, or make a new one."),
    ),
    events.ENDPOINT_DISABLED: Words(
        N_("Webhooks to %(host)s are switched off"),
        N_("Nothing is sent there any more. Repair it, then switch it on again."),
    ),
    events.DELIVERY_EXHAUSTED: Words(
        N_("A webhook to %(host)s was given up"),
        N_("It was tried for three days. You can have it sent again."),
    ),
    events.CHANNEL_DISABLED: Words(
        N_("Notices to %(channel)s are switched off"),
        N_("They failed for too long. Repair the channel, then switch it on again."),
    ),
}


class Language(Protocol):
    """What words need of a language."""

    @property
    def code(self) -> str: ...
    @property
    def direction(self) -> str: ...
    @property
    def gettext(self) -> Callable[[str], str]: ...
    @property
    def ngettext(self) -> Callable[[str, str, int], str]: ...
    def money(self, money: Money, /) -> object: ...


def of_one(event: Event, what: str, merchant: str, language: Language) -> Message:
    """`what` is the title of what it is about, where that has one; `merchant` is their name."""
    known = {
        "amount": language.money(_money(event)) if event.type in OF_MONEY else "",
        "host": urlsplit(str(event.facts.get("url", ""))).hostname or "",
        "channel": _channel(event.facts, language),
    }
    said = WORDS[event.type]
    subject = language.gettext(said.subject) % known
    advice = language.gettext(said.advice) if said.advice else ""
    lines = [advice, what, _reference(event, language), merchant]
    return _named(event.test, subject, lines, language)


def of_many(told: Sequence[Event], merchant: str, language: Language) -> Message:
    """A line for each kind, with how many and how much."""
    lines = []
    for type in EVENTS:
        some = [event for event in told if event.type == type]
        if some:
            known = {"num": len(some), "amount": _sums(some, language)}
            lines.append(_counted(type, len(some), language) % known)
    why = language.gettext("There were so many that they are told together.")
    return _named(told[0].test, lines[0], [*lines[1:], why, merchant], language)


def of_trial(test: bool, merchant: str, language: Language) -> Message:
    subject = language.gettext("This is a test of your notices")
    words = language.gettext("What happens to your payments will be told here.")
    return _named(test, subject, [words, merchant], language)


def _counted(type: str, num: int, language: Language) -> str:
    match type:
        case "payment.charged":
            return language.ngettext(
                "%(num)d payment: %(amount)s", "%(num)d payments: %(amount)s", num
            )
        case "payment.surplus":
            return language.ngettext(
                "%(num)d payment came twice: %(amount)s",
                "%(num)d payments came twice: %(amount)s",
                num,
            )
        case "payment.review":
            return language.ngettext(
                "%(num)d payment waits for your decision: %(amount)s",
                "%(num)d payments wait for your decision: %(amount)s",
                num,
            )
        case "refund.succeeded":
            return language.ngettext(
                "%(num)d refund: %(amount)s", "%(num)d refunds: %(amount)s", num
            )
        case "refund.failed":
            return language.ngettext(
                "%(num)d refund failed: %(amount)s", "%(num)d refunds failed: %(amount)s", num
            )
        case events.LINK_REQUESTED:
            return language.ngettext(
                "%(num)d request for a new link", "%(num)d requests for a new link", num
            )
        case events.ENDPOINT_DISABLED:
            return language.ngettext(
                "%(num)d webhook endpoint switched off",
                "%(num)d webhook endpoints switched off",
                num,
            )
        case events.DELIVERY_EXHAUSTED:
            return language.ngettext("%(num)d webhook given up", "%(num)d webhooks given up", num)
        case events.CHANNEL_DISABLED:
            return language.ngettext(
                "%(num)d notice channel switched off", "%(num)d notice channels switched off", num
            )
    raise ValueError(f"no words for {type}")


def _named(test: bool, subject: str, lines: Sequence[str], language: Language) -> Message:
    """Nobody takes test money for money."""
    told = [line for line in lines if line]
    if not test:
        return Message(subject, tuple(told))
    named = language.gettext("TEST: %(words)s") % {"words": subject}
    return Message(named, (*told, language.gettext("Test: no money moves")))


def _channel(facts: Mapping[str, Any], language: Language) -> str:
    """By what it is: the events know neither the mailbox nor the chat."""
    if facts.get("kind") == Kind.EMAIL:
        return language.gettext("an e-mail address")
    return str(facts.get("address") or TELEGRAM)


def _reference(event: Event, language: Language) -> str:
    found = event.facts.get("txid") or event.facts.get("transaction")
    if not found:
        return ""
    return language.gettext("Reference: %(reference)s") % {"reference": found}


def _money(event: Event) -> Money:
    """What is waiting, where it is another sum than was asked for."""
    facts = event.facts.get("received", event.facts)
    return Money(facts["amount"], facts["currency"])


def _sums(some: Sequence[Event], language: Language) -> str:
    totals: dict[str, int] = {}
    for event in some:
        if event.type in OF_MONEY:
            money = _money(event)
            totals[money.currency] = totals.get(money.currency, 0) + money.minor
    return " + ".join(str(language.money(Money(n, c))) for c, n in sorted(totals.items()))
