"""Compares what was promised with what is there. Pure: a list of violations, empty when all is
well. Each rule is a sentence of docs/explanation/safety.md."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from torture.evidence import Evidence, Rows
from torture.journal import Journal, Wish

Objects = Iterable[Mapping[str, Any]]
"""What the API lists."""
Told = Mapping[str, Mapping[str, Any]]
"""The bodies of webhooks, by event."""
WEBHOOK_TYPES = frozenset(
    f"payment.{status}" for status in ("charged", "failed", "cancelled", "rejected", "refunded")
)
PAID = ("charged", "refunded")


def judge(journal: Journal, evidence: Evidence, own: Told, endpoint: Told) -> list[str]:
    """`own` and `endpoint`: what the merchant's server took at the address that links name, and at
    the one that hears of everything."""
    payments, rows = evidence.payments, evidence.rows
    return [
        *journal.faults,
        *wishes_once(journal, evidence),
        *one_kept(journal, payments),
        *counts_agree(payments, rows),
        *refunds_within(payments, rows),
        *acquirer_took(payments, rows),
        *acquirer_gave_back(rows),
        *books_agree(payments, rows),
        *events_without_gap(rows),
        *facts_told(payments, rows),
        *webhooks_arrived(rows, own),
        *endpoint_told(journal, rows, endpoint),
    ]


def wishes_once(journal: Journal, evidence: Evidence) -> Iterator[str]:
    """Whatever was acknowledged is there; nothing is there twice, and nothing that was refused."""
    links = _by_mark((link["metadata"].get("mark", ""), link) for link in evidence.links)
    clicks = _by_mark((f"{one['link']} {one['amount']}", one) for one in evidence.payments)
    refunds = _by_mark((one["reason"] or "", one) for one in evidence.refunds)
    for wish in journal.links.values():
        yield from _once("link", wish, links[wish.mark])
    for wish in journal.payments.values():
        yield from _once("payment", wish, clicks[f"{wish.of} {wish.mark}"])
    for wish in journal.refunds.values():
        yield from _once("refund", wish, refunds[wish.mark])


def _by_mark(marked: Iterable[tuple[str, Mapping[str, Any]]]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = defaultdict(list)
    for mark, one in marked:
        found[mark].append(one["id"])
    return found


def _once(what: str, wish: Wish, found: list[str]) -> Iterator[str]:
    if lost := wish.ids - set(found):
        yield f"{what} {wish.mark} was acknowledged as {_words(lost)} and is lost"
    if len(found) > 1:
        yield f"{what} {wish.mark} is there {len(found)} times: {_words(found)}"
    if found and wish.is_refused:
        yield f"{what} {wish.mark} was refused and is there all the same"


def one_kept(journal: Journal, payments: Objects) -> Iterator[str]:
    """A link with a limit keeps no more payments than it may."""
    kept = Counter(one["link"] for one in payments if one["status"] in PAID and not one["surplus"])
    for link, limit in journal.limits.items():
        if kept[link] > limit:
            yield f"link {link} may keep {limit} and has kept {kept[link]}"


def counts_agree(payments: Objects, rows: Rows) -> Iterator[str]:
    """Of every link as many payments are counted as began and as were paid."""
    began = Counter(one["link"] for one in payments if one["link"] is not None)
    paid = Counter(one["link"] for one in payments if one["status"] in PAID)
    counted = {one.link_id: (one.starts, one.paid) for one in rows.counted}
    for link in began:
        said = counted.get(link, (0, 0))
        if said != (began[link], paid[link]):
            yield f"link {link} has {began[link]} begun, {paid[link]} paid, and counts {said}"


def refunds_within(payments: Objects, rows: Rows) -> Iterator[str]:
    """No more goes back than came, and the payment says how much."""
    live: Counter[str] = Counter()
    done: Counter[str] = Counter()
    for refund in rows.refunds:
        if refund.standing == "kept":
            live[refund.payment_id] += refund.amount_minor * (refund.status != "failed")
            done[refund.payment_id] += refund.amount_minor * (refund.status == "succeeded")
    for one in payments:
        back, said = live[one["id"]], one["refunded_amount"]
        if back > one["amount"]:
            yield f"payment {one['id']} is of {one['amount']}, and {back} go back"
        is_whole = said == one["amount"]
        if done[one["id"]] != said or (one["status"] == "refunded") != is_whole:
            yield f"payment {one['id']} is {one['status']} with {said} of {done[one['id']]} back"


def acquirer_took(payments: Objects, rows: Rows) -> Iterator[str]:
    """What the acquirer has taken is what the house says, charge by charge."""
    known = {attempt.id for attempt in rows.attempts}
    for one in rows.taken:
        if one.attempt_id not in known:
            yield f"the acquirer knows attempt {one.attempt_id}, and nobody here does"
    ours = {a.reference: a.amount_minor for a in rows.attempts if a.status == "charged"}
    theirs = {one.id: one.captured_minor for one in rows.taken if one.captured_minor}
    for charge in ours.keys() | theirs.keys():
        took, says = ours.get(charge, 0), theirs.get(charge or "", 0)
        if took != says:
            yield f"charge {charge} took {took}, and the acquirer says {says}"
    kept = Counter(a.payment_id for a in rows.attempts if a.standing == "kept")
    for payment in payments:
        times = kept[payment["id"]]
        if times != (payment["status"] in PAID):
            yield f"payment {payment['id']} is {payment['status']}, paid {times} times"


def acquirer_gave_back(rows: Rows) -> Iterator[str]:
    """Each refund that succeeded was made once by the acquirer, and no other was."""
    theirs: dict[str, list[int]] = defaultdict(list)
    for given in rows.given:
        if given.status == "succeeded":
            theirs[given.refund_id].append(given.amount_minor)
    for refund in rows.refunds:
        due = [refund.with_fee_minor] if refund.status == "succeeded" else []
        if theirs.pop(refund.id, []) != due:
            yield f"refund {refund.id} is {refund.status}, and the acquirer says otherwise"
    for refund_id in theirs:
        yield f"the acquirer gave back {refund_id}, which nobody here knows"


def books_agree(payments: Objects, rows: Rows) -> Iterator[str]:
    """The books balance, hold every charge once, and have at the acquirer what the acquirer has."""
    signed = [e.amount_minor if e.side == "debit" else -e.amount_minor for e in rows.entries]
    if sum(signed):
        yield f"the books are out of balance by {sum(signed)}"
    payment_of = {attempt.id: attempt.payment_id for attempt in rows.attempts}
    posted: Counter[str] = Counter()
    for entry in rows.entries:
        if entry.reason == "charge" and entry.account == "sales":
            posted[payment_of.get(entry.reference, entry.reference)] += entry.amount_minor
    for payment in payments:
        due = payment["amount"] if payment["status"] in PAID else 0
        if posted.pop(payment["id"], 0) != due:
            yield f"payment {payment['id']} is {payment['status']}, and the books do not say so"
    for reference in posted:
        yield f"the books hold a charge of {reference}, which was not made"
    ours = sum(
        minor
        for entry, minor in zip(rows.entries, signed, strict=True)
        if entry.account.startswith("acquirer:") or entry.account in ("fees", "provider_fee")
    )
    theirs = sum(one.captured_minor for one in rows.taken)
    theirs -= sum(one.amount_minor for one in rows.given if one.status == "succeeded")
    if ours != theirs:
        yield f"the books have {ours} at the acquirer, and the acquirer {theirs}"


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


def facts_told(payments: Objects, rows: Rows) -> Iterator[str]:
    """Every charge and every refund has exactly one event, and there is none without its fact."""
    told = Counter((e.type, e.object_id) for e in rows.events)
    facts = Counter(("payment.charged", one["id"]) for one in payments if one["status"] in PAID)
    facts += Counter(
        (f"refund.{one.status}", one.id)
        for one in rows.refunds
        if one.status in ("succeeded", "failed")
    )
    kinds = {kind for kind, _ in facts}
    for fact in facts.keys() | {one for one in told if one[0] in kinds}:
        if told[fact] != facts[fact]:
            yield f"{fact[0]} of {fact[1]} happened {facts[fact]} and was told {told[fact]} times"


def webhooks_arrived(rows: Rows, taken: Told) -> Iterator[str]:
    """Every end of a payment has reached the merchant, and whatever is called delivered has."""
    due = {event.id for event in rows.events if event.type in WEBHOOK_TYPES}
    sent = {d.event_id for d in rows.deliveries if d.status == "delivered" and not d.endpoint_id}
    yield from _arrived(rows, taken, due, sent)


def endpoint_told(journal: Journal, rows: Rows, taken: Told) -> Iterator[str]:
    """Every event since the first link has reached the endpoint that was opened before it."""
    first = journal.first_link
    since = min((e.sequence for e in rows.events if e.object_id == first), default=0)
    due = {event.id for event in rows.events if event.sequence >= since}
    sent = {d.event_id for d in rows.deliveries if d.status == "delivered" and d.endpoint_id}
    yield from _arrived(rows, taken, due, sent)


def _arrived(rows: Rows, taken: Told, due: set[str], sent: set[str]) -> Iterator[str]:
    known = {event.id: f"{event.type} of {event.object_id}" for event in rows.events}
    for event_id in due - taken.keys():
        yield f"{known[event_id]} never reached the merchant"
    for event_id in sent - taken.keys():
        yield f"event {event_id} is called delivered, and the merchant never took it"
    for event_id in taken.keys() - known.keys():
        yield f"the merchant was told of event {event_id}, which does not exist"


def _words(ids: Iterable[str]) -> str:
    return ", ".join(sorted(ids))
