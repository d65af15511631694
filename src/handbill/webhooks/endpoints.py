"""What can be done with a webhook endpoint: added, changed, switched off and on, tried, deleted,
its secret rotated."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from handbill import events
from handbill.infra.crypto import Crypto, webhook_secret
from handbill.infra.database import Tx
from handbill.infra.gate import address_fault
from handbill.infra.networks import Network
from handbill.kernel import states
from handbill.kernel.clock import Instant, iso
from handbill.kernel.errors import Conflict, Faults, Invalid, NotFound
from handbill.kernel.ids import new_id, parse_id
from handbill.merchants.model import Tenant
from handbill.webhooks import endpoint_store as store
from handbill.webhooks import targets
from handbill.webhooks.model import (
    ENDPOINT_STATES,
    ENDPOINTS_MAX,
    EVERY,
    DisabledReason,
    Endpoint,
    EndpointStatus,
    Format,
)


class NewEndpoint(msgspec.Struct, frozen=True):
    """`secret` is shown this once."""

    endpoint: Endpoint
    secret: str


class Terms(msgspec.Struct, frozen=True):
    """What a merchant says of an endpoint."""

    url: str
    events: tuple[str, ...] = (EVERY,)
    format: Format = Format.EVENT
    description: str | None = None


def create(
    tx: Tx, crypto: Crypto, tenant: Tenant, terms: Terms, networks: Sequence[Network]
) -> NewEndpoint:
    endpoint = Endpoint(
        id=new_id(tx.now),
        merchant_id=tenant.merchant_id,
        test=tenant.test,
        status=EndpointStatus.ENABLED,
        status_reason=None,
        failing_since=None,
        after_sequence=events.head(tx, tenant.merchant_id),
        created_at=tx.now,
        updated_at=tx.now,
        **msgspec.structs.asdict(terms),
    )
    _check(endpoint, networks)
    if store.count(tx, tenant) >= ENDPOINTS_MAX:
        raise Conflict(f"There are {ENDPOINTS_MAX} endpoints already: delete one first.")
    store.add(tx, endpoint)
    _follow(tx, endpoint.merchant_id)
    return NewEndpoint(endpoint, _add_secret(tx, crypto, endpoint.id))


def get(tx: Tx, tenant: Tenant, endpoint_id: str) -> Endpoint:
    """Raises NotFound, also for somebody else's and for one of the other mode."""
    known = parse_id(endpoint_id)
    endpoint = store.find(tx, tenant, known) if known else None
    if endpoint is None:
        raise NotFound("There is no such webhook endpoint.")
    return endpoint


def change(
    tx: Tx,
    tenant: Tenant,
    endpoint_id: str,
    changes: Mapping[str, Any],
    networks: Sequence[Network],
) -> Endpoint:
    """`changes` are fields of Endpoint. Switched on again, it is as healthy as a new one."""
    before = get(tx, tenant, endpoint_id)
    changed = msgspec.structs.replace(before, updated_at=tx.now, **changes)
    if not changes.keys().isdisjoint(("url", "events", "format")):
        _check(changed, networks)
    if states.advance(ENDPOINT_STATES, before.status, changed.status):
        off = changed.status is EndpointStatus.DISABLED
        changed = msgspec.structs.replace(
            changed,
            status_reason=DisabledReason.BY_MERCHANT if off else None,
            failing_since=None,
            after_sequence=events.head(tx, changed.merchant_id),
        )
    store.save(tx, changed)
    _follow(tx, changed.merchant_id)
    return changed


def disable(tx: Tx, endpoint: Endpoint, reason: DisabledReason) -> None:
    """For its own failures: the merchant is told, at the other endpoints."""
    states.advance(ENDPOINT_STATES, endpoint.status, EndpointStatus.DISABLED)
    disabled = msgspec.structs.replace(
        endpoint, status=EndpointStatus.DISABLED, status_reason=reason, updated_at=tx.now
    )
    store.save(tx, disabled)
    _record(tx, events.ENDPOINT_DISABLED, disabled, snapshot(disabled))
    _follow(tx, disabled.merchant_id)


def delete(tx: Tx, tenant: Tenant, endpoint_id: str) -> Endpoint:
    """What was on its way to it ends; what was delivered can still be read with its events."""
    endpoint = get(tx, tenant, endpoint_id)
    store.delete(tx, endpoint.id)
    _follow(tx, endpoint.merchant_id)
    return endpoint


def rotate_secret(
    tx: Tx, crypto: Crypto, tenant: Tenant, endpoint_id: str, overlap: Instant
) -> str:
    """A new secret; the old one signs beside it for `overlap` milliseconds."""
    endpoint = get(tx, tenant, endpoint_id)
    store.expire_secrets(tx, endpoint.id, tx.now + overlap)
    return _add_secret(tx, crypto, endpoint.id)


def send_test(tx: Tx, tenant: Tenant, endpoint_id: str) -> str:
    """An event that goes to this endpoint alone; gives the event's id."""
    endpoint = get(tx, tenant, endpoint_id)
    require_enabled(endpoint)
    data = {**snapshot(endpoint), events.WEBHOOK: targets.testing(endpoint.id)}
    return _record(tx, events.ENDPOINT_TEST, endpoint, data)


def require_enabled(endpoint: Endpoint) -> None:
    if endpoint.status is not EndpointStatus.ENABLED:
        raise Conflict("The endpoint is disabled: enable it first.")


def snapshot(endpoint: Endpoint) -> dict[str, Any]:
    """The endpoint as events tell of it, without its secrets."""
    since = endpoint.failing_since
    return {
        "id": endpoint.id,
        "created": iso(endpoint.created_at),
        "url": endpoint.url,
        "events": endpoint.events,
        "format": endpoint.format,
        "description": endpoint.description,
        "status": endpoint.status,
        "status_reason": endpoint.status_reason,
        "failing_since": None if since is None else iso(since),
        "test": endpoint.test,
        "updated": iso(endpoint.updated_at),
    }


def _record(tx: Tx, event_type: str, endpoint: Endpoint, data: Mapping[str, Any]) -> str:
    return events.record(
        tx,
        event_type,
        merchant_id=endpoint.merchant_id,
        test=endpoint.test,
        object_id=endpoint.id,
        data=data,
    )


def _follow(tx: Tx, merchant_id: int) -> None:
    """Lets the relay hear of what the merchant's endpoints want, and of nothing else."""
    wanted = targets.followed(store.enabled(tx, merchant_id))
    events.follow(tx, merchant_id, sorted(wanted))


def _add_secret(tx: Tx, crypto: Crypto, endpoint_id: str) -> str:
    secret = webhook_secret()
    store.add_secret(tx, endpoint_id, crypto.seal(secret))
    return secret


def _check(endpoint: Endpoint, networks: Sequence[Network]) -> None:
    found: Faults = {}
    if words := address_fault(endpoint.url, test=endpoint.test, networks=networks):
        found["url"] = [words]
    if not endpoint.events:
        found["events"] = [f'must have at least one type; "{EVERY}" is all']
    known = targets.tellable(endpoint.format)
    for i, name in enumerate(endpoint.events):
        if name != EVERY and name not in known:
            found[f"events.{i}"] = [_unknown(name, endpoint.format)]
    if found:
        raise Invalid(found)


def _unknown(name: str, format: Format) -> str:
    if format is Format.FLAT and name in events.TYPES:
        return "has no flat body; choose the format event"
    return "must be one of: " + ", ".join((EVERY, *sorted(targets.tellable(format))))
