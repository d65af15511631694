"""Sends events again, however old: one, a stretch of them, or all that an address never took.

A replay is a new delivery of the same event, with the same `webhook-id`. One event is done in the
transaction of the request; a stretch by a job that goes on in bounded steps, slowly enough that
what happens now is not held up.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from handbill import events
from handbill.events import Event
from handbill.infra import jobs
from handbill.infra.database import Database, Tx
from handbill.infra.jobs import Job
from handbill.infra.paging import Position
from handbill.kernel.clock import SECOND, Instant
from handbill.kernel.errors import Invalid
from handbill.merchants import service as merchants
from handbill.merchants.model import Tenant
from handbill.payments import facts
from handbill.webhooks import endpoint_store, endpoints, store, targets
from handbill.webhooks.model import Endpoint, EndpointStatus
from handbill.webhooks.targets import Target

REPLAY = "webhooks.replay"
STEP_MAX = 500
STEP_PAUSE = SECOND


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be sent again to one address: an endpoint, or where `endpoint_id` is None the
    `notify_url`. `failed`: what was made up to `until_at` and given up, and never delivered since.
    Otherwise the events beyond the number `after`, up to `until`."""

    merchant_id: int
    test: bool
    endpoint_id: str | None
    failed: bool = False
    until_at: Instant = 0
    place: Position | None = None
    after: int = 0
    until: int = 0

    @property
    def tenant(self) -> Tenant:
        return Tenant(self.merchant_id, self.test)


def replay_event(tx: Tx, tenant: Tenant, event_id: str, endpoint_id: str | None) -> list[str]:
    """To one endpoint, whatever it subscribed to; or everywhere it would go today. Gives the ids of
    the deliveries."""
    event = events.get(tx, tenant.merchant_id, event_id, test=tenant.test)
    if endpoint_id is None:
        own_url = merchants.get(tx, tenant.merchant_id).notify_url
        endpoints_now = endpoint_store.enabled(tx, tenant.merchant_id)
        found = targets.everywhere(event, own_url, endpoints_now)
    else:
        found = [_only_target(tx, tenant, event, endpoint_id)]
    return [store.add(tx, event, target, replayed=True) for target in found]


def _only_target(tx: Tx, tenant: Tenant, event: Event, endpoint_id: str) -> Target:
    endpoint = endpoint_store.find(tx, tenant, endpoint_id)
    if endpoint is None:
        raise Invalid({"endpoint": ["is not known"]})
    endpoints.require_enabled(endpoint)
    target = targets.to_endpoint(event, endpoint)
    if target is None:
        raise Invalid({"endpoint": ["has the format flat, which this event cannot be told in"]})
    return target


def begin(tx: Tx, order: Order) -> None:
    """Adds the job. `until` 0: up to what has happened by now."""
    until = order.until or events.head(tx, order.merchant_id)
    order = msgspec.structs.replace(order, until=until, until_at=tx.now)
    jobs.add(tx, REPLAY, msgspec.to_builtins(order), due_at=tx.now)


async def go_on(db: Database, job: Job) -> None:
    """The next step of a replay, and a job for the one after it."""
    order = msgspec.convert(job.payload, Order)
    await db.write(lambda tx: _step(tx, job, order), merchant=order.merchant_id)


def _step(tx: Tx, job: Job, order: Order) -> None:
    jobs.finish(tx, job)
    endpoint = None
    if order.endpoint_id is not None:
        endpoint = endpoint_store.find(tx, order.tenant, order.endpoint_id)
        if endpoint is None or endpoint.status is not EndpointStatus.ENABLED:
            return
    found, rest = _failed(tx, order) if order.failed else _stretch(tx, order, endpoint)
    own_url = merchants.get(tx, order.merchant_id).notify_url
    for event in found:
        if endpoint is None:
            target = targets.to_notify_url(event, own_url)
        else:
            target = targets.to_endpoint(event, endpoint)
        if target is not None:
            store.add(tx, event, target, replayed=True)
    if rest is not None:
        jobs.add(tx, REPLAY, msgspec.to_builtins(rest), due_at=tx.now + STEP_PAUSE)


def _stretch(
    tx: Tx, order: Order, endpoint: Endpoint | None
) -> tuple[Sequence[Event], Order | None]:
    types: Any = facts.WEBHOOK_TYPES if endpoint is None else targets.followed([endpoint])
    found = events.after(tx, order.merchant_id, order.after, STEP_MAX, types)
    within = [event for event in found if event.sequence <= order.until]
    rest = None
    if len(within) == STEP_MAX:
        rest = msgspec.structs.replace(order, after=within[-1].sequence)
    return [event for event in within if event.test == order.test], rest


def _failed(tx: Tx, order: Order) -> tuple[Sequence[Event], Order | None]:
    given_up = store.given_up(
        tx, order.tenant, order.endpoint_id, order.until_at, order.place, STEP_MAX
    )
    found = events.get_many(tx, order.merchant_id, [one.event_id for one in given_up])
    rest = None
    if len(given_up) == STEP_MAX:
        last = given_up[-1]
        rest = msgspec.structs.replace(order, place=Position(last.created_at, last.id))
    return found, rest
