"""What is sent of an event: the seed's flat body, or the event itself. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Set

import msgspec

from handbill.events import ENDPOINT_TEST, TYPES, WEBHOOK, Event
from handbill.kernel.clock import iso
from handbill.payments import facts
from handbill.webhooks.model import EVERY, Endpoint, Format

_FLAT_ORDER = (
    *("type", "link", "txid", "id", "status", "amount", "amount_dest", "amount_with_fee"),
    *("error_description", "currency", "event_id", "sequence", "product", "late", "surplus"),
    *("test", "metadata"),
)

_TESTING = "endpoint"
"""Inside an event's webhook: the only endpoint that it is for."""


class Target(msgspec.Struct, frozen=True):
    """Where an event goes, and as what."""

    endpoint_id: str | None
    url: str
    body: str


def everywhere(event: Event, own_url: str | None, endpoints: Iterable[Endpoint]) -> list[Target]:
    """Everywhere an event goes: to the link's or the merchant's `notify_url`, and to those of its
    merchant's `endpoints` that are of its mode and want it."""
    found = [to_notify_url(event, own_url)]
    only = event.data.get(WEBHOOK, {}).get(_TESTING)
    found += [
        to_endpoint(event, endpoint)
        for endpoint in endpoints
        if endpoint.test == event.test
        if endpoint.id == only or (only is None and endpoint.wants(event.type))
    ]
    return [target for target in found if target is not None]


def to_notify_url(event: Event, own_url: str | None) -> Target | None:
    body = flat_body(event)
    if body is None:
        return None
    url = event.data[WEBHOOK].get("url") or own_url
    return Target(None, url, body) if url else None


def to_endpoint(event: Event, endpoint: Endpoint) -> Target | None:
    """None: the event cannot be told in the endpoint's format."""
    # A test has no flat form: a flat body speaks of money, and one day somebody would book it.
    flat = endpoint.format is Format.FLAT and event.type != ENDPOINT_TEST
    body = flat_body(event) if flat else event_body(event)
    return None if body is None else Target(endpoint.id, endpoint.url, body)


def testing(endpoint_id: str) -> dict[str, str]:
    """The webhook of an event that goes to one endpoint, whatever it subscribed to."""
    return {_TESTING: endpoint_id}


def flat_body(event: Event) -> str | None:
    """The flat JSON body of an event that has one, in documented order; else None."""
    webhook = event.data.get(WEBHOOK)
    if webhook is None or _TESTING in webhook:
        return None
    told = {**webhook["body"], "event_id": event.id, "sequence": event.object_sequence}
    ordered = {name: told.pop(name) for name in _FLAT_ORDER if name in told}
    return msgspec.json.encode(ordered | told).decode()


def event_body(event: Event) -> str:
    """As Standard Webhooks has it, and then what tells repeats and the order."""
    told = {
        "type": event.type,
        "timestamp": iso(event.created_at),
        "data": event.facts,
        "event_id": event.id,
        "sequence": event.object_sequence,
    }
    return msgspec.json.encode(told).decode()


def tellable(format: Format) -> Set[str]:
    """The types that a format can tell."""
    return facts.WEBHOOK_TYPES & TYPES.keys() if format is Format.FLAT else TYPES.keys()


def followed(endpoints: Iterable[Endpoint]) -> frozenset[str]:
    """The types that any of the endpoints wants."""
    return frozenset(
        name
        for endpoint in endpoints
        for name in (tellable(endpoint.format) if EVERY in endpoint.events else endpoint.events)
    )
