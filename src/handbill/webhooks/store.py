"""Tables `webhook_cursors`, `deliveries`, `delivery_attempts`. Attempts are added, never edited.

Deliveries are a queue: `next_at` says when one is due, and a claim moves it to the end of the
lease, so that a process that dies leaves it to the next. `fence` tells whose claim counts.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

import msgspec

from handbill.events import Event
from handbill.infra.database import Tx
from handbill.infra.paging import Page, Position, cut
from handbill.kernel.clock import MINUTE, Instant
from handbill.kernel.ids import new_id
from handbill.merchants.model import Tenant
from handbill.webhooks.model import Attempt, Delivery, DeliveryStatus
from handbill.webhooks.targets import Target

TOPIC = "deliveries"
"""Announced when there is something to deliver, now or later."""
LEASE = 2 * MINUTE

_COLUMNS = (
    "id, event_id, merchant_id, test, endpoint_id, object_id, object_sequence, url, body, replayed,"
    " status, attempts, next_at, fence, delivered_at, created_at"
)
_DELIVERY = f"SELECT {_COLUMNS} FROM deliveries"
_FIRST = "00000000-0000-0000-0000-000000000000"
_PENDING = str(DeliveryStatus.PENDING)


class _Cursor(msgspec.Struct, frozen=True):
    merchant_id: int
    sequence: int


def cursors(tx: Tx) -> dict[int, int]:
    """How far each merchant's events were turned into deliveries."""
    rows = tx.all(_Cursor, "SELECT merchant_id, sequence FROM webhook_cursors")
    return {row.merchant_id: row.sequence for row in rows}


def cursor(tx: Tx, merchant_id: int) -> int:
    sequence: int | None = tx.value(
        "SELECT sequence FROM webhook_cursors WHERE merchant_id = :merchant_id",
        merchant_id=merchant_id,
    )
    return sequence or 0


def move_cursor(tx: Tx, merchant_id: int, sequence: int) -> None:
    tx.run(
        "INSERT INTO webhook_cursors (merchant_id, sequence) VALUES (:merchant_id, :sequence)"
        " ON CONFLICT (merchant_id) DO UPDATE SET sequence = :sequence",
        merchant_id=merchant_id,
        sequence=sequence,
    )


def add(tx: Tx, event: Event, target: Target, *, replayed: bool = False) -> str:
    """A delivery that is due now; gives its id."""
    delivery_id = new_id(tx.now)
    tx.later(
        "INSERT INTO deliveries (id, event_id, merchant_id, test, endpoint_id, object_id,"
        " object_sequence, url, body, replayed, status, attempts, next_at, fence, created_at)"
        " VALUES (:id, :event_id, :merchant_id, :test, :endpoint_id, :object_id, :object_sequence,"
        " :url, :body, :replayed, :status, 0, :now, 0, :now)",
        id=delivery_id,
        event_id=event.id,
        merchant_id=event.merchant_id,
        test=event.test,
        endpoint_id=target.endpoint_id,
        object_id=event.object_id,
        object_sequence=event.object_sequence,
        url=target.url,
        body=target.body,
        replayed=replayed,
        status=_PENDING,
        now=tx.now,
    )
    tx.announce(TOPIC)
    return delivery_id


def next_due(tx: Tx) -> Instant | None:
    due: Instant | None = tx.value(
        "SELECT next_at FROM deliveries WHERE next_at IS NOT NULL ORDER BY next_at LIMIT 1"
    )
    return due


def about(tx: Tx, merchant_id: int, object_id: str) -> list[Delivery]:
    """Deliveries that tell of one object, oldest first."""
    return tx.all(
        Delivery,
        f"{_DELIVERY} WHERE object_id = :object_id AND merchant_id = :merchant_id ORDER BY id"
        " LIMIT 100",
        object_id=object_id,
        merchant_id=merchant_id,
    )


def claim(tx: Tx, limit: int) -> list[Delivery]:
    """Leases what is due, the longest due first. Two processes never get the same one."""
    taken = tx.all(
        Delivery,
        # Materialized: see `jobs.claim`.
        "WITH due AS MATERIALIZED (SELECT id FROM deliveries WHERE next_at <= :now"
        " ORDER BY next_at LIMIT :limit FOR UPDATE SKIP LOCKED)"
        " UPDATE deliveries SET next_at = :until, fence = fence + 1"
        f" WHERE id IN (SELECT id FROM due) RETURNING {_COLUMNS}",
        now=tx.now,
        until=tx.now + LEASE,
        limit=limit,
    )
    return sorted(taken, key=lambda delivery: delivery.id)  # in the order of their making


class _Id(msgspec.Struct, frozen=True):
    id: str


def behind_another(tx: Tx, delivery_ids: Collection[str]) -> set[str]:
    """Those of `delivery_ids` for which an earlier event of the same object is still on its way to
    the same address. Replays wait for replays only: an old event must not hold up a new one."""
    found = tx.all(
        _Id,
        "SELECT DISTINCT later.id FROM deliveries later JOIN deliveries earlier"
        " ON earlier.object_id = later.object_id"
        " AND earlier.object_sequence < later.object_sequence"
        " AND earlier.merchant_id = later.merchant_id AND earlier.url = later.url"
        " AND earlier.replayed = later.replayed AND earlier.status = :pending"
        " AND (earlier.endpoint_id = later.endpoint_id"
        " OR (earlier.endpoint_id IS NULL AND later.endpoint_id IS NULL))"
        " WHERE later.id IN :ids",
        ids=sorted(delivery_ids),
        pending=_PENDING,
    )
    return {row.id for row in found}


def put_back(tx: Tx, delivery: Delivery, at: Instant) -> None:
    """For another time, if it is still held. It was not tried."""
    tx.later(
        "UPDATE deliveries SET next_at = :at WHERE id = :id AND fence = :fence"
        " AND next_at IS NOT NULL",
        at=at,
        id=delivery.id,
        fence=delivery.fence,
    )
    tx.announce(TOPIC)


def move(tx: Tx, delivery_id: str, url: str) -> None:
    """Its endpoint has another address now."""
    tx.later("UPDATE deliveries SET url = :url WHERE id = :id", url=url, id=delivery_id)


class _Held(msgspec.Struct, frozen=True):
    id: str
    fence: int


def held(tx: Tx, deliveries: Sequence[Delivery]) -> set[str]:
    """Those whose claim still counts, locked."""
    rows = tx.all(
        _Held,
        "SELECT id, fence FROM deliveries WHERE id IN :ids AND status = :pending FOR UPDATE",
        ids=[delivery.id for delivery in deliveries],
        pending=_PENDING,
    )
    fences = {row.id: row.fence for row in rows}
    return {one.id for one in deliveries if fences.get(one.id) == one.fence}


def mark_delivered(tx: Tx, delivery_ids: Sequence[str]) -> None:
    """After one more attempt each. One statement for many: this is the common end."""
    tx.later(
        "UPDATE deliveries SET status = :delivered, attempts = attempts + 1, next_at = NULL,"
        " delivered_at = :now WHERE id IN :ids",
        delivered=str(DeliveryStatus.DELIVERED),
        now=tx.now,
        ids=delivery_ids,
    )


def save(tx: Tx, delivery: Delivery) -> None:
    """Status, attempts and the time of the next one."""
    tx.later(
        "UPDATE deliveries SET status = :status, attempts = :attempts, next_at = :next_at"
        " WHERE id = :id",
        id=delivery.id,
        status=str(delivery.status),
        attempts=delivery.attempts,
        next_at=delivery.next_at,
    )
    if delivery.next_at is not None:
        tx.announce(TOPIC)


def add_attempt(tx: Tx, delivery_id: str, attempt: Attempt) -> None:
    tx.later(
        "INSERT INTO delivery_attempts (id, delivery_id, number, started_at, duration_ms,"
        " headers_json, status_code, error, response) VALUES (:id, :delivery_id, :number,"
        " :started_at, :duration_ms, :headers_json, :status_code, :error, :response)",
        id=new_id(tx.now),
        delivery_id=delivery_id,
        number=attempt.number,
        started_at=attempt.started_at,
        duration_ms=attempt.duration_ms,
        headers_json=attempt.headers,
        status_code=attempt.status_code,
        error=attempt.error,
        response=attempt.response,
    )


def of_event(
    tx: Tx, event: Event, after: Position | None = None, limit: int = 100
) -> Page[Delivery]:
    """Where an event went, newest first."""
    return _page(
        tx,
        "object_id = :object_id AND object_sequence = :number AND event_id = :event_id",
        {
            "object_id": event.object_id,
            "number": event.object_sequence,
            "event_id": event.id,
        },
        after,
        limit,
    )


def to_endpoint(
    tx: Tx,
    merchant_id: int,
    endpoint_id: str,
    status: DeliveryStatus | None,
    after: Position | None,
    limit: int,
) -> Page[Delivery]:
    """What went to an endpoint, newest first."""
    clause = "merchant_id = :merchant_id AND endpoint_id = :endpoint_id"
    params = {"merchant_id": merchant_id, "endpoint_id": endpoint_id}
    if status is not None:
        clause += " AND status = :status"
        params["status"] = str(status)
    return _page(tx, clause, params, after, limit)


def given_up(
    tx: Tx,
    tenant: Tenant,
    endpoint_id: str | None,
    until: Instant,
    after: Position | None,
    limit: int,
) -> list[Delivery]:
    """To one address, oldest first, beyond the place `after`: what was made up to that time and
    given up, where nothing was sent of the same event to the same address since."""
    endpoint = "IS NULL" if endpoint_id is None else "= :endpoint_id"
    place = after or Position(0, _FIRST)
    return tx.all(
        Delivery,
        f"{_DELIVERY} d WHERE merchant_id = :merchant_id AND test = :test"
        f" AND endpoint_id {endpoint} AND status = :exhausted AND created_at <= :until"
        " AND (created_at, id) > (:place_at, :place_id) AND NOT EXISTS ("
        "SELECT 1 FROM deliveries since WHERE since.object_id = d.object_id"
        " AND since.object_sequence = d.object_sequence AND since.event_id = d.event_id"
        f" AND since.endpoint_id {endpoint} AND since.id > d.id)"
        " ORDER BY created_at, id LIMIT :limit",
        merchant_id=tenant.merchant_id,
        test=tenant.test,
        exhausted=str(DeliveryStatus.EXHAUSTED),
        until=until,
        place_at=place.created_at,
        place_id=place.id,
        limit=limit,
        **({} if endpoint_id is None else {"endpoint_id": endpoint_id}),
    )


class _Made(msgspec.Struct, frozen=True):
    delivery_id: str
    number: int
    started_at: Instant
    duration_ms: int
    headers: dict[str, str]
    status_code: int | None
    error: str | None
    response: str | None


def attempts(tx: Tx, deliveries: Sequence[Delivery]) -> dict[str, list[Attempt]]:
    """By delivery, oldest first. Their number is bounded by the schedule."""
    made = tx.all(
        _Made,
        "SELECT delivery_id, number, started_at, duration_ms, headers_json, status_code, error,"
        " response FROM delivery_attempts WHERE delivery_id IN :ids ORDER BY delivery_id, number",
        ids=[delivery.id for delivery in deliveries],
    )
    found: dict[str, list[Attempt]] = {delivery.id: [] for delivery in deliveries}
    for row in made:
        fields = {name: getattr(row, name) for name in Attempt.__struct_fields__}
        found[row.delivery_id].append(Attempt(**fields))
    return found


def _page(
    tx: Tx, clause: str, params: dict[str, object], after: Position | None, limit: int
) -> Page[Delivery]:
    if after is not None:
        clause += " AND (created_at, id) < (:created_at, :id)"
        params = {**params, "created_at": after.created_at, "id": after.id}
    found = tx.all(
        Delivery,
        f"{_DELIVERY} WHERE {clause} ORDER BY created_at DESC, id DESC LIMIT :limit",
        limit=limit + 1,
        **params,
    )
    return cut(found, limit)
