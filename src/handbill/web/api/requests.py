"""Requests of payers for a new link: the merchant's inbox."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from msgspec import Meta

from handbill.infra.database import Tx
from handbill.infra.paging import Page
from handbill.kernel.clock import iso
from handbill.links import asks
from handbill.links.ask_store import Ask, Filter
from handbill.links.model import GONE
from handbill.merchants.model import Scope
from handbill.web.api import links
from handbill.web.api.values import Id, IdIn, Moment
from handbill.web.calls import Call
from handbill.web.cursors import Paged
from handbill.web.operations import Operation
from handbill.web.replies import Reply

TAG = links.TAG


def _read_flag(value: Any) -> bool:
    if value not in ("true", "false"):
        raise ValueError("must be true or false")
    return bool(value == "true")


FlagIn = Annotated[bool, Meta(extra={"read": _read_flag, "schema": {"type": "boolean"}})]


class RequestFilter(Paged, frozen=True, kw_only=True):
    link: IdIn | None = None
    done: FlagIn | None = None


class RequestChange(msgspec.Struct, frozen=True, kw_only=True):
    """Ticks a request off, or on again."""

    done: bool


class LinkRequest(msgspec.Struct, frozen=True, kw_only=True):
    """A payer pressed "Ask for a new link". Nothing about the payer is known."""

    id: Id
    created: Moment
    link: Id
    state: Annotated[
        str, Meta(description="The end that the payer met: " + ", ".join(sorted(GONE)) + ".")
    ]
    lang: Annotated[str, Meta(description="The language of the page that they read.")]
    done: bool
    done_at: Moment | None
    test: bool


def show_request(ask: Ask) -> LinkRequest:
    return LinkRequest(
        id=ask.id,
        created=iso(ask.created_at),
        link=ask.link_id,
        state=ask.state,
        lang=ask.lang,
        done=ask.done_at is not None,
        done_at=None if ask.done_at is None else iso(ask.done_at),
        test=ask.test,
    )


async def list_requests(call: Call, query: RequestFilter) -> Page[LinkRequest]:
    narrow = Filter(link=query.link, done=query.done)
    page = await call.deps.db.read(
        lambda tx: asks.list_page(tx, call.tenant, narrow, query.cursor, query.limit)
    )
    return _shown(page)


async def list_requests_of_link(call: Call, query: Paged) -> Page[LinkRequest]:
    link_id = call.id

    def read(tx: Tx) -> Page[Ask]:
        return asks.list_of_link(tx, call.tenant, link_id, query.cursor, query.limit)

    return _shown(await call.deps.db.read(read))


async def get_request(call: Call) -> LinkRequest:
    return show_request(await call.deps.db.point(lambda tx: asks.get(tx, call.tenant, call.id)))


async def change_request(call: Call, body: RequestChange) -> Reply:
    return await call.write(
        lambda tx: asks.set_done(tx, call.tenant, call.id, done=body.done), show_request
    )


def _shown(page: Page[Ask]) -> Page[LinkRequest]:
    return Page([show_request(ask) for ask in page.items], page.next)


_PATH = "/api/v1/requests"
ONE = _PATH + "/{id}"
_SHARED: dict[str, Any] = {"tag": TAG, "scope": Scope.LINKS}

OPERATIONS = (
    Operation(
        name="listRequests",
        method="GET",
        path=_PATH,
        summary="List requests for new links",
        description="Newest first. Payers ask by a button on the page of a link that has ended, at"
        f" most {asks.ASKS_MAX} times an hour for each link.",
        handler=list_requests,
        query=RequestFilter,
        answer=LinkRequest,
        paged=True,
        **_SHARED,
    ),
    Operation(
        name="listRequestsOfLink",
        method="GET",
        path=links.ONE + "/requests",
        summary="List the requests for a new link in place of one",
        description="Newest first, also of a link that was deleted.",
        handler=list_requests_of_link,
        query=Paged,
        answer=LinkRequest,
        paged=True,
        **_SHARED,
    ),
    Operation(
        name="getRequest",
        method="GET",
        path=ONE,
        summary="Read a request for a new link",
        handler=get_request,
        answer=LinkRequest,
        **_SHARED,
    ),
    Operation(
        name="changeRequest",
        method="PATCH",
        path=ONE,
        summary="Tick a request off",
        handler=change_request,
        body=RequestChange,
        answer=LinkRequest,
        example={"done": True},
        **_SHARED,
    ),
)
