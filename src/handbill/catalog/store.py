"""The table `products`. Deleted products are kept for their payments and never found."""

from __future__ import annotations

from collections.abc import Sequence

from handbill.catalog.products import Product
from handbill.infra.database import Tx
from handbill.infra.paging import Page, Position, cut, folded, like
from handbill.merchants.model import Tenant

_PRODUCT = (
    "SELECT id, merchant_id, test, header, text, price_minor, currency, qty, image, link_id,"
    " created_at, updated_at FROM products"
)
_MINE = "merchant_id = :merchant_id AND test = :test AND deleted_at IS NULL"


def add(tx: Tx, product: Product) -> None:
    tx.run(
        "INSERT INTO products (id, merchant_id, test, header, text, price_minor, currency, qty,"
        " image, link_id, search_text, created_at, updated_at) VALUES (:id, :merchant_id, :test,"
        " :header, :text, :price_minor, :currency, :qty, :image, :link_id, :search_text,"
        " :created_at, :updated_at)",
        **_columns(product),
    )


def save(tx: Tx, product: Product) -> None:
    tx.run(
        "UPDATE products SET header = :header, text = :text, price_minor = :price_minor,"
        " currency = :currency, qty = :qty, image = :image, search_text = :search_text,"
        " updated_at = :updated_at"
        f" WHERE id = :id AND {_MINE}",
        **_columns(product),
    )


def mark_deleted(tx: Tx, tenant: Tenant, product_id: str) -> None:
    tx.run(
        f"UPDATE products SET deleted_at = :now WHERE id = :id AND {_MINE}",
        id=product_id,
        merchant_id=tenant.merchant_id,
        test=tenant.test,
        now=tx.now,
    )


def find(tx: Tx, tenant: Tenant, product_id: str) -> Product | None:
    found = find_many(tx, tenant, [product_id])
    return found[0] if found else None


def find_many(tx: Tx, tenant: Tenant, product_ids: Sequence[str]) -> list[Product]:
    """Those of the tenant, in the order of the ids."""
    if not product_ids:
        return []
    rows = tx.all(
        Product,
        f"{_PRODUCT} WHERE id IN :ids AND {_MINE}",
        ids=list(product_ids),
        merchant_id=tenant.merchant_id,
        test=tenant.test,
    )
    by_id = {row.id: row for row in rows}
    return [by_id[i] for i in product_ids if i in by_id]


def find_for_page(tx: Tx, product_id: str) -> Product | None:
    """For a payer, who has no tenant but knows the printed address. Deleted ones too: their page
    says so."""
    return tx.find(Product, f"{_PRODUCT} WHERE id = :id", id=product_id)


def list_page(
    tx: Tx, tenant: Tenant, after: Position | None, limit: int, q: str | None = None
) -> Page[Product]:
    """`q` is looked for in the header, without regard to case."""
    where = _MINE
    if after is not None:
        where += " AND (created_at, id) < (:after_at, :after_id)"
    if q is not None:
        where += " AND search_text LIKE :q ESCAPE '!'"
    rows = tx.all(
        Product,
        f"{_PRODUCT} WHERE {where} ORDER BY created_at DESC, id DESC LIMIT :limit",
        merchant_id=tenant.merchant_id,
        test=tenant.test,
        limit=limit + 1,
        **({"after_at": after.created_at, "after_id": after.id} if after else {}),
        **({"q": like(q)} if q is not None else {}),
    )
    return cut(rows, limit)


def _columns(product: Product) -> dict[str, object]:
    columns = {name: getattr(product, name) for name in product.__struct_fields__}
    return {**columns, "search_text": folded(product.header)}
