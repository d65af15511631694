"""Table `refunds`."""

from __future__ import annotations

from typing import Any

from handbill.infra.database import Tx
from handbill.infra.paging import Page, Position, cut
from handbill.kernel import ids
from handbill.payments.refund import Refund

REFUNDS_MAX = 1_000
"""Of one payment: its refunds are added up whenever one is asked for."""

_COLUMNS = (
    "id, payment_id, attempt_id, merchant_id, test, status, standing, amount_minor,"
    " with_fee_minor, currency, reason, reference, error_code, error_description, created_at,"
    " updated_at"
)
_NAMES = [name.strip() for name in _COLUMNS.split(",")]
_MOVING = ("status", "reference", "error_code", "error_description", "updated_at")


def add(tx: Tx, refund: Refund) -> None:
    marks = ", ".join(":" + name for name in _NAMES)
    tx.run(f"INSERT INTO refunds ({_COLUMNS}) VALUES ({marks})", **_columns(refund))


def save(tx: Tx, refund: Refund) -> None:
    sets = ", ".join(f"{name} = :{name}" for name in _MOVING)
    tx.run(
        f"UPDATE refunds SET {sets} WHERE id = :id",
        id=refund.id,
        **{name: getattr(refund, name) for name in _MOVING},
    )


def get(tx: Tx, refund_id: str) -> Refund:
    return tx.get(Refund, f"SELECT {_COLUMNS} FROM refunds WHERE id = :id", id=refund_id)


def find(tx: Tx, refund_id: str) -> Refund | None:
    return tx.find(Refund, f"SELECT {_COLUMNS} FROM refunds WHERE id = :id", id=refund_id)


def find_told(tx: Tx, account_id: str, reference: str, refund_id: str | None) -> Refund | None:
    """The account's refund that an acquirer tells of: by its own reference, or by our id where it
    was quicker than the answer that brings the reference."""
    columns = ", ".join(f"r.{name}" for name in _NAMES)
    known = ids.parse_id(refund_id) if refund_id else None
    return tx.find(
        Refund,
        f"SELECT {columns} FROM refunds r JOIN attempts a ON a.id = r.attempt_id"
        " WHERE a.account_id = :account_id AND "
        + ("r.id = :refund_id" if known else "r.reference = :reference"),
        account_id=account_id,
        **({"refund_id": known} if known else {"reference": reference}),
    )


def of_payment(tx: Tx, payment_id: str) -> list[Refund]:
    """All of them, the oldest first."""
    return tx.all(
        Refund,
        f"SELECT {_COLUMNS} FROM refunds WHERE payment_id = :payment_id"
        " ORDER BY created_at, id LIMIT :limit",
        payment_id=payment_id,
        limit=REFUNDS_MAX,
    )


def list_page(tx: Tx, payment_id: str, after: Position | None, limit: int) -> Page[Refund]:
    where, params = "payment_id = :payment_id", {}
    if after is not None:
        where += " AND (created_at, id) < (:after_at, :after_id)"
        params = {"after_at": after.created_at, "after_id": after.id}
    rows = tx.all(
        Refund,
        f"SELECT {_COLUMNS} FROM refunds WHERE {where} ORDER BY created_at DESC, id DESC"
        " LIMIT :limit",
        payment_id=payment_id,
        limit=limit + 1,
        **params,
    )
    return cut(rows, limit)


def _columns(refund: Refund) -> dict[str, Any]:
    return {name: getattr(refund, name) for name in _NAMES}
