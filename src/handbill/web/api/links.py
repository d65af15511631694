"""Payment links: made, read, listed, changed, deleted."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import UNSET

from handbill.infra.database import Tx
from handbill.infra.paging import Page
from handbill.kernel.addresses import Addresses
from handbill.kernel.clock import SECOND
from handbill.kernel.errors import Conflict, Invalid
from handbill.links import model, service, store
from handbill.links.asked import Consent, Field
from handbill.links.model import LinkStatus, LinkWithProducts, Terms
from handbill.links.service import Made
from handbill.merchants.model import Scope
from handbill.web.api.link_shapes import (
    ConsentIn,
    DeletedLink,
    FieldIn,
    Link,
    LinkChange,
    LinkFilter,
    NewLink,
    PayConfigIn,
    Seen,
    seen,
    show_link,
)
from handbill.web.api.pictures import key_in
from handbill.web.calls import Call
from handbill.web.envelopes import Shown
from handbill.web.operations import Operation
from handbill.web.replies import Reply

TAG = "Links"

_PLAIN = (
    *("title", "description", "max_payments", "expires_at", "notify_url"),
    *("return_url", "fail_url", "closed_message"),
)
"""Fields that are the same in the API and in the terms of a link."""


async def create_link(call: Call, body: NewLink) -> Reply:
    terms = _terms(body, call.deps.addresses)
    networks = call.deps.settings.webhook_networks

    def create(tx: Tx) -> tuple[Made, Seen]:
        made = service.create(tx, call.tenant, terms, body.products, networks)
        return made, seen(tx, [made.full], is_new=True)[0]

    return await call.write(create, lambda done: _shown(*done, call.deps.addresses))


async def get_link(call: Call) -> Link:
    found = await call.deps.db.point(
        lambda tx: seen(tx, [service.get(tx, call.tenant, call.id)])[0]
    )
    return show_link(found, call.deps.addresses)


async def list_links(call: Call, query: LinkFilter) -> Page[Link]:
    narrow = store.Filter(**{name: getattr(query, name) for name in store.Filter.__struct_fields__})

    def read(tx: Tx) -> Page[Seen]:
        page = service.list_page(tx, call.tenant, narrow, query.cursor, query.limit)
        return Page(seen(tx, page.items), page.next)

    page = await call.deps.db.read(read)
    return Page([show_link(item, call.deps.addresses) for item in page.items], page.next)


async def change_link(call: Call, body: LinkChange) -> Reply:
    def change(tx: Tx) -> tuple[Made, Seen]:
        made = _change(tx, call, body)
        return made, seen(tx, [made.full])[0]

    return await call.write(change, lambda done: _shown(*done, call.deps.addresses))


async def delete_link(call: Call) -> Reply:
    return await call.write(
        lambda tx: service.delete(tx, call.tenant, call.id), lambda gone: DeletedLink(gone.id)
    )


def _shown(made: Made, full: Seen, addresses: Addresses) -> Shown:
    return Shown(show_link(full, addresses), made.warnings)


def _terms(body: NewLink, addresses: Addresses) -> Terms:
    return Terms(
        amount_type=body.amount_type,
        amount_minor=body.amount.default,
        currency=body.amount.currency,
        min_minor=body.amount.min,
        max_minor=body.amount.max,
        pay_config=_pay_config(model.PayConfig(), body.pay_config),
        image=key_in(body.image, addresses),
        metadata=body.metadata or {},
        **{name: getattr(body, name) for name in _PLAIN},
    )


def _change(tx: Tx, call: Call, body: LinkChange) -> Made:
    before = service.get(tx, call.tenant, call.id)
    changes = _changes(body, before.link, call.deps.addresses)
    product_ids = None if body.products is UNSET else body.products
    made = Made(before)
    if changes or product_ids is not None:
        networks = call.deps.settings.webhook_networks
        made = service.change(tx, call.tenant, call.id, changes, product_ids, networks)
    if body.status is UNSET or body.status == made.full.link.status:
        return made
    if body.status == "closed":
        raise Invalid({"status": ["must be active or paused; delete the link to close it"]})
    link = service.set_status(tx, call.tenant, call.id, LinkStatus(body.status))
    return Made(LinkWithProducts(link, made.full.products), made.warnings)


def _changes(body: LinkChange, link: model.Link, addresses: Addresses) -> dict[str, Any]:
    """Fields of the terms that the body says otherwise than they are: a link that was read can be
    sent back as it is."""
    said: dict[str, Any] = {name: getattr(body, name) for name in _PLAIN}
    said["amount_type"] = body.amount_type
    if body.amount is not UNSET:
        amount = body.amount
        said |= {"amount_minor": amount.default, "currency": amount.currency}
        said |= {"min_minor": amount.min, "max_minor": amount.max}
    if body.pay_config is not UNSET:
        said["pay_config"] = _pay_config(link.pay_config, body.pay_config)
    if body.image is not UNSET:
        said["image"] = key_in(body.image, addresses)
    if body.metadata is not UNSET:
        said["metadata"] = body.metadata or {}
    if link.expires_at is not None and said["expires_at"] == link.expires_at // SECOND * SECOND:
        said["expires_at"] = UNSET  # kept to the millisecond, shown to the second: the same time
    return {
        name: value
        for name, value in said.items()
        if value is not UNSET and value != getattr(link, name)
    }


def _pay_config(before: model.PayConfig, said: PayConfigIn) -> model.PayConfig:
    """Absent members stay, null clears one."""
    cleared, changes = model.PayConfig(), dict[str, Any]()
    for name in PayConfigIn.__struct_fields__:
        value = getattr(said, name)
        if value is not UNSET:
            changes[name] = getattr(cleared, name) if value is None else _kept(value)
    return msgspec.structs.replace(before, **changes)


def _kept(value: Any) -> Any:
    """A member as links keep it."""
    if isinstance(value, FieldIn):
        choices = None if value.choices is None else tuple(value.choices)
        return Field(value.key, value.label, value.required, choices)
    if isinstance(value, ConsentIn):
        return Consent(value.text, value.required)
    return tuple(value) if isinstance(value, list) else value


_PATH = "/api/v1/links"
ONE = _PATH + "/{id}"
_SHARED: dict[str, Any] = {"tag": TAG, "scope": Scope.LINKS}

OPERATIONS = (
    Operation(
        name="createLink",
        method="POST",
        path=_PATH,
        summary="Make a payment link",
        description="Reusable by default; `max_payments` 1 makes it one-time. Products that are"
        " not known here are ignored and named in the warning `ignored_products`.",
        handler=create_link,
        body=NewLink,
        answer=Link,
        status=201,
        example={
            "amount": {"default": 1000, "currency": "RUB"},
            "amount_type": "fixed",
            "pay_config": {"methods": ["card"]},
        },
        **_SHARED,
    ),
    Operation(
        name="listLinks",
        method="GET",
        path=_PATH,
        summary="List links",
        description="Newest first. A product's own link is listed only with `owner=product`.",
        handler=list_links,
        query=LinkFilter,
        answer=Link,
        paged=True,
        **_SHARED,
    ),
    Operation(
        name="getLink",
        method="GET",
        path=ONE,
        summary="Read a link",
        handler=get_link,
        answer=Link,
        **_SHARED,
    ),
    Operation(
        name="changeLink",
        method="PATCH",
        path=ONE,
        summary="Change a link",
        description="Members of `amount` and `pay_config` merge; `products` replaces the whole"
        " list, and `[]` detaches all. Payments that were started keep their amount. Fields that"
        " only answers have are passed over, so a link that was read can be sent back.",
        handler=change_link,
        body=LinkChange,
        answer=Link,
        errors=(Conflict,),
        example={"amount": {"default": 2000, "currency": "RUB"}},
        **_SHARED,
    ),
    Operation(
        name="deleteLink",
        method="DELETE",
        path=ONE,
        summary="Delete a link",
        description="Its page says closed from then on. Payments and their history stay.",
        handler=delete_link,
        answer=DeletedLink,
        errors=(Invalid,),
        **_SHARED,
    ),
)
