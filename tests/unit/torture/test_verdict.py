"""The judge of `bin/torture` itself: it finds nothing where all is well, and every kind of loss."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from torture.evidence import Attempt, Delivery, Entry, Event, Evidence, Rows, Taken
from torture.journal import Journal
from torture.verdict import judge

Told = dict[str, dict[str, Any]]


class Case:
    """A link and a payment of 161 over it, charged, told and booked."""

    def __init__(self) -> None:
        self.journal = Journal()
        self.journal.wish_link().ids.add("link")
        self.journal.limits["link"] = 1
        self.click = self.journal.wish_payment("link", 61)
        self.click.ids.add("paid")
        minor = self.click.minor
        self.links: list[dict[str, Any]] = [{"id": "link", "metadata": {"mark": "link-1"}}]
        self.payment: dict[str, Any] = {
            "id": "paid",
            "link": "link",
            "status": "charged",
            "surplus": False,
            "amount": minor,
            "amount_with_fee": minor,
        }
        self.payments = [self.payment]
        self.rows = Rows(
            attempts=[Attempt("try", "paid", "charged", False, minor)],
            events=[Event("told", 1, 1, "payment.charged", "paid", 1)],
            deliveries=[Delivery("way", "told", "delivered")],
            entries=[
                Entry("charge", "try", "acquirer:sandbox", "debit", minor),
                Entry("charge", "try", "sales", "credit", minor),
            ],
            taken=[Taken("theirs", "try", "charged", minor, 0)],
        )
        self.taken: Told = {"told": {"event_id": "told"}}

    def change(self, **rows: Any) -> None:
        self.rows = msgspec.structs.replace(self.rows, **rows)

    def judged(self) -> list[str]:
        return judge(self.journal, Evidence(self.links, self.payments, self.rows), self.taken)


def second_charge(case: Case) -> None:
    """Of the same link, told, booked and taken as it should be."""
    minor = case.journal.wish_payment("link", 61).minor
    case.payments.append({**case.payment, "id": "2", "amount": minor, "amount_with_fee": minor})
    rows = case.rows
    case.change(
        attempts=[*rows.attempts, Attempt("try 2", "2", "charged", False, minor)],
        events=[*rows.events, Event("told 2", 1, 2, "payment.charged", "2", 1)],
        entries=[
            *rows.entries,
            Entry("charge", "try 2", "acquirer:sandbox", "debit", minor),
            Entry("charge", "try 2", "sales", "credit", minor),
        ],
        taken=[*rows.taken, Taken("theirs 2", "try 2", "charged", minor, 0)],
    )
    case.taken["told 2"] = {"event_id": "told 2"}


WRONGS: dict[str, tuple[Callable[[Case], object], str]] = {
    "a lost link": (lambda c: c.links.clear(), "is lost"),
    "a link made twice": (lambda c: c.links.append({**c.links[0], "id": "2"}), "2 times"),
    "a lost payment": (lambda c: c.click.ids.add("another"), "is lost"),
    "a payment made twice": (
        lambda c: c.payments.append({**c.payment, "id": "2", "status": "pending"}),
        "2 times",
    ),
    "two winners": (second_charge, "may keep 1 and has kept 2"),
    "money that only the acquirer knows of": (
        lambda c: c.payment.update(status="failed"),
        "the acquirer took",
    ),
    "money that the acquirer never took": (lambda c: c.change(taken=[]), "the acquirer took 0"),
    "an attempt that only the acquirer knows of": (
        lambda c: c.change(attempts=[]),
        "nobody here does",
    ),
    "books out of balance": (
        lambda c: c.change(entries=c.rows.entries[1:]),
        "out of balance",
    ),
    "a charge that is not in the books": (lambda c: c.change(entries=[]), "the books do not say"),
    "a charge that is in the books twice": (
        lambda c: c.change(entries=c.rows.entries * 2),
        "the books do not say",
    ),
    "a gap in the events": (
        lambda c: c.change(events=[msgspec.structs.replace(c.rows.events[0], sequence=2)]),
        "has number 2, not 1",
    ),
    "a gap in the events of an object": (
        lambda c: c.change(events=[msgspec.structs.replace(c.rows.events[0], object_sequence=2)]),
        "is number 2 of",
    ),
    "a charge without an event": (lambda c: c.change(events=[]), "its events say otherwise"),
    "a webhook that never came": (lambda c: c.taken.clear(), "never reached the merchant"),
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
