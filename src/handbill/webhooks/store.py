"""Tables `webhook_cursors`, `deliveries`, `delivery_attempts`. Attempts are added, never edited."""

from __future__ import annotations

import msgspec

from handbill.events import Event
from handbill.infra.database import Tx
from handbill.kernel.ids import new_id
from handbill.webhooks.model import Attempt, Delivery, DeliveryStatus

ATTEMPTS_LISTED_MAX = 100

_DELIVERY = (
    "SELECT id, event_id, merchant_id, test, object_id, object_sequence, url, body, status,"
    " attempts, next_at, delivered_at, created_at FROM deliveries"
)


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


def add(tx: Tx, event: Event, url: str, body: str) -> str:
    """A pending delivery of `event` to `url`; gives its id."""
    delivery_id = new_id(tx.now)
    tx.later(
        "INSERT INTO deliveries (id, event_id, merchant_id, test, object_id, object_sequence,"
        " url, body, status, attempts, next_at, created_at) VALUES (:id, :event_id, :merchant_id,"
        " :test, :object_id, :object_sequence, :url, :body, :status, 0, :now, :now)",
        id=delivery_id,
        event_id=event.id,
        merchant_id=event.merchant_id,
        test=event.test,
        object_id=event.object_id,
        object_sequence=event.object_sequence,
        url=url,
        body=body,
        status=str(DeliveryStatus.PENDING),
        now=tx.now,
    )
    return delivery_id


def find(tx: Tx, delivery_id: str) -> Delivery | None:
    return tx.find(Delivery, f"{_DELIVERY} WHERE id = :id", id=delivery_id)


def of_event(tx: Tx, merchant_id: int, event_id: str) -> list[Delivery]:
    """Where an event went: one row for each address."""
    return tx.all(
        Delivery,
        f"{_DELIVERY} WHERE event_id = :event_id AND merchant_id = :merchant_id ORDER BY id"
        " LIMIT 100",
        event_id=event_id,
        merchant_id=merchant_id,
    )


def about(tx: Tx, merchant_id: int, object_id: str) -> list[Delivery]:
    """Deliveries that tell of one object, oldest first."""
    return tx.all(
        Delivery,
        f"{_DELIVERY} WHERE object_id = :object_id AND merchant_id = :merchant_id ORDER BY id"
        " LIMIT 100",
        object_id=object_id,
        merchant_id=merchant_id,
    )


def has_earlier_pending(tx: Tx, delivery: Delivery) -> bool:
    """Whether an earlier event of the same object is still on its way to the same address."""
    return (
        tx.value(
            "SELECT 1 FROM deliveries WHERE object_id = :object_id AND object_sequence < :sequence"
            " AND merchant_id = :merchant_id AND url = :url AND status = :pending LIMIT 1",
            object_id=delivery.object_id,
            sequence=delivery.object_sequence,
            merchant_id=delivery.merchant_id,
            url=delivery.url,
            pending=str(DeliveryStatus.PENDING),
        )
        is not None
    )


def save(tx: Tx, delivery: Delivery) -> None:
    tx.run(
        "UPDATE deliveries SET status = :status, attempts = :attempts, next_at = :next_at,"
        " delivered_at = :delivered_at WHERE id = :id",
        id=delivery.id,
        status=str(delivery.status),
        attempts=delivery.attempts,
        next_at=delivery.next_at,
        delivered_at=delivery.delivered_at,
    )


def add_attempt(tx: Tx, delivery_id: str, attempt: Attempt) -> None:
    tx.run(
        "INSERT INTO delivery_attempts (id, delivery_id, number, started_at, duration_ms,"
        " status_code, error, response) VALUES (:id, :delivery_id, :number, :started_at,"
        " :duration_ms, :status_code, :error, :response)",
        id=new_id(tx.now),
        delivery_id=delivery_id,
        number=attempt.number,
        started_at=attempt.started_at,
        duration_ms=attempt.duration_ms,
        status_code=attempt.status_code,
        error=attempt.error,
        response=attempt.response,
    )


def attempts(tx: Tx, delivery_id: str) -> list[Attempt]:
    """Oldest first."""
    return tx.all(
        Attempt,
        "SELECT number, started_at, duration_ms, status_code, error, response"
        " FROM delivery_attempts WHERE delivery_id = :id ORDER BY number LIMIT :limit",
        id=delivery_id,
        limit=ATTEMPTS_LISTED_MAX,
    )
