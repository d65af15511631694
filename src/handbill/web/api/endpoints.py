"""Webhook endpoints: more addresses than `notify_url`, each with its events, format and secret."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from msgspec import UNSET, Meta, UnsetType

from handbill.infra.database import Tx
from handbill.infra.paging import Page
from handbill.kernel.clock import HOUR, iso
from handbill.kernel.errors import Conflict
from handbill.merchants.model import Scope
from handbill.web.api.values import Address, Id, Moment
from handbill.web.calls import Call
from handbill.web.cursors import Paged
from handbill.web.operations import Operation
from handbill.web.replies import Reply
from handbill.webhooks import endpoint_store, endpoints, model
from handbill.webhooks.model import DisabledReason, EndpointStatus, Format

TAG = "Webhook endpoints"
EVENTS_MAX = 50
OVERLAP_HOURS_MAX = 7 * 24

Types = Annotated[
    tuple[Annotated[str, Meta(min_length=1, max_length=50)], ...],
    Meta(
        min_length=1,
        max_length=EVENTS_MAX,
        description="Types of events; `*` is every event that the format can tell.",
    ),
]
Description = Annotated[
    str, Meta(max_length=model.DESCRIPTION_MAX, description="Your own words, for people.")
]


class NewEndpoint(msgspec.Struct, frozen=True, kw_only=True):
    """`event`: `{"type", "timestamp", "data"}`. `flat`: the body that goes to a `notify_url`, of
    events that have one."""

    url: Address
    events: Types = (model.EVERY,)
    format: Format = Format.EVENT
    description: Description | None = None


class EndpointChange(msgspec.Struct, frozen=True, kw_only=True):
    """Absent fields stay as they are. `status` switches the endpoint off, and on again."""

    url: Address | UnsetType = UNSET
    events: Types | UnsetType = UNSET
    format: Format | UnsetType = UNSET
    description: Description | UnsetType | None = UNSET
    status: EndpointStatus | UnsetType = UNSET


class SecretChange(msgspec.Struct, frozen=True, kw_only=True):
    """How long the secret before it signs beside the new one."""

    overlap_hours: Annotated[int, Meta(ge=0, le=OVERLAP_HOURS_MAX)] = 24


class Endpoint(msgspec.Struct, frozen=True, kw_only=True):
    """`secret` is shown once, when the endpoint is made."""

    id: Id
    created: Moment
    url: Address
    events: Types
    format: Format
    description: str | None
    status: EndpointStatus
    status_reason: (
        Annotated[
            DisabledReason,
            Meta(description="Why it is disabled: 410, five days of failures, or you."),
        ]
        | None
    )
    failing_since: (
        Annotated[Moment, Meta(description="The first failure since the last success.")] | None
    )
    test: bool
    updated: Moment
    secret: str | UnsetType = UNSET


class EndpointSecret(msgspec.Struct, frozen=True):
    """Shown once. The secret before it signs beside it until `previous_until`."""

    secret: str
    previous_until: Moment


class DeletedEndpoint(msgspec.Struct, frozen=True):
    """Nothing more is sent to it."""

    id: Id
    deleted: bool = True


class Tried(msgspec.Struct, frozen=True):
    """The event that was sent: what came of it stands under its deliveries."""

    event: Id


def show_endpoint(endpoint: model.Endpoint) -> Endpoint:
    since = endpoint.failing_since
    return Endpoint(
        id=endpoint.id,
        created=iso(endpoint.created_at),
        url=endpoint.url,
        events=endpoint.events,
        format=endpoint.format,
        description=endpoint.description,
        status=endpoint.status,
        status_reason=endpoint.status_reason,
        failing_since=None if since is None else iso(since),
        test=endpoint.test,
        updated=iso(endpoint.updated_at),
    )


async def create_endpoint(call: Call, body: NewEndpoint) -> Reply:
    terms = endpoints.Terms(
        url=body.url,
        events=tuple(dict.fromkeys(body.events)),
        format=body.format,
        description=body.description,
    )
    crypto, networks = call.deps.crypto, call.deps.settings.webhook_networks
    return await call.write(
        lambda tx: endpoints.create(tx, crypto, call.tenant, terms, networks),
        lambda made: msgspec.structs.replace(show_endpoint(made.endpoint), secret=made.secret),
    )


async def get_endpoint(call: Call) -> Endpoint:
    found = await call.deps.db.point(lambda tx: endpoints.get(tx, call.tenant, call.id))
    return show_endpoint(found)


async def list_endpoints(call: Call, query: Paged) -> Page[Endpoint]:
    page = await call.deps.db.read(
        lambda tx: endpoint_store.list_page(tx, call.tenant, query.cursor, query.limit)
    )
    return Page([show_endpoint(item) for item in page.items], page.next)


async def change_endpoint(call: Call, body: EndpointChange) -> Reply:
    changes = {n: v for n, v in msgspec.structs.asdict(body).items() if v is not UNSET}
    if body.events is not UNSET:
        changes["events"] = tuple(dict.fromkeys(body.events))
    networks = call.deps.settings.webhook_networks
    return await call.write(
        lambda tx: endpoints.change(tx, call.tenant, call.id, changes, networks), show_endpoint
    )


async def delete_endpoint(call: Call) -> Reply:
    return await call.write(
        lambda tx: endpoints.delete(tx, call.tenant, call.id),
        lambda gone: DeletedEndpoint(gone.id),
    )


async def rotate_endpoint_secret(call: Call, body: SecretChange) -> Reply:
    overlap = body.overlap_hours * HOUR

    def rotate(tx: Tx) -> EndpointSecret:
        secret = endpoints.rotate_secret(tx, call.deps.crypto, call.tenant, call.id, overlap)
        return EndpointSecret(secret, iso(tx.now + overlap))

    return await call.write(rotate, lambda rotated: rotated)


async def test_endpoint(call: Call) -> Reply:
    return await call.write(lambda tx: endpoints.send_test(tx, call.tenant, call.id), Tried)


PATH = "/api/v1/webhook_endpoints"
ONE = PATH + "/{id}"
_SHARED: dict[str, Any] = {"tag": TAG, "scope": Scope.ADMIN}

OPERATIONS = (
    Operation(
        name="createWebhookEndpoint",
        method="POST",
        path=PATH,
        summary="Add a webhook endpoint",
        description=f"Its secret is shown once. At most {model.ENDPOINTS_MAX} in each mode.",
        handler=create_endpoint,
        body=NewEndpoint,
        answer=Endpoint,
        status=201,
        errors=(Conflict,),
        example={"url": "https://shop.example/events", "events": ["payment.charged"]},
        **_SHARED,
    ),
    Operation(
        name="listWebhookEndpoints",
        method="GET",
        path=PATH,
        summary="List webhook endpoints",
        description="Newest first.",
        handler=list_endpoints,
        query=Paged,
        answer=Endpoint,
        paged=True,
        **_SHARED,
    ),
    Operation(
        name="getWebhookEndpoint",
        method="GET",
        path=ONE,
        summary="Read a webhook endpoint",
        handler=get_endpoint,
        answer=Endpoint,
        **_SHARED,
    ),
    Operation(
        name="changeWebhookEndpoint",
        method="PATCH",
        path=ONE,
        summary="Change a webhook endpoint",
        description="What is still on its way goes to the new address, in the form that it had.",
        handler=change_endpoint,
        body=EndpointChange,
        answer=Endpoint,
        example={"status": "enabled"},
        **_SHARED,
    ),
    Operation(
        name="deleteWebhookEndpoint",
        method="DELETE",
        path=ONE,
        summary="Delete a webhook endpoint",
        handler=delete_endpoint,
        answer=DeletedEndpoint,
        **_SHARED,
    ),
    Operation(
        name="rotateWebhookEndpointSecret",
        method="POST",
        path=ONE + "/secret",
        summary="Replace the secret of a webhook endpoint",
        description="The new secret is shown once. Both sign for `overlap_hours`.",
        handler=rotate_endpoint_secret,
        body=SecretChange,
        body_optional=True,
        answer=EndpointSecret,
        status=201,
        example={"overlap_hours": 24},
        **_SHARED,
    ),
    Operation(
        name="testWebhookEndpoint",
        method="POST",
        path=ONE + "/test",
        summary="Send a test event to a webhook endpoint",
        description="An `endpoint.test`, in the form `event` whatever the format of the endpoint.",
        handler=test_endpoint,
        answer=Tried,
        status=201,
        errors=(Conflict,),
        **_SHARED,
    ),
)
