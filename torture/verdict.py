"""Compares what was promised with what is there. Pure: a list of violations, empty when all is
well. Each rule is a sentence of docs/explanation/safety.md."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from torture.evidence import Evidence, Rows
from torture.journal import Journal, Wish

WEBHOOK_TYPES = frozenset(
    f"payment.{status}" for status in ("charged", "failed", "cancelled", "rejected", "refunded")
)
KEPT = ("charged", "refunded")


def judge(
    journal: Journal, evidence: Evidence, taken: Mapping[str, Mapping[str, Any]]
) -> list[str]:
    """`taken`: the bodies that the merchant's server acknowledged, by event."""
    rows = evidence.rows
    return [
        *journal.faults,
        *links_once(journal, evidence.links),
        *payments_once(journal, evidence.payments),
        *one_kept(journal, evidence.payments),
        *acquirer_agrees(evidence.payments, rows),
        *books_agree(evidence.payments, rows),
        *events_without_gap(rows),
        *charges_told(evidence.payments, rows),
        *webhooks_arrived(rows, taken),
    ]


def links_once(journal: Journal, links: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """Every acknowledged link is there, and no wish made two."""
    found: dict[str, list[str]] = defaultdict(list)
    for link in links:
        found[link["metadata"].get("mark", "")].append(link["id"])
    for mark, wish in journal.links.items():
        yield from _once("link", wish, found.get(mark, []))


def payments_once(journal: Journal, payments: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """Every acknowledged payment is there, and no click made two."""
    found: dict[str, list[str]] = defaultdict(list)
    for payment in payments:
        found[f"{payment['link']} {payment['amount']}"].append(payment["id"])
    for wish in journal.payments.values():
        yield from _once("payment", wish, found.get(f"{wish.of} {wish.mark}", []))


def _once(what: str, wish: Wish, found: list[str]) -> Iterator[str]:
    if lost := wish.ids - set(found):
        yield f"{what} {wish.mark} was acknowledged as {_words(lost)} and is lost"
    if len(found) > 1:
        yield f"{what} {wish.mark} is there {len(found)} times: {_words(found)}"


def one_kept(journal: Journal, payments: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """A link with a limit keeps no more payments than it may."""
    kept = Counter(
        payment["link"]
        for payment in payments
        if payment["status"] in KEPT and not payment["surplus"]
    )
    for link, limit in journal.limits.items():
        if kept[link] > limit:
            yield f"link {link} may keep {limit} and has kept {kept[link]}"


def acquirer_agrees(payments: Iterable[Mapping[str, Any]], rows: Rows) -> Iterator[str]:
    """What the acquirer has taken is what the house says, payment by payment."""
    payment_of = {attempt.id: attempt.payment_id for attempt in rows.attempts}
    theirs: Counter[str] = Counter()
    for one in rows.taken:
        if one.attempt_id not in payment_of:
            yield f"the acquirer knows attempt {one.attempt_id}, and nobody here does"
        elif one.captured_minor:
            theirs[payment_of[one.attempt_id]] += one.captured_minor
    for payment in payments:
        ours = payment["amount_with_fee"] if payment["status"] in KEPT else 0
        if not payment["surplus"] and ours != theirs[payment["id"]]:
            yield (
                f"payment {payment['id']} is {payment['status']} over {ours},"
                f" and the acquirer took {theirs[payment['id']]}"
            )


def books_agree(payments: Iterable[Mapping[str, Any]], rows: Rows) -> Iterator[str]:
    """The books balance, and hold every charge once and nothing else."""
    balance = sum(e.amount_minor if e.side == "debit" else -e.amount_minor for e in rows.entries)
    if balance:
        yield f"the books are out of balance by {balance}"
    charged = {a.id: a.payment_id for a in rows.attempts if a.status == "charged"}
    posted: Counter[str] = Counter()
    for entry in rows.entries:
        if entry.reason == "charge" and entry.account == "sales":
            posted[charged.get(entry.reference, entry.reference)] += entry.amount_minor
    for payment in payments:
        due = payment["amount"] if payment["status"] in KEPT else 0
        if posted.pop(payment["id"], 0) != due:
            yield f"payment {payment['id']} is {payment['status']}, and the books do not say so"
    for reference in posted:
        yield f"the books hold a charge of {reference}, which was not made"


def events_without_gap(rows: Rows) -> Iterator[str]:
    """Events are numbered from 1 without gaps, for each merchant and for each object."""
    last: Counter[object] = Counter()
    for event in rows.events:
        last[event.merchant_id] += 1
        if event.sequence != last[event.merchant_id]:
            yield f"event {event.id} has number {event.sequence}, not {last[event.merchant_id]}"
    for event in sorted(rows.events, key=lambda e: (e.object_id, e.object_sequence)):
        last[event.object_id] += 1
        if event.object_sequence != last[event.object_id]:
            yield f"event {event.id} is number {event.object_sequence} of {event.object_id}"


def charges_told(payments: Iterable[Mapping[str, Any]], rows: Rows) -> Iterator[str]:
    """Every charge has exactly one event, and there is none without a charge."""
    told = Counter(e.object_id for e in rows.events if e.type == "payment.charged")
    for payment in payments:
        due = payment["status"] in KEPT
        if told.pop(payment["id"], 0) != due:
            yield f"payment {payment['id']} is {payment['status']}, and its events say otherwise"
    for payment_id in told:
        yield f"there is an event of a charge of {payment_id}, which does not exist"


def webhooks_arrived(rows: Rows, taken: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    """Every end of a payment has reached the merchant, and whatever is called delivered has."""
    delivered = {d.event_id for d in rows.deliveries if d.status == "delivered"}
    for event in rows.events:
        if event.type in WEBHOOK_TYPES and event.id not in taken:
            yield f"{event.type} of {event.object_id} never reached the merchant"
    for event_id in delivered - set(taken):
        yield f"event {event_id} is called delivered, and the merchant never took it"
    for event_id in set(taken) - {event.id for event in rows.events}:
        yield f"the merchant was told of event {event_id}, which does not exist"


def _words(ids: Iterable[str]) -> str:
    return ", ".join(sorted(ids))
