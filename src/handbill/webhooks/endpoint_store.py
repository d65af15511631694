"""Tables `webhook_endpoints`, `webhook_endpoint_secrets`. Deleted endpoints keep their row, because
deliveries point to it, and lose their secrets."""

from __future__ import annotations

from collections.abc import Collection

import msgspec

from handbill.infra.database import Tx
from handbill.infra.paging import Page, Position, cut
from handbill.kernel.clock import Instant
from handbill.kernel.ids import new_id
from handbill.merchants.model import Tenant
from handbill.webhooks.model import ENDPOINTS_MAX, Endpoint, EndpointStatus

SECRETS_MAX = 10
"""That sign at once: more rotations within one overlap leave the oldest out."""

_ENDPOINT = (
    "SELECT id, merchant_id, test, url, events_json, format, description, status, status_reason,"
    " failing_since, after_sequence, created_at, updated_at FROM webhook_endpoints"
)


def add(tx: Tx, endpoint: Endpoint) -> None:
    tx.run(
        "INSERT INTO webhook_endpoints (id, merchant_id, test, url, events_json, format,"
        " description, status, after_sequence, created_at, updated_at) VALUES (:id, :merchant_id,"
        " :test, :url, :events_json, :format, :description, :status, :after_sequence, :created_at,"
        " :updated_at)",
        id=endpoint.id,
        merchant_id=endpoint.merchant_id,
        test=endpoint.test,
        url=endpoint.url,
        events_json=endpoint.events,
        format=str(endpoint.format),
        description=endpoint.description,
        status=str(endpoint.status),
        after_sequence=endpoint.after_sequence,
        created_at=endpoint.created_at,
        updated_at=endpoint.updated_at,
    )


def save(tx: Tx, endpoint: Endpoint) -> None:
    tx.run(
        "UPDATE webhook_endpoints SET url = :url, events_json = :events_json, format = :format,"
        " description = :description, status = :status, status_reason = :status_reason,"
        " failing_since = :failing_since, after_sequence = :after_sequence,"
        " updated_at = :updated_at WHERE id = :id",
        id=endpoint.id,
        url=endpoint.url,
        events_json=endpoint.events,
        format=str(endpoint.format),
        description=endpoint.description,
        status=str(endpoint.status),
        status_reason=endpoint.status_reason and str(endpoint.status_reason),
        failing_since=endpoint.failing_since,
        after_sequence=endpoint.after_sequence,
        updated_at=endpoint.updated_at,
    )


def delete(tx: Tx, endpoint_id: str) -> None:
    tx.run(
        "UPDATE webhook_endpoints SET deleted_at = :now WHERE id = :id", id=endpoint_id, now=tx.now
    )
    tx.run("DELETE FROM webhook_endpoint_secrets WHERE endpoint_id = :id", id=endpoint_id)


def find(tx: Tx, tenant: Tenant, endpoint_id: str) -> Endpoint | None:
    return tx.find(
        Endpoint,
        f"{_ENDPOINT} WHERE id = :id AND merchant_id = :merchant_id AND test = :test"
        " AND deleted_at IS NULL",
        id=endpoint_id,
        merchant_id=tenant.merchant_id,
        test=tenant.test,
    )


def get(tx: Tx, endpoint_id: str) -> Endpoint:
    """Also one that was deleted. Raises NotFound."""
    return tx.get(Endpoint, f"{_ENDPOINT} WHERE id = :id", id=endpoint_id)


def list_page(tx: Tx, tenant: Tenant, after: Position | None, limit: int) -> Page[Endpoint]:
    """Newest first."""
    clause, place = "", {}
    if after is not None:
        clause = " AND (created_at, id) < (:after_at, :after_id)"
        place = {"after_at": after.created_at, "after_id": after.id}
    found = tx.all(
        Endpoint,
        f"{_ENDPOINT} WHERE merchant_id = :merchant_id AND test = :test AND deleted_at IS NULL"
        f"{clause} ORDER BY created_at DESC, id DESC LIMIT :limit",
        merchant_id=tenant.merchant_id,
        test=tenant.test,
        limit=limit + 1,
        **place,
    )
    return cut(found, limit)


def count(tx: Tx, tenant: Tenant) -> int:
    number: int = tx.value(
        "SELECT COUNT(*) FROM webhook_endpoints WHERE merchant_id = :merchant_id AND test = :test"
        " AND deleted_at IS NULL",
        merchant_id=tenant.merchant_id,
        test=tenant.test,
    )
    return number


def enabled(tx: Tx, merchant_id: int) -> list[Endpoint]:
    """Of both modes, oldest first."""
    return tx.all(
        Endpoint,
        f"{_ENDPOINT} WHERE merchant_id = :merchant_id AND deleted_at IS NULL AND status = :status"
        " ORDER BY created_at, id LIMIT :limit",
        merchant_id=merchant_id,
        status=str(EndpointStatus.ENABLED),
        limit=2 * ENDPOINTS_MAX,
    )


def enabled_among(tx: Tx, endpoint_ids: Collection[str]) -> dict[str, Endpoint]:
    """Locked: what is decided about them is decided once."""
    found = tx.all(
        Endpoint,
        f"{_ENDPOINT} WHERE id IN :ids AND deleted_at IS NULL AND status = :status"
        " ORDER BY id FOR UPDATE",
        ids=sorted(endpoint_ids),
        status=str(EndpointStatus.ENABLED),
    )
    return {endpoint.id: endpoint for endpoint in found}


class Address(msgspec.Struct, frozen=True):
    """Where an enabled endpoint is, and the sealed secrets that sign: the current one first."""

    url: str
    sealed: tuple[str, ...]


class _Row(msgspec.Struct, frozen=True):
    id: str
    url: str
    sealed: str


def addresses(tx: Tx, endpoint_ids: Collection[str]) -> dict[str, Address]:
    """Those of `endpoint_ids` that something may be sent to."""
    rows = tx.all(
        _Row,
        "SELECT e.id, e.url, s.sealed FROM webhook_endpoints e"
        " JOIN webhook_endpoint_secrets s ON s.endpoint_id = e.id"
        " AND (s.expires_at IS NULL OR s.expires_at > :now)"
        " WHERE e.id IN :ids AND e.deleted_at IS NULL AND e.status = :status"
        " ORDER BY s.created_at DESC, s.id DESC",
        ids=sorted(endpoint_ids),
        status=str(EndpointStatus.ENABLED),
        now=tx.now,
    )
    found: dict[str, Address] = {}
    for row in rows:
        known = found.get(row.id, Address(row.url, ()))
        found[row.id] = Address(row.url, (*known.sealed, row.sealed)[:SECRETS_MAX])
    return found


def add_secret(tx: Tx, endpoint_id: str, sealed: str) -> None:
    tx.run(
        "INSERT INTO webhook_endpoint_secrets (id, endpoint_id, sealed, created_at)"
        " VALUES (:id, :endpoint_id, :sealed, :now)",
        id=new_id(tx.now),
        endpoint_id=endpoint_id,
        sealed=sealed,
        now=tx.now,
    )


def expire_secrets(tx: Tx, endpoint_id: str, at: Instant) -> None:
    """Those that sign longer than until `at` end then."""
    tx.run(
        "UPDATE webhook_endpoint_secrets SET expires_at = :at"
        " WHERE endpoint_id = :endpoint_id AND (expires_at IS NULL OR expires_at > :at)",
        endpoint_id=endpoint_id,
        at=at,
    )


class _Sealed(msgspec.Struct, frozen=True):
    sealed: str


def secrets_of_merchant(tx: Tx, merchant_id: int) -> list[str]:
    """Sealed: all that sign for any of the merchant's endpoints."""
    rows = tx.all(
        _Sealed,
        "SELECT s.sealed FROM webhook_endpoint_secrets s"
        " JOIN webhook_endpoints e ON e.id = s.endpoint_id WHERE e.merchant_id = :merchant_id"
        " AND (s.expires_at IS NULL OR s.expires_at > :now) ORDER BY s.created_at DESC LIMIT :most",
        merchant_id=merchant_id,
        now=tx.now,
        most=2 * ENDPOINTS_MAX * SECRETS_MAX,
    )
    return [row.sealed for row in rows]
