"""Placements: a link hangs in many places, each with a code of its own, so that its merchant sees
what comes by which.

A code that was printed leads somewhere for good: to its link, also when the placement was removed,
and to that link's end when the link was deleted. Only a move leads it to another link.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from handbill import events
from handbill.infra.database import Tx
from handbill.infra.paging import Page, Position
from handbill.kernel import ids
from handbill.kernel.errors import Invalid, NotFound
from handbill.links import facts, placement_names, placement_store, store
from handbill.links.model import Link
from handbill.links.placement_names import Row
from handbill.links.placement_store import Placement
from handbill.merchants.model import Tenant

PLACEMENTS_MAX = 2_000
"""Of one link. Those that were removed do not count."""


def create(tx: Tx, tenant: Tenant, link_id: str, rows: Sequence[Row]) -> list[Placement]:
    """One for each row, or none at all. Raises NotFound, also for a link that was deleted; Invalid
    with the faults of all rows."""
    link = store.lock(tx, _find(tx, tenant, link_id).id)
    if link.deleted_at is not None:
        raise NotFound("There is no such link.")
    _check(tx, link, rows)
    made = [_new(tx, link, row.name) for row in rows]
    for placement in made:
        placement_store.add(tx, placement)
    if made:
        _tell(tx, link, made)
    return made


def get(tx: Tx, tenant: Tenant, link_id: str, placement_id: str) -> Placement:
    """Also of a link that was deleted. Raises NotFound, also for somebody else's."""
    known = ids.parse_id(placement_id)
    found = placement_store.find(tx, tenant, known) if known is not None else None
    if found is None or found.link_id != ids.parse_id(link_id):
        raise NotFound("There is no such placement.")
    return found


def get_of_anybody(tx: Tx, typed: str) -> Placement:
    """For the operator, who types an id, or the code that is printed. Raises NotFound."""
    known, code = ids.parse_id(typed), ids.parse_short_code(typed)
    found = placement_store.find_any(tx, known) if known is not None else None
    if code is not None:
        found = placement_store.find_by_code(tx, code)
    if found is None or found.removed_at is not None:
        raise NotFound("There is no such placement.")
    return found


def list_page(
    tx: Tx, tenant: Tenant, link_id: str, q: str | None, after: Position | None, limit: int
) -> Page[Placement]:
    """In the order in which they were made. Also of a link that was deleted: its codes hang where
    they hung, and can be moved. Raises NotFound."""
    return placement_store.list_page(tx, _find(tx, tenant, link_id).id, after, limit, q)


def change(
    tx: Tx,
    tenant: Tenant,
    link_id: str,
    placement_id: str,
    *,
    name: str | None = None,
    to_link_id: str | None = None,
) -> Placement:
    """Renames it, moves it to another link of the same tenant, or both. What came by its code
    before stays with the link that it came to. Raises NotFound; Invalid, which names the field
    `name` or `link`."""
    here = _find(tx, tenant, link_id)
    there = here if to_link_id is None else _target(tx, tenant, here, to_link_id)
    for known in sorted({here.id, there.id}):  # in one order, so that two moves do not lock up
        store.lock(tx, known)
    placement = get(tx, tenant, here.id, placement_id)
    wanted = Row("link", placement.name)
    if name is not None:
        wanted = Row("name", placement_names.cleaned(name))
    if (wanted.name, there.id) == (placement.name, here.id):
        return placement
    _check(tx, there, [wanted], more=there.id != here.id)
    changed = msgspec.structs.replace(
        placement, name=wanted.name, link_id=there.id, updated_at=tx.now
    )
    placement_store.save(tx, changed)
    for link in [here] if there.id == here.id else [here, there]:
        _tell(tx, link, [changed])
    return changed


def remove(tx: Tx, tenant: Tenant, link_id: str, placement_id: str) -> Placement:
    """It is listed no more, and its name is free. Its code goes on leading to the link, and what
    comes by it is still counted. Raises NotFound."""
    link = store.lock(tx, _find(tx, tenant, link_id).id)
    placement = get(tx, tenant, link.id, placement_id)
    gone = msgspec.structs.replace(placement, removed_at=tx.now, updated_at=tx.now)
    placement_store.save(tx, gone)
    _tell(tx, link, [gone])
    return gone


def _find(tx: Tx, tenant: Tenant, link_id: str) -> Link:
    """Also one that was deleted."""
    known = ids.parse_id(link_id)
    link = store.find_for_page(tx, known) if known is not None else None
    if link is None or (link.merchant_id, link.test) != (tenant.merchant_id, tenant.test):
        raise NotFound("There is no such link.")
    return link


def _target(tx: Tx, tenant: Tenant, here: Link, link_id: str) -> Link:
    """Where it is to move: its own link, or one that is there."""
    known = ids.parse_id(link_id)
    if known == here.id:
        return here
    link = store.find(tx, tenant, known) if known is not None else None
    if link is None:
        raise Invalid({"link": ["must be the id of a link that is here"]})
    return link


def _check(tx: Tx, link: Link, rows: Sequence[Row], *, more: bool = True) -> None:
    """Raises Invalid. The link is locked: of two that make the same name at once, the later finds
    the earlier. `more`: each row is one more placement of the link."""
    wrong = placement_names.faults(rows)
    names = [row.name for row in rows if row.at not in wrong]
    found = placement_names.faults(rows, placement_store.names_taken(tx, link.id, names))
    room = PLACEMENTS_MAX - placement_store.count(tx, link.id) if more else len(rows)
    if room < len(rows) and not found:
        words = f"“{rows[room].name}” is one too many: a link has at most {PLACEMENTS_MAX:,}"
        found = {rows[room].at: [f"{words} placements"]}
    if found:
        raise Invalid(found)


def _new(tx: Tx, link: Link, name: str) -> Placement:
    return Placement(
        id=ids.new_id(tx.now),
        merchant_id=link.merchant_id,
        test=link.test,
        link_id=link.id,
        code=ids.short_code(),
        name=name,
        created_at=tx.now,
        updated_at=tx.now,
    )


def _tell(tx: Tx, link: Link, changed: Sequence[Placement]) -> None:
    """One event for all of them: forty tables are one thing that a merchant did."""
    told = [
        {
            "id": one.id,
            "link": one.link_id,
            "code": one.code,
            "name": one.name,
            "removed": one.removed_at is not None,
        }
        for one in changed
    ]
    attached = store.attached(tx, [link.id])[link.id]
    facts.record_link(tx, events.PLACEMENTS_CHANGED, link, attached, more={"placements": told})
