"""Events, to be read: the same rows that make webhooks."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from msgspec import Meta

from handbill import events
from handbill.infra.paging import Stretch
from handbill.kernel.clock import iso
from handbill.merchants.model import Scope
from handbill.web.api.values import Id, IdIn, Moment
from handbill.web.calls import Call
from handbill.web.cursors import PAGE_MAX
from handbill.web.operations import Operation

TAG = "Events"
_SEQUENCE_MAX = 2**63 - 1


def _read_type(value: Any) -> str:
    if value not in events.TYPES:
        raise ValueError("must be one of: " + ", ".join(events.TYPES))
    return str(value)


_TYPE = {"type": "string", "enum": list(events.TYPES)}

EventType = Annotated[str, Meta(extra={"schema": _TYPE, "shared": "EventType"})]
EventTypeIn = Annotated[str, Meta(extra={"read": _read_type, "schema": _TYPE})]
Number = Annotated[int, Meta(ge=0, le=_SEQUENCE_MAX)]
Facts = Annotated[
    dict[str, Any],
    Meta(
        description="The object as it was then, as the API shows it but for addresses.",
        extra={"schema": {"type": "object"}},
    ),
]


class EventFilter(msgspec.Struct, frozen=True, kw_only=True):
    after: Annotated[
        Number, Meta(description="The `sequence` to go on after. 0: from the start.")
    ] = 0
    type: EventTypeIn | None = None
    object: Annotated[IdIn, Meta(description="The object that the event is about.")] | None = None
    limit: Annotated[
        int, Meta(ge=1, le=PAGE_MAX, description="How many events an answer may have.")
    ] = PAGE_MAX


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """Something that happened."""

    id: Id
    type: EventType
    sequence: Annotated[int, Meta(description="Grows with every event of the merchant.")]
    object: Annotated[Id, Meta(description="What it is about.")]
    object_sequence: Annotated[int, Meta(description="Counts the events of the object.")]
    created: Moment
    data: Facts
    test: bool


def show_event(event: events.Event) -> Event:
    return Event(
        id=event.id,
        type=event.type,
        sequence=event.sequence,
        object=event.object_id,
        object_sequence=event.object_sequence,
        created=iso(event.created_at),
        data=event.facts,
        test=event.test,
    )


async def list_events(call: Call, query: EventFilter) -> Stretch[Event]:
    narrow = events.Filter(type=query.type, object_id=query.object)
    merchant_id, test = call.tenant.merchant_id, call.tenant.test
    found = await call.deps.db.read(
        lambda tx: events.list_stretch(tx, merchant_id, narrow, query.after, query.limit, test=test)
    )
    return Stretch([show_event(event) for event in found.items], found.next)


async def get_event(call: Call) -> Event:
    merchant_id, test, event_id = call.tenant.merchant_id, call.tenant.test, call.id
    return show_event(
        await call.deps.db.point(lambda tx: events.get(tx, merchant_id, event_id, test=test))
    )


_PATH = "/api/v1/events"
ONE = _PATH + "/{id}"
_SHARED: dict[str, Any] = {"tag": TAG, "scope": Scope.PAYMENTS}

OPERATIONS = (
    Operation(
        name="listEvents",
        method="GET",
        path=_PATH,
        summary="List events",
        description="Oldest first. Go on with the last `sequence` that you saw as `after`: nothing"
        " is missed. Numbers that are left out belong to the other mode.",
        handler=list_events,
        query=EventFilter,
        answer=Event,
        paged=True,
        ordered_by="sequence",
        **_SHARED,
    ),
    Operation(
        name="getEvent",
        method="GET",
        path=ONE,
        summary="Read an event",
        handler=get_event,
        answer=Event,
        **_SHARED,
    ),
)
