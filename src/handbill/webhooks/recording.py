"""What came of attempts, stored: many together, each only by whoever holds its delivery.

Also judges the health of endpoints: one that is gone, or has failed for five days without a single
success, is switched off.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from handbill import events
from handbill.events import Event
from handbill.infra.database import Tx
from handbill.infra.outbound import Answer, OutboundError
from handbill.kernel import states
from handbill.kernel.clock import Instant, iso
from handbill.webhooks import endpoint_store, endpoints, store
from handbill.webhooks.model import (
    FAILING_MAX,
    STATES,
    Attempt,
    Delivery,
    DeliveryStatus,
    DisabledReason,
    Endpoint,
)
from handbill.webhooks.verdict import Delivered, Exhausted, Gone, Retry, Verdict


class Prepared(msgspec.Struct, frozen=True):
    """Signed for one attempt, at `at`."""

    delivery: Delivery
    headers: dict[str, str]
    at: Instant


class Sent(msgspec.Struct, frozen=True):
    """What came of one attempt. Made only from what was prepared."""

    prepared: Prepared
    result: Answer | OutboundError
    duration_ms: int

    @property
    def ended_at(self) -> Instant:
        return self.prepared.at + self.duration_ms


class Judged(msgspec.Struct, frozen=True):
    """Made only from what was sent."""

    sent: Sent
    verdict: Verdict

    @property
    def delivery(self) -> Delivery:
        return self.sent.prepared.delivery


def record(tx: Tx, judged: Sequence[Judged]) -> int:
    """Attempts of one merchant's deliveries, with what follows from them. Gives how many were left
    out, because another process has taken them over."""
    held = store.held(tx, [one.delivery for one in judged])
    mine = [one for one in judged if one.delivery.id in held]
    for one in mine:
        tx.count("webhook_attempts", type(one.verdict).__name__.lower())
        store.add_attempt(tx, one.delivery.id, _attempt_of(one.sent))
    delivered = [one.delivery for one in mine if isinstance(one.verdict, Delivered)]
    if delivered:
        for delivery in delivered:
            states.advance(STATES, delivery.status, DeliveryStatus.DELIVERED)
        store.mark_delivered(tx, [delivery.id for delivery in delivered])
    for one in mine:
        if not isinstance(one.verdict, Delivered):
            store.save(tx, _failed(one))
    _tell_of_exhausted(tx, [one.delivery for one in mine if isinstance(one.verdict, Exhausted)])
    _judge_endpoints(tx, mine)
    return len(judged) - len(mine)


def _tell_of_exhausted(tx: Tx, exhausted: Sequence[Delivery]) -> None:
    """Not of one that told of another: it would go on for ever."""
    if not exhausted:
        return
    known = events.get_many(tx, exhausted[0].merchant_id, {one.event_id for one in exhausted})
    told = {event.id: event for event in known if event.type != events.DELIVERY_EXHAUSTED}
    for delivery in exhausted:
        if (event := told.get(delivery.event_id)) is not None:
            events.record(
                tx,
                events.DELIVERY_EXHAUSTED,
                merchant_id=delivery.merchant_id,
                test=delivery.test,
                object_id=delivery.id,
                data=_snapshot(delivery, event),
            )


def _snapshot(delivery: Delivery, event: Event) -> dict[str, Any]:
    return {
        "id": delivery.id,
        "created": iso(delivery.created_at),
        "event": {"id": event.id, "type": event.type, "sequence": event.sequence},
        "endpoint": delivery.endpoint_id,
        "url": delivery.url,
        "test": delivery.test,
    }


def _failed(judged: Judged) -> Delivery:
    delivery, verdict = judged.delivery, judged.verdict
    status, next_at = DeliveryStatus.EXHAUSTED, None
    if isinstance(verdict, Retry):
        status, next_at = DeliveryStatus.PENDING, verdict.at
    states.advance(STATES, delivery.status, status)
    return msgspec.structs.replace(
        delivery, status=status, attempts=delivery.attempts + 1, next_at=next_at
    )


def _judge_endpoints(tx: Tx, judged: Sequence[Judged]) -> None:
    by_endpoint: dict[str, list[Judged]] = {}
    for one in judged:
        if one.delivery.endpoint_id is not None:
            by_endpoint.setdefault(one.delivery.endpoint_id, []).append(one)
    if not by_endpoint:
        return
    for endpoint in endpoint_store.enabled_among(tx, by_endpoint).values():
        outcomes = by_endpoint[endpoint.id]
        if any(isinstance(one.verdict, Gone) for one in outcomes):
            endpoints.disable(tx, endpoint, DisabledReason.GONE)
            continue
        since = failing_since(endpoint, outcomes)
        checked = msgspec.structs.replace(endpoint, failing_since=since)
        if since is not None and tx.now - since >= FAILING_MAX:
            endpoints.disable(tx, checked, DisabledReason.FAILING)
        elif since != endpoint.failing_since:
            endpoint_store.save(tx, checked)


def failing_since(endpoint: Endpoint, outcomes: Sequence[Judged]) -> Instant | None:
    """Since when nothing succeeded, after these attempts; None if one of them did."""
    if any(isinstance(one.verdict, Delivered) for one in outcomes):
        return None
    if endpoint.failing_since is not None:
        return endpoint.failing_since
    return min(one.sent.prepared.at for one in outcomes)


def _attempt_of(sent: Sent) -> Attempt:
    result = sent.result
    answered = isinstance(result, Answer)
    return Attempt(
        number=sent.prepared.delivery.attempts + 1,
        started_at=sent.prepared.at,
        duration_ms=sent.duration_ms,
        headers=sent.prepared.headers,
        status_code=result.status if isinstance(result, Answer) else None,
        error=None if answered else str(result),
        response=_text(result.body) if isinstance(result, Answer) else None,
    )


def _text(body: bytes) -> str:
    """For people to look at. PostgreSQL takes no NUL in a text."""
    return body.decode("utf-8", "replace").replace("\0", "\ufffd")
