"""Deliveries: what was sent of an event, what came back, and sending it again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from handbill import events
from handbill.infra.database import Tx
from handbill.infra.paging import Page
from handbill.kernel.clock import iso
from handbill.kernel.errors import Conflict, Faults
from handbill.merchants.model import Scope
from handbill.web.api import endpoints, merchant
from handbill.web.api import events as events_api
from handbill.web.api.values import Address, Id, IdIn, Moment
from handbill.web.calls import Call
from handbill.web.cursors import Paged
from handbill.web.operations import Operation
from handbill.web.replies import Reply
from handbill.webhooks import endpoints as service
from handbill.webhooks import model, replay, store
from handbill.webhooks.model import DeliveryStatus


class DeliveryFilter(Paged, frozen=True, kw_only=True):
    status: DeliveryStatus | None = None


class ReplayTo(msgspec.Struct, frozen=True, kw_only=True):
    """Without an endpoint: everywhere the event would go today."""

    endpoint: IdIn | None = None


class ReplayOrder(msgspec.Struct, frozen=True, kw_only=True):
    """Either `failed`: all that was given up and never taken since. Or the events beyond the
    sequence `after`, up to `until` (absent: up to now)."""

    after: events_api.Number | None = None
    until: events_api.Number | None = None
    failed: bool = False

    def faults(self) -> Faults:
        if self.failed and (self.after is not None or self.until is not None):
            return {"failed": ["stands alone: leave out after and until"]}
        if not self.failed and self.after is None:
            return {"after": ["is required, unless failed is true"]}
        if self.after is not None and self.until is not None and self.until <= self.after:
            return {"until": ["must be above after"]}
        return {}


class DeliveryAttempt(msgspec.Struct, frozen=True, kw_only=True):
    """`response` is the beginning of the answer's body, at most 2 KiB; `error` says why there was
    no answer."""

    number: int
    started: Moment
    duration_ms: int
    request_headers: dict[str, str]
    status: Annotated[int, Meta(description="The HTTP status of the answer.")] | None
    response: str | None
    error: str | None


class Delivery(msgspec.Struct, frozen=True, kw_only=True):
    """One event on its way to one address. `endpoint` is null for a `notify_url`."""

    id: Id
    created: Moment
    event: Id
    endpoint: Id | None
    url: Address
    body: (
        Annotated[
            str, Meta(description="Exactly as it is sent every time. null: not kept any more.")
        ]
        | None
    )
    status: DeliveryStatus
    replayed: Annotated[bool, Meta(description="Sent again on somebody's order.")]
    attempts: list[DeliveryAttempt]
    next_attempt: (
        Annotated[
            Moment, Meta(description="While one is being made: when another process would make it.")
        ]
        | None
    )
    delivered: Moment | None


class Replayed(msgspec.Struct, frozen=True):
    """The new deliveries. They have the same `webhook-id` as the first ones."""

    event: Id
    deliveries: list[Id]


class ReplayBegun(msgspec.Struct, frozen=True):
    """It goes on by itself: see the deliveries. `endpoint` is null for the `notify_url`."""

    endpoint: Id | None


def show_delivery(delivery: model.Delivery, attempts: Sequence[model.Attempt]) -> Delivery:
    return Delivery(
        id=delivery.id,
        created=iso(delivery.created_at),
        event=delivery.event_id,
        endpoint=delivery.endpoint_id,
        url=delivery.url,
        body=delivery.body or None,
        status=delivery.status,
        replayed=delivery.replayed,
        attempts=[_show_attempt(attempt) for attempt in attempts],
        next_attempt=None if delivery.next_at is None else iso(delivery.next_at),
        delivered=None if delivery.delivered_at is None else iso(delivery.delivered_at),
    )


def _show_attempt(attempt: model.Attempt) -> DeliveryAttempt:
    return DeliveryAttempt(
        number=attempt.number,
        started=iso(attempt.started_at),
        duration_ms=attempt.duration_ms,
        request_headers=attempt.headers,
        status=attempt.status_code,
        response=attempt.response,
        error=attempt.error,
    )


async def list_deliveries_of_event(call: Call, query: Paged) -> Page[Delivery]:
    tenant, event_id = call.tenant, call.id

    def read(tx: Tx) -> Page[Delivery]:
        event = events.get(tx, tenant.merchant_id, event_id, test=tenant.test)
        return _shown(tx, store.of_event(tx, event, query.cursor, query.limit))

    return await call.deps.db.read(read)


async def list_deliveries_to_endpoint(call: Call, query: DeliveryFilter) -> Page[Delivery]:
    tenant, endpoint_id = call.tenant, call.id

    def read(tx: Tx) -> Page[Delivery]:
        endpoint = service.get(tx, tenant, endpoint_id)
        page = store.to_endpoint(
            tx, tenant.merchant_id, endpoint.id, query.status, query.cursor, query.limit
        )
        return _shown(tx, page)

    return await call.deps.db.read(read)


async def replay_event(call: Call, body: ReplayTo) -> Reply:
    event_id = call.id
    return await call.write(
        lambda tx: replay.replay_event(tx, call.tenant, event_id, body.endpoint),
        lambda made: Replayed(event_id, made),
    )


async def replay_to_endpoint(call: Call, body: ReplayOrder) -> Reply:
    def begin(tx: Tx) -> str:
        endpoint = service.get(tx, call.tenant, call.id)
        service.require_enabled(endpoint)
        replay.begin(tx, _order(call, body, endpoint.id))
        return endpoint.id

    return await call.write(begin, ReplayBegun)


async def replay_to_notify_url(call: Call, body: ReplayOrder) -> Reply:
    return await call.write(
        lambda tx: replay.begin(tx, _order(call, body, None)), lambda _: ReplayBegun(None)
    )


def _order(call: Call, body: ReplayOrder, endpoint_id: str | None) -> replay.Order:
    return replay.Order(
        merchant_id=call.tenant.merchant_id,
        test=call.tenant.test,
        endpoint_id=endpoint_id,
        failed=body.failed,
        after=body.after or 0,
        until=body.until or 0,
    )


def _shown(tx: Tx, page: Page[model.Delivery]) -> Page[Delivery]:
    attempts = store.attempts(tx, page.items)
    return Page([show_delivery(item, attempts[item.id]) for item in page.items], page.next)


_OF_EVENTS: dict[str, Any] = {"tag": events_api.TAG, "scope": Scope.PAYMENTS}
_OF_ENDPOINTS: dict[str, Any] = {"tag": endpoints.TAG, "scope": Scope.ADMIN}

OPERATIONS = (
    Operation(
        name="listDeliveries",
        method="GET",
        path=events_api.ONE + "/deliveries",
        summary="List deliveries of an event",
        description="Newest first, each with every attempt.",
        handler=list_deliveries_of_event,
        query=Paged,
        answer=Delivery,
        paged=True,
        **_OF_EVENTS,
    ),
    Operation(
        name="replayEvent",
        method="POST",
        path=events_api.ONE + "/replay",
        summary="Send the webhooks of an event again",
        description="However old it is: to one endpoint, or everywhere the event would go today.",
        handler=replay_event,
        body=ReplayTo,
        body_optional=True,
        answer=Replayed,
        status=201,
        errors=(Conflict,),
        example={},
        **_OF_EVENTS,
    ),
    Operation(
        name="listDeliveriesToEndpoint",
        method="GET",
        path=endpoints.ONE + "/deliveries",
        summary="List deliveries to a webhook endpoint",
        description="Newest first, each with every attempt.",
        handler=list_deliveries_to_endpoint,
        query=DeliveryFilter,
        answer=Delivery,
        paged=True,
        **_OF_ENDPOINTS,
    ),
    Operation(
        name="replayToWebhookEndpoint",
        method="POST",
        path=endpoints.ONE + "/replay",
        summary="Send events to a webhook endpoint again",
        description="A stretch of events, or all that failed; however old they are. It goes on by"
        " itself, up to 500 events a second.",
        handler=replay_to_endpoint,
        body=ReplayOrder,
        answer=ReplayBegun,
        status=202,
        errors=(Conflict,),
        example={"failed": True},
        **_OF_ENDPOINTS,
    ),
    Operation(
        name="replayToNotifyUrl",
        method="POST",
        path=merchant.PATH + "/replay",
        tag=merchant.TAG,
        scope=Scope.ADMIN,
        summary="Send webhooks to the notify_url again",
        description="A stretch of events, or all that failed: to the address of the link, else of"
        " the merchant, as it is now. It goes on by itself, up to 500 events a second.",
        handler=replay_to_notify_url,
        body=ReplayOrder,
        answer=ReplayBegun,
        status=202,
        example={"failed": True},
    ),
)
