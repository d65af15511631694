"""What `handbill print` is asked for: a link or a product by its id, placements by name, or new
ones."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from handbill.catalog import store as catalog
from handbill.infra.database import Tx
from handbill.kernel import ids
from handbill.kernel.errors import Invalid, NotFound
from handbill.links import placement_names, placement_store, placements, service
from handbill.links.model import Link
from handbill.links.placements import PLACEMENTS_MAX
from handbill.merchants.model import Tenant
from handbill.web.prints import Order


def find_link(tx: Tx, typed: str) -> Link:
    known = ids.parse_id(typed)
    product = catalog.find_for_page(tx, known) if known is not None else None
    try:
        return service.get_of_anybody(tx, typed if product is None else product.link_id)
    except NotFound:
        raise NotFound("There is no such link or product.") from None


def with_new(tx: Tx, tenant: Tenant, order: Order, lines: Sequence[str]) -> Order:
    """For placements that are made with it: all or none."""
    rows = placement_names.typed(lines, "new")
    made = placements.create(tx, tenant, order.link_id, rows)
    return msgspec.structs.replace(order, places=tuple(one.id for one in made))


def with_named(tx: Tx, order: Order, wanted: Sequence[str]) -> Order:
    """By name, by id or code, or all of them."""
    if list(wanted) == ["all"]:
        return msgspec.structs.replace(order, places="all")
    page = placement_store.list_page(tx, order.link_id, None, PLACEMENTS_MAX)
    known = {name: one.id for one in page.items for name in (one.id, one.code, one.name)}
    places = [known.get(text) for text in wanted]
    if missing := [text for text in wanted if text not in known]:
        raise Invalid({"placements": ["names no placement of this link: " + ", ".join(missing)]})
    return msgspec.structs.replace(order, places=tuple(id_ for id_ in places if id_ is not None))
