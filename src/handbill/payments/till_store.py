"""Table `till_sales`: which payments were sold at a till, by which key, and what was sold."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from handbill.infra.database import Tx
from handbill.kernel.clock import Instant
from handbill.merchants.model import Tenant


class Line(msgspec.Struct, frozen=True):
    """`minor`: what all `count` of them cost together."""

    title: str
    count: int
    minor: int


class Sold(msgspec.Struct, frozen=True):
    """`key_id` and `lines` are None where the payment was not sold at a till."""

    payment_id: str
    key_id: str | None
    lines: tuple[Line, ...] | None


_SOLD = (
    "SELECT p.id AS payment_id, t.key_id, t.lines_json FROM payments p"
    " LEFT JOIN till_sales t ON t.payment_id = p.id"
    " WHERE p.merchant_id = :merchant_id AND p.test = :test AND p.created_at > :since"
)


def add(tx: Tx, payment_id: str, key_id: str, lines: Sequence[Line]) -> None:
    tx.later(
        "INSERT INTO till_sales (payment_id, key_id, lines_json)"
        " VALUES (:payment_id, :key_id, :lines_json)",
        payment_id=payment_id,
        key_id=key_id,
        lines_json=lines,
    )


def find(tx: Tx, tenant: Tenant, payment_id: str, since: Instant) -> Sold | None:
    return tx.find(
        Sold,
        f"{_SOLD} AND p.id = :id",
        id=payment_id,
        since=since,
        merchant_id=tenant.merchant_id,
        test=tenant.test,
    )


def latest(tx: Tx, tenant: Tenant, since: Instant, limit: int) -> list[Sold]:
    """The newest first: what was sold at a till, and what somebody began to pay elsewhere."""
    return tx.all(
        Sold,
        f"{_SOLD} AND (p.status <> 'created' OR t.payment_id IS NOT NULL)"
        " ORDER BY p.created_at DESC, p.id DESC LIMIT :limit",
        since=since,
        limit=limit,
        merchant_id=tenant.merchant_id,
        test=tenant.test,
    )
