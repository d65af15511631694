"""Tables `links`, `link_products`, `link_places`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from handbill.infra.database import Tx
from handbill.infra.paging import Page, Position, cut, folded, like
from handbill.kernel.clock import Instant
from handbill.links.model import Link
from handbill.merchants.model import Tenant

_COLUMNS = (
    "id, merchant_id, test, code, product_id, amount_type, amount_minor, min_minor, max_minor,"
    " currency, pay_config_json, title, description, image, status, status_reason, max_payments,"
    " payments_count, expires_at, notify_url, return_url, fail_url, closed_message, metadata_json,"
    " version, created_at, updated_at, deleted_at"
)
_NAMES = [name.strip() for name in _COLUMNS.split(",")]
_STORED = (*_NAMES, "search_text")
_FIXED = ("id", "merchant_id", "test", "code", "created_at")
_INSERT = f"INSERT INTO links ({', '.join(_STORED)}) VALUES ({', '.join(':' + n for n in _STORED)})"
_UPDATE = (
    f"UPDATE links SET {', '.join(f'{n} = :{n}' for n in _STORED if n not in _FIXED)}"
    " WHERE id = :id AND merchant_id = :merchant_id"
)
_MINE = "merchant_id = :merchant_id AND test = :test AND deleted_at IS NULL"


class Filter(msgspec.Struct, frozen=True):
    """What a list is narrowed to. `q` is looked for in title and description, without regard to
    case."""

    status: str | None = None
    amount_type: str | None = None
    product: str | None = None
    q: str | None = None
    created_from: Instant | None = None
    created_to: Instant | None = None
    owner: str | None = None
    """`product`: only the links that belong to products; otherwise only the others."""


def add(tx: Tx, link: Link) -> None:
    # Nobody waits for its outcome: a code that is taken (one in 10^15) fails the request.
    tx.later(_INSERT, **_columns(link))


def save(tx: Tx, link: Link) -> None:
    tx.run(_UPDATE, **_columns(link))


def find(tx: Tx, tenant: Tenant, link_id: str) -> Link | None:
    return tx.find(
        Link,
        f"SELECT {_COLUMNS} FROM links WHERE id = :id AND {_MINE}",
        id=link_id,
        merchant_id=tenant.merchant_id,
        test=tenant.test,
    )


def find_for_page(tx: Tx, link_id: str) -> Link | None:
    """For a payer, who knows the address. Deleted ones too: their page says so."""
    return tx.find(Link, f"SELECT {_COLUMNS} FROM links WHERE id = :id", id=link_id)


def find_by_code(tx: Tx, code: str) -> Link | None:
    return tx.find(Link, f"SELECT {_COLUMNS} FROM links WHERE code = :code", code=code)


class _Owned(msgspec.Struct, frozen=True):
    id: str
    merchant_id: int


def merchants_of(tx: Tx, link_ids: Sequence[str]) -> dict[str, int]:
    """Whose they are. One that does not exist is not there."""
    text = "SELECT id, merchant_id FROM links WHERE id IN :ids"
    return {row.id: row.merchant_id for row in tx.all(_Owned, text, ids=list(link_ids))}


def lock(tx: Tx, link_id: str) -> Link:
    """The link as it is now, and nobody else changes it before this transaction ends."""
    return tx.get(Link, f"SELECT {_COLUMNS} FROM links WHERE id = :id FOR UPDATE", id=link_id)


def list_page(
    tx: Tx, tenant: Tenant, narrow: Filter, after: Position | None, limit: int
) -> Page[Link]:
    where, params = [_MINE], {"merchant_id": tenant.merchant_id, "test": tenant.test}
    more: dict[str, Any] = {}
    where.append(f"product_id IS {'NOT ' if narrow.owner == 'product' else ''}NULL")
    for name, clause in _CLAUSES.items():
        value = getattr(narrow, name)
        if value is not None:
            where.append(clause)
            more[name] = like(value) if name == "q" else value
    if after is not None:
        where.append("(created_at, id) < (:after_at, :after_id)")
        more.update(after_at=after.created_at, after_id=after.id)
    rows = tx.all(
        Link,
        f"SELECT {_COLUMNS} FROM links WHERE {' AND '.join(where)}"
        " ORDER BY created_at DESC, id DESC LIMIT :limit",
        limit=limit + 1,
        **params,
        **more,
    )
    return cut(rows, limit)


def find_first(tx: Tx, tenant: Tenant) -> Link | None:
    """The tenant's oldest link that is active and no product's own."""
    return tx.find(
        Link,
        f"SELECT {_COLUMNS} FROM links WHERE {_MINE} AND product_id IS NULL"
        " AND status = 'active' ORDER BY created_at, id LIMIT 1",
        merchant_id=tenant.merchant_id,
        test=tenant.test,
    )


_CLAUSES = {
    "status": "status = :status",
    "amount_type": "amount_type = :amount_type",
    "product": "id IN (SELECT link_id FROM link_products WHERE product_id = :product)",
    "q": "search_text LIKE :q ESCAPE '!'",
    "created_from": "created_at >= :created_from",
    "created_to": "created_at < :created_to",
}


class _Attached(msgspec.Struct, frozen=True):
    link_id: str
    product_id: str


def attached(tx: Tx, link_ids: Sequence[str]) -> dict[str, list[str]]:
    """Product ids of each link, in the merchant's order."""
    found: dict[str, list[str]] = {link_id: [] for link_id in link_ids}
    if link_ids:
        for row in tx.all(
            _Attached,
            "SELECT link_id, product_id FROM link_products WHERE link_id IN :ids"
            " ORDER BY link_id, position",
            ids=list(link_ids),
        ):
            found[row.link_id].append(row.product_id)
    return found


def attach(tx: Tx, link_id: str, product_ids: Sequence[str]) -> None:
    """Replaces what was attached."""
    tx.run("DELETE FROM link_products WHERE link_id = :link_id", link_id=link_id)
    add_attached(tx, link_id, product_ids)


def add_attached(tx: Tx, link_id: str, product_ids: Sequence[str]) -> None:
    for position, product_id in enumerate(product_ids):
        tx.later(
            "INSERT INTO link_products (link_id, product_id, position)"
            " VALUES (:link_id, :product_id, :position)",
            link_id=link_id,
            product_id=product_id,
            position=position,
        )


def detach_everywhere(tx: Tx, product_id: str) -> None:
    tx.run(
        "UPDATE links SET version = version + 1"
        " WHERE id IN (SELECT link_id FROM link_products WHERE product_id = :product_id)",
        product_id=product_id,
    )
    tx.run("DELETE FROM link_products WHERE product_id = :product_id", product_id=product_id)


def count_others(tx: Tx, product_id: str, own_link_id: str) -> int:
    """How many links besides its own show the product."""
    count: int = tx.value(
        "SELECT COUNT(*) FROM link_products WHERE product_id = :product_id"
        " AND link_id <> :own_link_id",
        product_id=product_id,
        own_link_id=own_link_id,
    )
    return count


def touch_with_product(tx: Tx, product_id: str) -> None:
    """The pages of the links that show this product are to be made anew."""
    tx.run(
        "UPDATE links SET version = version + 1"
        " WHERE id IN (SELECT link_id FROM link_products WHERE product_id = :product_id)",
        product_id=product_id,
    )


def places_taken(tx: Tx, link_id: str, except_payment: str) -> int:
    """How many others than `except_payment` (empty: nobody) hold a place now."""
    taken: int = tx.value(
        "SELECT COUNT(*) FROM link_places WHERE link_id = :link_id AND until_at > :now"
        " AND payment_id NOT IN :mine",
        link_id=link_id,
        now=tx.now,
        mine=[except_payment] if except_payment else [],
    )
    return taken


def next_free_at(tx: Tx, link_id: str) -> Instant | None:
    """When the first of the places that are held runs out."""
    at: Instant | None = tx.value(
        "SELECT MIN(until_at) FROM link_places WHERE link_id = :link_id AND until_at > :now",
        link_id=link_id,
        now=tx.now,
    )
    return at


def hold_place(tx: Tx, link_id: str, payment_id: str, until: Instant) -> None:
    tx.run(
        "INSERT INTO link_places (payment_id, link_id, until_at)"
        " VALUES (:payment_id, :link_id, :until)"
        " ON CONFLICT (payment_id) DO UPDATE SET until_at = :until",
        payment_id=payment_id,
        link_id=link_id,
        until=until,
    )


def holds_place(tx: Tx, payment_id: str) -> bool:
    return bool(tx.value("SELECT 1 FROM link_places WHERE payment_id = :id", id=payment_id))


def free_place(tx: Tx, payment_id: str) -> None:
    tx.run("DELETE FROM link_places WHERE payment_id = :payment_id", payment_id=payment_id)


class HeldPlace(msgspec.Struct, frozen=True):
    """A place of a limited link, which a payment holds until it is paid or the time is up."""

    payment_id: str
    link_id: str
    title: str | None
    until_at: Instant


def held_places(tx: Tx, tenant: Tenant, limit: int) -> list[HeldPlace]:
    """Those of the tenant's links, the first to run out first."""
    return tx.all(
        HeldPlace,
        "SELECT h.payment_id, h.link_id, l.title, h.until_at FROM link_places h"
        " JOIN links l ON l.id = h.link_id"
        " WHERE h.until_at > :now AND l.merchant_id = :merchant_id AND l.test = :test"
        " ORDER BY h.until_at, h.payment_id LIMIT :limit",
        now=tx.now,
        merchant_id=tenant.merchant_id,
        test=tenant.test,
        limit=limit,
    )


def _columns(link: Link) -> dict[str, Any]:
    columns = {name: getattr(link, name.removesuffix("_json")) for name in _NAMES}
    return {**columns, "search_text": folded(link.title, link.description)}
