"""The judge of `bin/torture` itself: it finds nothing where all is well, and every kind of loss."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from torture.evidence import (
    Attempt,
    Counted,
    Delivery,
    Entry,
    Event,
    Evidence,
    Given,
    Refund,
    Rows,
    Taken,
)
from torture.journal import Journal
from torture.verdict import judge

Told = dict[str, dict[str, Any]]


class Case:
    """A link and a payment over it, charged, told and booked, of which one unit was given back."""

    def __init__(self) -> None:
        self.journal = Journal()
        self.journal.wish_link().ids.add("link")
        self.journal.limits["link"] = 1
        self.click = self.journal.wish_payment("link", 61)
        self.click.ids.add("paid")
        self.refund = self.journal.wish_refund("paid", 1)
        self.refund.ids.add("back")
        minor = self.click.minor
        self.links: list[dict[str, Any]] = [{"id": "link", "metadata": {"mark": "link-1"}}]
        self.payment: dict[str, Any] = {
            "id": "paid",
            "link": "link",
            "status": "charged",
            "surplus": False,
            "amount": minor,
            "amount_with_fee": minor,
            "refunded_amount": 1,
        }
        self.payments = [self.payment]
        self.refunds: list[dict[str, Any]] = [{"id": "back", "reason": self.refund.mark}]
        self.rows = Rows(
            attempts=[Attempt("try", "paid", "charged", "kept", "theirs", minor)],
            refunds=[Refund("back", "paid", "succeeded", "kept", 1, 1)],
            events=[
                Event("told", 1, 1, "payment.charged", "paid", 1),
                Event("told back", 1, 2, "refund.succeeded", "back", 1),
                Event("made", 1, 3, "link.created", "link", 1),
            ],
            deliveries=[
                Delivery("way", "told", None, "delivered"),
                Delivery("way 2", "made", "endpoint", "delivered"),
            ],
            entries=[*charge("try", minor), *turned(charge("back", 1), "refund")],
            taken=[Taken("theirs", "try", minor)],
            given=[Given("back", "succeeded", 1)],
            counted=[Counted("link", 1, 1)],
        )
        self.taken: Told = {"told": {}}
        self.told: Told = {"made": {}}

    def change(self, **rows: Any) -> None:
        self.rows = msgspec.structs.replace(self.rows, **rows)

    def judged(self) -> list[str]:
        evidence = Evidence(self.links, self.payments, self.refunds, self.rows)
        return judge(self.journal, evidence, self.taken, self.told)


def charge(reference: str, minor: int) -> list[Entry]:
    return [
        Entry("charge", reference, "acquirer:sandbox", "debit", minor),
        Entry("charge", reference, "sales", "credit", minor),
    ]


def turned(entries: list[Entry], reason: str) -> list[Entry]:
    other = {"debit": "credit", "credit": "debit"}
    return [msgspec.structs.replace(e, reason=reason, side=other[e.side]) for e in entries]


def second_charge(case: Case) -> None:
    """Of the same link, told, booked and taken as it should be."""
    minor, rows = case.journal.wish_payment("link", 61).minor, case.rows
    again = {"id": "2", "amount": minor, "amount_with_fee": minor, "refunded_amount": 0}
    case.payments.append({**case.payment, **again})
    case.change(
        attempts=[*rows.attempts, Attempt("try 2", "2", "charged", "kept", "theirs 2", minor)],
        events=[*rows.events, Event("told 2", 1, 4, "payment.charged", "2", 1)],
        entries=[*rows.entries, *charge("try 2", minor)],
        taken=[*rows.taken, Taken("theirs 2", "try 2", minor)],
        counted=[Counted("link", 2, 2)],
    )
    case.taken["told 2"] = case.told["told 2"] = {}


def first_event(case: Case, **changes: Any) -> list[Event]:
    first, *others = case.rows.events
    return [msgspec.structs.replace(first, **changes), *others]


def only_refund(case: Case, **changes: Any) -> list[Refund]:
    return [msgspec.structs.replace(case.rows.refunds[0], **changes)]


WRONGS: dict[str, tuple[Callable[[Case], object], str]] = {
    "a lost link": (lambda c: c.links.clear(), "is lost"),
    "a link made twice": (lambda c: c.links.append({**c.links[0], "id": "2"}), "2 times"),
    "a lost payment": (lambda c: c.click.ids.add("another"), "is lost"),
    "a payment made twice": (
        lambda c: c.payments.append({**c.payment, "id": "2", "status": "pending"}),
        "2 times",
    ),
    "a lost refund": (lambda c: c.refunds.clear(), "is lost"),
    "a refund made twice": (lambda c: c.refunds.append({**c.refunds[0], "id": "2"}), "2 times"),
    "a refund that was refused and made": (
        lambda c: setattr(c.refund, "is_refused", True),
        "was refused",
    ),
    "two winners": (second_charge, "may keep 1 and has kept 2"),
    "a payment that is counted twice": (
        lambda c: c.change(counted=[Counted("link", 1, 2)]),
        "1 paid, and counts (1, 2)",
    ),
    "a payment that is not counted": (lambda c: c.change(counted=[]), "and counts (0, 0)"),
    "more money back than came": (
        lambda c: c.change(refunds=only_refund(c, amount_minor=c.click.minor + 1)),
        "go back",
    ),
    "a refund that the payment does not know of": (
        lambda c: c.payment.update(refunded_amount=0),
        "0 of 1 back",
    ),
    "a payment that is refunded in part and says in whole": (
        lambda c: c.payment.update(status="refunded"),
        "is refunded with 1",
    ),
    "money that only the acquirer knows of": (
        lambda c: c.change(taken=[*c.rows.taken, Taken("another", "try", 5)]),
        "the acquirer says",
    ),
    "money that the acquirer never took": (lambda c: c.change(taken=[]), "the acquirer says 0"),
    "an attempt that only the acquirer knows of": (
        lambda c: c.change(attempts=[]),
        "nobody here does",
    ),
    "a charge of another sum": (
        lambda c: c.change(taken=[Taken("theirs", "try", 5)]),
        "and the acquirer says 5",
    ),
    "a payment without money": (lambda c: c.payment.update(status="failed"), "paid 1 times"),
    "a refund that the acquirer never made": (lambda c: c.change(given=[]), "says otherwise"),
    "a refund that the acquirer made twice": (
        lambda c: c.change(given=c.rows.given * 2),
        "says otherwise",
    ),
    "a refund that only the acquirer knows of": (
        lambda c: c.change(given=[*c.rows.given, Given("?", "succeeded", 5)]),
        "which nobody here knows",
    ),
    "books out of balance": (
        lambda c: c.change(entries=c.rows.entries[1:]),
        "out of balance",
    ),
    "a charge that is not in the books": (
        lambda c: c.change(entries=c.rows.entries[2:]),
        "the books do not say",
    ),
    "a charge that is in the books twice": (
        lambda c: c.change(entries=c.rows.entries + charge("try", c.click.minor)),
        "the books do not say",
    ),
    "a charge in the books that nobody made": (
        lambda c: c.change(entries=c.rows.entries + charge("?", 1)),
        "which was not made",
    ),
    "a refund that is not in the books": (
        lambda c: c.change(entries=c.rows.entries[:2]),
        "at the acquirer, and the acquirer",
    ),
    "a gap in the events": (lambda c: c.change(events=first_event(c, sequence=4)), "has number 4"),
    "a gap in the events of an object": (
        lambda c: c.change(events=first_event(c, object_sequence=2)),
        "is number 2 of",
    ),
    "a charge without an event": (
        lambda c: c.change(events=c.rows.events[1:]),
        "happened 1 and was told 0 times",
    ),
    "a refund without an event": (
        lambda c: c.change(events=[c.rows.events[0], c.rows.events[2]]),
        "happened 1 and was told 0 times",
    ),
    "an event without a charge": (
        lambda c: c.change(events=[*c.rows.events, Event("?", 1, 4, "payment.charged", "?", 1)]),
        "happened 0 and was told 1 times",
    ),
    "a webhook that never came": (lambda c: c.taken.clear(), "never reached the merchant"),
    "an event that the endpoint never heard of": (
        lambda c: c.told.clear(),
        "link.created of link never reached",
    ),
    "a webhook about nothing": (lambda c: c.taken.update(more={}), "which does not exist"),
    "an answer that nobody may give": (
        lambda c: c.journal.faults.append("POST / was answered with 500"),
        "500",
    ),
}


def test_where_all_is_well_it_finds_nothing() -> None:
    assert Case().judged() == []


@pytest.mark.parametrize("wrong", WRONGS)
def test_it_finds(wrong: str) -> None:
    case = Case()
    act, words = WRONGS[wrong]

    act(case)

    assert any(words in one for one in case.judged()), case.judged()
