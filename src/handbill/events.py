"""Facts of ours, numbered: the catalogue of event types, and the outbox that webhooks read.

`record` is called in the transaction of the change: an event exists exactly when its change does.
Numbers are given for a whole batch just before its commit: one counter per merchant without gaps,
and one per object, so that a receiver can tell the order.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import msgspec

from handbill.infra.database import Tx
from handbill.infra.paging import Stretch
from handbill.kernel.clock import Instant
from handbill.kernel.errors import NotFound
from handbill.kernel.ids import new_id

TOPIC = "events"
"""Announced when an event was recorded that makes a webhook, that its merchant's endpoints follow,
or that is urgent. The others wake nobody: links are made by the thousand, and each wake-up would
cost their writer time."""

WEBHOOK = "webhook"
"""The member of an event's data that holds what is to be sent."""

LINK_REQUESTED = "link.requested"
PLACEMENTS_CHANGED = "link.placements_changed"
ENDPOINT_DISABLED = "endpoint.disabled"
ENDPOINT_TEST = "endpoint.test"
DELIVERY_EXHAUSTED = "delivery.exhausted"
CHANNEL_DISABLED = "notice_channel.disabled"

URGENT = frozenset(
    {
        *("payment.surplus", "payment.review", "refund.succeeded", "refund.failed"),
        *(LINK_REQUESTED, ENDPOINT_DISABLED, DELIVERY_EXHAUSTED, CHANNEL_DISABLED),
    }
)
"""Seldom, and somebody waits for them: announced whether or not anybody follows them."""

TYPES: Mapping[str, str] = {
    "link.created": "A link was made.",
    "link.updated": "A link was changed.",
    "link.paused": "A link was paused.",
    "link.resumed": "A paused link is active again.",
    "link.closed": "A link came to its end: its limit is reached or its time is over.",
    "link.deleted": "A link was deleted.",
    LINK_REQUESTED: "A payer at the end of a link asked for a new one.",
    PLACEMENTS_CHANGED: "Placements of a link were made, renamed, moved or removed.",
    "product.created": "A product was made.",
    "product.updated": "A product was changed.",
    "product.deleted": "A product was deleted.",
    "payment.created": "A payer pressed Pay, or the API made a payment.",
    "payment.held": "The money is held for the merchant to capture.",
    "payment.charged": "The money is the merchant's.",
    "payment.confirmed": "A person said that a bank transfer has come, and how much.",
    "payment.failed": "The last attempt was declined and nobody tried again.",
    "payment.rejected": "The payment was refused before an acquirer took it.",
    "payment.cancelled": "The payment ended without money: payer, merchant or deadline.",
    "payment.refunded": "All of the payment was given back.",
    "payment.surplus": "Money came a second time for a payment that was charged already.",
    "payment.review": "Money that does not fit the payment: a person must look.",
    "payment.fee_settled": "The acquirer kept another fee than the tariff said.",
    "refund.requested": "Money is to go back to a payer.",
    "refund.succeeded": "A refund went through.",
    "refund.failed": "A refund did not go through, or the bank sent the money back.",
    ENDPOINT_DISABLED: "A webhook endpoint was switched off for its failures.",
    ENDPOINT_TEST: "A webhook endpoint is tried: goes to it alone.",
    DELIVERY_EXHAUSTED: "A webhook was given up after its last attempt.",
    CHANNEL_DISABLED: "A notice channel was switched off for its failures.",
}
"""Every type that this version records, and what it means."""


class Event(msgspec.Struct, frozen=True):
    """`sequence` counts within the merchant, `object_sequence` within the object."""

    id: str
    merchant_id: int
    test: bool
    sequence: int
    type: str
    object_id: str
    object_sequence: int
    data: dict[str, Any]
    created_at: Instant

    @property
    def facts(self) -> dict[str, Any]:
        """The snapshot of the object, without what only the relay needs."""
        return {name: value for name, value in self.data.items() if name != WEBHOOK}


class Filter(msgspec.Struct, frozen=True, kw_only=True):
    """What a list of events is narrowed to."""

    type: str | None = None
    object_id: str | None = None


class Head(msgspec.Struct, frozen=True):
    """The last number given out for a merchant."""

    merchant_id: int
    sequence: int


_EVENT = (
    "SELECT id, merchant_id, test, sequence, type, object_id, object_sequence, data_json,"
    " created_at FROM events"
)


class _Recorded(msgspec.Struct, frozen=True):
    id: str
    merchant_id: int
    test: bool
    type: str
    object_id: str
    data: Mapping[str, Any]
    first: bool


def record(
    tx: Tx,
    type: str,
    *,
    merchant_id: int,
    test: bool,
    object_id: str,
    data: Mapping[str, Any],
    first: bool = False,
) -> str:
    """Records a fact about an object of a merchant, whose lock the caller's write holds. Gives the
    event's id.

    `first` says that the object is new in this transaction, which saves looking for its numbers.
    """
    if type not in TYPES:
        raise ValueError(f"unknown event type {type}")
    event_id = new_id(tx.now)
    tx.gather(_store, _Recorded(event_id, merchant_id, test, type, object_id, data, first))
    return event_id


def follow(tx: Tx, merchant_id: int, types: Sequence[str]) -> None:
    """From now on the recording of these `types` is announced, also without a webhook."""
    tx.run(
        "INSERT INTO event_counters (merchant_id, sequence, followed_json)"
        " VALUES (:merchant_id, 0, :followed_json)"
        " ON CONFLICT (merchant_id) DO UPDATE SET followed_json = excluded.followed_json",
        merchant_id=merchant_id,
        followed_json=types,
    )


def heads(tx: Tx) -> list[Head]:
    """How far each merchant's events go."""
    return tx.all(Head, "SELECT merchant_id, sequence FROM event_counters ORDER BY merchant_id")


def head(tx: Tx, merchant_id: int) -> int:
    """The last number given out for the merchant."""
    sequence: int | None = tx.value(
        "SELECT sequence FROM event_counters WHERE merchant_id = :id", id=merchant_id
    )
    return sequence or 0


def after(
    tx: Tx,
    merchant_id: int,
    sequence: int,
    limit: int,
    types: Collection[str] = TYPES,
    modes: Sequence[bool] = (False, True),
) -> list[Event]:
    """The merchant's events of `types` beyond `sequence`, in order. `modes`: live, test or both."""
    return tx.all(
        Event,
        f"{_EVENT} WHERE merchant_id = :merchant_id AND sequence > :sequence"
        " AND type IN :types AND test IN :modes ORDER BY sequence LIMIT :limit",
        merchant_id=merchant_id,
        sequence=sequence,
        limit=limit,
        types=sorted(types),
        modes=list(modes),
    )


def get(tx: Tx, merchant_id: int, event_id: str, *, test: bool) -> Event:
    """Raises NotFound, also for an event of another merchant or of the other mode."""
    found = tx.find(
        Event,
        f"{_EVENT} WHERE id = :id AND merchant_id = :merchant_id AND test = :test",
        id=event_id,
        merchant_id=merchant_id,
        test=test,
    )
    if found is None:
        raise NotFound("There is no such event.")
    return found


def get_many(tx: Tx, merchant_id: int, event_ids: Collection[str]) -> list[Event]:
    """In order; those of other merchants are left out."""
    return tx.all(
        Event,
        f"{_EVENT} WHERE id IN :ids AND merchant_id = :merchant_id ORDER BY sequence",
        ids=sorted(event_ids),
        merchant_id=merchant_id,
    )


def list_stretch(
    tx: Tx, merchant_id: int, narrow: Filter, after: int, limit: int, *, test: bool
) -> Stretch[Event]:
    """The merchant's events of one mode beyond the number `after`, in order.

    Numbers are given under a lock that is held until the commit, so none appears below one that
    was read: who goes on after the last that it saw misses nothing.
    """
    clauses = {"type": " AND type = :type", "object_id": " AND object_id = :object_id"}
    asked = {name: getattr(narrow, name) for name in clauses if getattr(narrow, name) is not None}
    found = tx.all(
        Event,
        f"{_EVENT} WHERE merchant_id = :merchant_id AND test = :test AND sequence > :after"
        + "".join(clauses[name] for name in asked)
        + " ORDER BY sequence LIMIT :limit",
        merchant_id=merchant_id,
        test=test,
        after=after,
        limit=limit + 1,
        **asked,
    )
    return Stretch(found[:limit], found[limit - 1].sequence if len(found) > limit else None)


def recorded_at(tx: Tx, merchant_id: int, sequence: int) -> Instant | None:
    """When the merchant's event of this number was recorded."""
    at: Instant | None = tx.value(
        "SELECT created_at FROM events WHERE merchant_id = :merchant_id AND sequence = :sequence",
        merchant_id=merchant_id,
        sequence=sequence,
    )
    return at


def merchant_of(tx: Tx, event_id: str) -> int | None:
    """Whose event this is, or None."""
    merchant_id: int | None = tx.value("SELECT merchant_id FROM events WHERE id = :id", id=event_id)
    return merchant_id


def _store(tx: Tx, recorded: list[_Recorded]) -> None:
    """Numbers and stores everything that a batch recorded."""
    reserved = _reserve(tx, recorded)
    next_of_merchant = {one.merchant_id: one.first for one in reserved}
    next_of_object = _object_numbers(tx, recorded)
    for item in recorded:
        sequence = next_of_merchant[item.merchant_id]
        next_of_merchant[item.merchant_id] += 1
        object_sequence = next_of_object.get(item.object_id, 1)
        next_of_object[item.object_id] = object_sequence + 1
        tx.later(
            "INSERT INTO events (id, merchant_id, test, sequence, type, object_id,"
            " object_sequence, data_json, created_at) VALUES (:id, :merchant_id, :test, :sequence,"
            " :type, :object_id, :object_sequence, :data_json, :now)",
            id=item.id,
            merchant_id=item.merchant_id,
            test=item.test,
            sequence=sequence,
            type=item.type,
            object_id=item.object_id,
            object_sequence=object_sequence,
            data_json=item.data,
            now=tx.now,
        )
        tx.count("events", item.type)
    followed = {one.merchant_id: URGENT.union(one.followed) for one in reserved}
    if any(WEBHOOK in i.data or i.type in followed[i.merchant_id] for i in recorded):
        tx.announce(TOPIC)


class _Reserved(msgspec.Struct, frozen=True):
    merchant_id: int
    first: int
    followed: tuple[str, ...]


def _reserve(tx: Tx, recorded: list[_Recorded]) -> list[_Reserved]:
    """Takes as many numbers of each merchant as are needed."""
    counts: dict[int, int] = {}
    for item in recorded:
        counts[item.merchant_id] = counts.get(item.merchant_id, 0) + 1
    return [
        tx.get(
            _Reserved,
            "INSERT INTO event_counters (merchant_id, sequence) VALUES (:merchant_id, :count)"
            " ON CONFLICT (merchant_id) DO UPDATE"
            " SET sequence = event_counters.sequence + :count"
            " RETURNING merchant_id, sequence - :count + 1 AS first, followed_json",
            merchant_id=merchant_id,
            count=counts[merchant_id],
        )
        for merchant_id in sorted(counts)
    ]


def _object_numbers(tx: Tx, recorded: list[_Recorded]) -> dict[str, int]:
    """The next number of every object that may have events already."""
    known = {item.object_id for item in recorded} - {i.object_id for i in recorded if i.first}
    if not known:
        return {}
    rows = tx.all(
        _ObjectHead,
        "SELECT object_id, MAX(object_sequence) AS last FROM events WHERE object_id IN :ids"
        " GROUP BY object_id",
        ids=sorted(known),
    )
    return {row.object_id: row.last + 1 for row in rows}


class _ObjectHead(msgspec.Struct, frozen=True):
    object_id: str
    last: int
