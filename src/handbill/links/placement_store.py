"""Table `placements`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from handbill.infra.database import Tx
from handbill.infra.paging import Page, Position, cut, folded, like
from handbill.kernel.clock import Instant
from handbill.merchants.model import Tenant


class Placement(msgspec.Struct, frozen=True):
    """One of the places where a link's code hangs, with a code of its own. One that was removed is
    listed no more; its code is on paper somewhere, and goes on leading to the link."""

    id: str
    merchant_id: int
    test: bool
    link_id: str
    code: str
    name: str
    created_at: Instant
    updated_at: Instant
    removed_at: Instant | None = None


_NAMES = Placement.__struct_fields__
_COLUMNS = ", ".join(_NAMES)
_INSERT = (
    f"INSERT INTO placements ({_COLUMNS}, search_text)"
    f" VALUES ({', '.join(':' + name for name in _NAMES)}, :search_text)"
)
_OF_LINK = "link_id = :link_id AND removed_at IS NULL"


def add(tx: Tx, placement: Placement) -> None:
    # Nobody waits for its outcome: hundreds go in one way to the database.
    values = msgspec.structs.asdict(placement)
    tx.later(_INSERT, **values, search_text=folded(placement.name))


def save(tx: Tx, placement: Placement) -> None:
    """Its name, its link, and whether it is removed."""
    tx.run(
        "UPDATE placements SET link_id = :link_id, name = :name, search_text = :search_text,"
        " updated_at = :updated_at, removed_at = :removed_at WHERE id = :id",
        id=placement.id,
        link_id=placement.link_id,
        name=placement.name,
        search_text=folded(placement.name),
        updated_at=placement.updated_at,
        removed_at=placement.removed_at,
    )


def find(tx: Tx, tenant: Tenant, placement_id: str) -> Placement | None:
    return tx.find(
        Placement,
        f"SELECT {_COLUMNS} FROM placements WHERE id = :id AND merchant_id = :merchant_id"
        " AND test = :test AND removed_at IS NULL",
        id=placement_id,
        merchant_id=tenant.merchant_id,
        test=tenant.test,
    )


def find_by_code(tx: Tx, code: str) -> Placement | None:
    """For a payer, who has the paper in hand. Removed ones too."""
    return tx.find(Placement, f"SELECT {_COLUMNS} FROM placements WHERE code = :code", code=code)


def code_of(tx: Tx, placement_id: str) -> str | None:
    """Of a removed one, too."""
    code: str | None = tx.value("SELECT code FROM placements WHERE id = :id", id=placement_id)
    return code


def find_any(tx: Tx, placement_id: str) -> Placement | None:
    """For the operator, who types an id."""
    return tx.find(
        Placement,
        f"SELECT {_COLUMNS} FROM placements WHERE id = :id AND removed_at IS NULL",
        id=placement_id,
    )


def find_many(tx: Tx, link_id: str, placement_ids: Sequence[str]) -> list[Placement]:
    """Those of the link, in no order."""
    if not placement_ids:
        return []
    text = f"SELECT {_COLUMNS} FROM placements WHERE {_OF_LINK} AND id IN :ids"
    return tx.all(Placement, text, link_id=link_id, ids=list(placement_ids))


def list_page(
    tx: Tx, link_id: str, after: Position | None, limit: int, q: str | None = None
) -> Page[Placement]:
    """In the order in which they were made. `q` is a part of the name, in any case."""
    where, more = [_OF_LINK], dict[str, Any]()
    if after is not None:
        where.append("(created_at, id) > (:after_at, :after_id)")
        more.update(after_at=after.created_at, after_id=after.id)
    if q is not None:
        where.append("search_text LIKE :q ESCAPE '!'")
        more["q"] = like(q)
    rows = tx.all(
        Placement,
        f"SELECT {_COLUMNS} FROM placements WHERE {' AND '.join(where)}"
        " ORDER BY created_at, id LIMIT :limit",
        link_id=link_id,
        limit=limit + 1,
        **more,
    )
    return cut(rows, limit)


def count(tx: Tx, link_id: str) -> int:
    found: int = tx.value(f"SELECT COUNT(*) FROM placements WHERE {_OF_LINK}", link_id=link_id)
    return found


def counts(tx: Tx, link_ids: Sequence[str]) -> dict[str, int]:
    """How many each of the links has; a link without any is not there."""
    if not link_ids:
        return {}
    rows = tx.all(
        _Counted,
        "SELECT link_id, COUNT(*) AS placements FROM placements"
        " WHERE link_id IN :link_ids AND removed_at IS NULL GROUP BY link_id",
        link_ids=list(link_ids),
    )
    return {row.link_id: row.placements for row in rows}


def names_taken(tx: Tx, link_id: str, names: Sequence[str]) -> set[str]:
    """Those of `names` that the link's placements have already."""
    if not names:
        return set()
    text = f"SELECT name FROM placements WHERE {_OF_LINK} AND name IN :names"
    rows = tx.all(_Named, text, link_id=link_id, names=list(names))
    return {row.name for row in rows}


class _Named(msgspec.Struct, frozen=True):
    name: str


class _Counted(msgspec.Struct, frozen=True):
    link_id: str
    placements: int
