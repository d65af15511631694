"""Placements of a link: made by the dozen, listed with what came by each, changed, removed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from msgspec import UNSET

from handbill.infra.database import Tx
from handbill.infra.paging import Page
from handbill.kernel.addresses import Addresses
from handbill.links import placements, traffic
from handbill.links.placement_names import AT_ONCE_MAX
from handbill.links.placement_store import Placement as Stored
from handbill.links.placements import PLACEMENTS_MAX
from handbill.merchants.model import Scope, Tenant
from handbill.web.api import last_prints, links
from handbill.web.api.placement_shapes import (
    DeletedPlacement,
    NewPlacements,
    Placement,
    PlacementChange,
    PlacementFilter,
    show_placement,
)
from handbill.web.calls import Call
from handbill.web.operations import Operation
from handbill.web.replies import Reply

TAG = "Placements"


async def create_placements(call: Call, body: NewPlacements) -> Reply:
    rows = body.rows
    return await call.write(
        lambda tx: show_placements(
            tx, placements.create(tx, call.tenant, call.id, rows), call.deps.addresses
        ),
        lambda made: made,
    )


async def list_placements(call: Call, query: PlacementFilter) -> Page[Placement]:
    def read(tx: Tx) -> Page[Placement]:
        page = placements.list_page(tx, call.tenant, call.id, query.q, query.cursor, query.limit)
        return Page(show_placements(tx, page.items, call.deps.addresses), page.next)

    return await call.deps.db.read(read)


async def get_placement(call: Call) -> Placement:
    def read(tx: Tx) -> list[Placement]:
        found = placements.get(tx, *_path(call))
        return show_placements(tx, [found], call.deps.addresses)

    return (await call.deps.db.point(read))[0]


async def change_placement(call: Call, body: PlacementChange) -> Reply:
    name = None if body.name is UNSET else body.name
    to_link_id = None if body.link is UNSET else body.link

    def change(tx: Tx) -> list[Placement]:
        changed = placements.change(tx, *_path(call), name=name, to_link_id=to_link_id)
        return show_placements(tx, [changed], call.deps.addresses)

    return await call.write(change, lambda shown: shown[0])


async def delete_placement(call: Call) -> Reply:
    return await call.write(
        lambda tx: placements.remove(tx, *_path(call)), lambda gone: DeletedPlacement(gone.id)
    )


def show_placements(tx: Tx, found: Sequence[Stored], addresses: Addresses) -> list[Placement]:
    """`found` are of one link."""
    if not found:
        return []
    codes = [one.code for one in found]
    came = traffic.totals(tx, found[0].link_id, codes)
    printed = last_prints.of_codes(tx, found[0].link_id, codes)
    return [show_placement(one, came[one.code], printed.get(one.code), addresses) for one in found]


def _path(call: Call) -> tuple[Tenant, str, str]:
    """Whose placement, of which link, and which."""
    return call.tenant, call.id, call.path_values["placement"]


_PATH = links.ONE + "/placements"
_ONE = _PATH + "/{placement}"
_SHARED: dict[str, Any] = {"tag": TAG, "scope": Scope.LINKS}

OPERATIONS = (
    Operation(
        name="createPlacements",
        method="POST",
        path=_PATH,
        summary="Make placements of a link",
        description="All of them or, where anything stands against one, none: every fault of every"
        f" row is told at once. At most {AT_ONCE_MAX} at once, and {PLACEMENTS_MAX:,} of a link."
        " For a product, of the product's own `link`.",
        handler=create_placements,
        body=NewPlacements,
        answer=Placement,
        several=True,
        status=201,
        example={"range": "Table 1..40"},
        **_SHARED,
    ),
    Operation(
        name="listPlacements",
        method="GET",
        path=_PATH,
        summary="List the placements of a link",
        description="In the order in which they were made, also of a link that was deleted.",
        handler=list_placements,
        query=PlacementFilter,
        answer=Placement,
        paged=True,
        **_SHARED,
    ),
    Operation(
        name="getPlacement",
        method="GET",
        path=_ONE,
        summary="Read a placement",
        handler=get_placement,
        answer=Placement,
        **_SHARED,
    ),
    Operation(
        name="changePlacement",
        method="PATCH",
        path=_ONE,
        summary="Rename a placement, or move it to another link",
        description="A code that was printed then leads to the other link. What came by it before"
        " stays with the link that it came to.",
        handler=change_placement,
        body=PlacementChange,
        answer=Placement,
        example={"name": "Terrace 1"},
        **_SHARED,
    ),
    Operation(
        name="deletePlacement",
        method="DELETE",
        path=_ONE,
        summary="Remove a placement",
        description="It is listed no more, and its name is free. Its code goes on leading to the"
        " link, wherever it is printed.",
        handler=delete_placement,
        answer=DeletedPlacement,
        **_SHARED,
    ),
)
