"""Products through the links that they own: what changes a product changes its link with it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from handbill.catalog import images, products
from handbill.catalog import store as catalog
from handbill.catalog.products import Product, ProductTerms
from handbill.infra.database import Tx
from handbill.kernel import ids
from handbill.kernel.errors import Invalid, NotFound
from handbill.links import facts, service, store
from handbill.links.model import AmountType, Terms
from handbill.merchants.model import Tenant


def create(tx: Tx, tenant: Tenant, terms: ProductTerms) -> Product:
    """The product and its permanent link: fixed, reusable, at price times quantity."""
    _check(tx, tenant, terms)
    product_id = ids.new_id(tx.now)
    amount = products.amount_of(terms.price_minor, terms.qty)
    link = service.new_link(
        tx,
        tenant,
        Terms(
            amount_type=AmountType.FIXED,
            amount_minor=amount,
            currency=terms.currency,
            title=terms.header,
            description=terms.text,
            image=terms.image,
        ),
        product_id,
    )
    product = Product(
        id=product_id,
        merchant_id=tenant.merchant_id,
        test=tenant.test,
        link_id=link.id,
        created_at=tx.now,
        updated_at=tx.now,
        **msgspec.structs.asdict(terms),
    )
    catalog.add(tx, product)
    store.add(tx, link)
    store.add_attached(tx, link.id, [product.id])
    facts.record_product(tx, "product.created", product, first=True)
    return product


def get(tx: Tx, tenant: Tenant, product_id: str) -> Product:
    known = ids.parse_id(product_id)
    product = catalog.find(tx, tenant, known) if known else None
    if product is None:
        raise NotFound("There is no such product.")
    return product


def change(tx: Tx, tenant: Tenant, product_id: str, changes: Mapping[str, Any]) -> Product:
    """`changes` are fields of ProductTerms. The product's link follows; so does every page that
    shows the product."""
    product = get(tx, tenant, product_id)
    terms = ProductTerms(
        **{name: getattr(product, name) for name in ProductTerms.__struct_fields__}
    )
    terms = msgspec.structs.replace(terms, **changes)
    _check(tx, tenant, terms)
    changed = msgspec.structs.replace(product, updated_at=tx.now, **changes)
    if changed.currency != product.currency:
        _check_other_links(tx, product)
    catalog.save(tx, changed)
    link = store.lock(tx, product.link_id)
    store.save(
        tx,
        msgspec.structs.replace(
            link,
            amount_minor=changed.amount.minor,
            currency=changed.currency,
            title=changed.header,
            description=changed.text,
            image=changed.image,
            updated_at=tx.now,
        ),
    )
    store.touch_with_product(tx, product.id)
    facts.record_product(tx, "product.updated", changed)
    return changed


def delete(tx: Tx, tenant: Tenant, product_id: str) -> Product:
    """Closes its link and detaches it from others; payments and their history stay."""
    product = get(tx, tenant, product_id)
    store.detach_everywhere(tx, product.id)
    catalog.mark_deleted(tx, tenant, product.id)
    service.remove(tx, store.lock(tx, product.link_id))
    facts.record_product(tx, "product.deleted", product)
    return product


def _check(tx: Tx, tenant: Tenant, terms: ProductTerms) -> None:
    found = products.faults(terms)
    if terms.image is not None and not images.find(tx, tenant.merchant_id, terms.image):
        found["image"] = ["must be the address of a picture that was uploaded here"]
    if found:
        raise Invalid(found)


def _check_other_links(tx: Tx, product: Product) -> None:
    """A link in another currency than its products could not be shown honestly."""
    if store.count_others(tx, product.id, product.link_id):
        raise Invalid(
            {"currency": ["cannot change while the product is attached to links; detach it first"]}
        )
