"""What can be done with a link: made, read, changed, paused, closed, deleted, listed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from ipaddress import IPv4Network, IPv6Network
from typing import Any

import msgspec

from handbill.catalog import store as catalog
from handbill.catalog.products import Product
from handbill.infra import jobs
from handbill.infra.database import Tx
from handbill.infra.paging import Page, Position
from handbill.kernel import ids, states
from handbill.kernel.errors import Faults, Invalid, NotFound
from handbill.kernel.warnings import Warned
from handbill.links import facts, model, rules, store
from handbill.links.model import ClosedReason, Link, LinkStatus, LinkWithProducts, Terms
from handbill.merchants.model import Tenant

CLOSE_EXPIRED = "links.close_expired"

Networks = Sequence[IPv4Network | IPv6Network]


class Made(msgspec.Struct, frozen=True):
    """A link as it now is, and what its merchant should know about it."""

    full: LinkWithProducts
    warnings: tuple[Warned, ...] = ()


def create(
    tx: Tx, tenant: Tenant, terms: Terms, product_ids: Sequence[str], networks: Networks
) -> Made:
    """`product_ids` that are unknown or foreign are ignored and named in a warning."""
    products = catalog.find_many(tx, tenant, _known(product_ids))
    found = {
        **model.faults(terms),
        **rules.faults(tx, tenant, terms, networks),
        **rules.product_faults(products, terms.currency),
        **rules.quantity_faults(terms, products),
    }
    if terms.expires_at is not None and terms.expires_at <= tx.now:
        found["expires_at"] = ["must be in the future"]
    if found:
        raise Invalid(found)
    link = new_link(tx, tenant, terms)
    store.add(tx, link)
    attached = [p.id for p in products]
    store.add_attached(tx, link.id, attached)
    full = LinkWithProducts(link, tuple(products))
    facts.record_link(tx, "link.created", link, attached, first=True)
    _close_when_expired(tx, link)
    ignored = _ignored(product_ids, attached)
    return Made(full, (*ignored, *rules.warnings(tx, tenant, full)))


def new_link(tx: Tx, tenant: Tenant, terms: Terms, product_id: str | None = None) -> Link:
    """A link that is not stored yet."""
    return Link(
        id=ids.new_id(tx.now),
        merchant_id=tenant.merchant_id,
        test=tenant.test,
        code=ids.short_code(),
        product_id=product_id,
        status=LinkStatus.ACTIVE,
        status_reason=None,
        payments_count=0,
        version=1,
        created_at=tx.now,
        updated_at=tx.now,
        deleted_at=None,
        **{name: getattr(terms, name) for name in Terms.__struct_fields__},
    )


def get(tx: Tx, tenant: Tenant, link_id: str) -> LinkWithProducts:
    """Raises NotFound, also for somebody else's."""
    link = _find(tx, tenant, link_id)
    return with_products(tx, tenant, [link])[0]


def get_of_anybody(tx: Tx, typed: str) -> Link:
    """For the operator, who types an id. Raises NotFound."""
    known = ids.parse_id(typed)
    link = store.find_for_page(tx, known) if known is not None else None
    if link is None or link.deleted_at is not None:
        raise NotFound("There is no such link.")
    return link


def list_page(
    tx: Tx, tenant: Tenant, narrow: store.Filter, after: Position | None, limit: int
) -> Page[LinkWithProducts]:
    page = store.list_page(tx, tenant, narrow, after, limit)
    return Page(with_products(tx, tenant, page.items), page.next)


def change(
    tx: Tx,
    tenant: Tenant,
    link_id: str,
    changes: Mapping[str, Any],
    product_ids: Sequence[str] | None,
    networks: Networks,
) -> Made:
    """`changes` are fields of Terms; absent ones stay. `product_ids` replaces the attachment.

    Payments that were started keep their amount. A product's own link follows its product: its
    amount is changed there.
    """
    link = _find_locked(tx, tenant, link_id)
    terms = msgspec.structs.replace(link.terms, **changes)
    products = _products_after(tx, tenant, link, product_ids)
    found = {
        **model.faults(terms),
        **rules.faults(tx, tenant, _changed_only(terms, changes), networks),
        **rules.product_faults(products, terms.currency),
        **_owned_faults(link, changes, product_ids),
        **_quantity_faults(tx, tenant, link, terms, products),
    }
    expires_at = changes.get("expires_at")
    if expires_at is not None and expires_at != link.expires_at and expires_at <= tx.now:
        found["expires_at"] = ["must be in the future"]
    if found:
        raise Invalid(found)
    changed = msgspec.structs.replace(link, **changes, version=link.version + 1, updated_at=tx.now)
    attached = [p.id for p in products]
    changed = _moved_by_terms(tx, changed, attached)
    store.save(tx, changed)
    if product_ids is not None:
        store.attach(tx, link.id, attached)
    facts.record_link(tx, "link.updated", changed, attached)
    if changed.expires_at != link.expires_at:
        _close_when_expired(tx, changed)
    full = LinkWithProducts(changed, tuple(products))
    ignored = _ignored(product_ids or (), attached)
    return Made(full, (*ignored, *_freed(link, changed), *rules.warnings(tx, tenant, full)))


def set_status(tx: Tx, tenant: Tenant, link_id: str, to: LinkStatus) -> Link:
    """`active` or `paused`. Raises Invalid or IllegalTransition on a link that came to its end."""
    link = _find_locked(tx, tenant, link_id)
    if not states.advance(model.STATES, link.status, to):
        return link
    ended = model.end_of(msgspec.structs.replace(link, status=LinkStatus.ACTIVE), tx.now)
    if ended is not None:
        raise Invalid({"status": [f"cannot be changed: the link has ended ({ended})"]})
    name = "link.paused" if to is LinkStatus.PAUSED else "link.resumed"
    return _moved(tx, link, to, None, name)


def delete(tx: Tx, tenant: Tenant, link_id: str) -> Link:
    """Its page says closed from now on; payments and their history stay."""
    link = _find_locked(tx, tenant, link_id)
    if link.product_id is not None:
        raise Invalid({"id": ["belongs to a product; delete the product instead"]})
    return remove(tx, link)


def remove(tx: Tx, link: Link) -> Link:
    gone = msgspec.structs.replace(link, deleted_at=tx.now)
    return _moved(tx, gone, LinkStatus.CLOSED, ClosedReason.DELETED, "link.deleted")


def close_expired(tx: Tx, link_id: str) -> None:
    """Closes a link whose time is over. Harmless where it is not, or not any more."""
    link = store.lock(tx, link_id)
    if link.status is not LinkStatus.CLOSED and model.end_of(link, tx.now) == "expired":
        _moved(tx, link, LinkStatus.CLOSED, ClosedReason.EXPIRED, "link.closed")


def is_payable(tx: Tx, link_id: str) -> bool:
    """Whether the link itself lets somebody pay now; places that are held are not looked at."""
    return model.end_of(store.lock(tx, link_id), tx.now) is None


def is_paid_up(tx: Tx, link_id: str) -> bool:
    """Whether it is paid as often as it may be."""
    link = store.find_for_page(tx, link_id)
    return link is not None and model.is_full(link)


def count_payment(tx: Tx, link_id: str, payment_id: str) -> bool:
    """A payment on this link was charged: its place becomes a count; the last one closes the link.

    False: the link had all its payments already, so this one is surplus and not counted.
    """
    link = store.lock(tx, link_id)
    store.free_place(tx, payment_id)
    if model.is_full(link):
        return False
    counted = msgspec.structs.replace(link, payments_count=link.payments_count + 1)
    if model.is_full(counted) and counted.status is not LinkStatus.CLOSED:
        _moved(tx, counted, LinkStatus.CLOSED, ClosedReason.LIMIT_REACHED, "link.closed")
    else:
        store.save(tx, msgspec.structs.replace(counted, version=link.version + 1))
    return True


def with_products(tx: Tx, tenant: Tenant, links: Sequence[Link]) -> list[LinkWithProducts]:
    attached = store.attached(tx, [link.id for link in links])
    wanted = sorted({i for product_ids in attached.values() for i in product_ids})
    products = {p.id: p for p in catalog.find_many(tx, tenant, wanted)}
    return [
        LinkWithProducts(link, tuple(products[i] for i in attached[link.id] if i in products))
        for link in links
    ]


def _find(tx: Tx, tenant: Tenant, link_id: str) -> Link:
    known = ids.parse_id(link_id)
    link = store.find(tx, tenant, known) if known else None
    if link is None:
        raise NotFound("There is no such link.")
    return link


def _find_locked(tx: Tx, tenant: Tenant, link_id: str) -> Link:
    """For a change: what is stored again must not have moved since it was read."""
    return store.lock(tx, _find(tx, tenant, link_id).id)


def _moved(
    tx: Tx, link: Link, to: LinkStatus, reason: ClosedReason | None, event_type: str
) -> Link:
    states.advance(model.STATES, link.status, to)
    moved = msgspec.structs.replace(
        link, status=to, status_reason=reason, version=link.version + 1, updated_at=tx.now
    )
    store.save(tx, moved)
    facts.record_link(tx, event_type, moved, store.attached(tx, [link.id])[link.id])
    return moved


def _moved_by_terms(tx: Tx, link: Link, attached: Sequence[str]) -> Link:
    """New terms can end a link (a limit below what was paid), and open again one that was closed
    by its limit or its time."""
    opened = msgspec.structs.replace(link, status=LinkStatus.ACTIVE, status_reason=None)
    if link.status is LinkStatus.CLOSED and model.end_of(opened, tx.now) is None:
        states.advance(model.STATES, link.status, opened.status)
        facts.record_link(tx, "link.resumed", opened, attached)
        return opened
    if link.status is not LinkStatus.CLOSED and model.is_full(link):
        states.advance(model.STATES, link.status, LinkStatus.CLOSED)
        closed = msgspec.structs.replace(
            link, status=LinkStatus.CLOSED, status_reason=ClosedReason.LIMIT_REACHED
        )
        facts.record_link(tx, "link.closed", closed, attached)
        return closed
    return link


def _close_when_expired(tx: Tx, link: Link) -> None:
    if link.expires_at is not None:
        payload = {"link_id": link.id, "merchant_id": link.merchant_id}
        key = f"{CLOSE_EXPIRED}:{link.id}:{link.expires_at}"
        jobs.add(tx, CLOSE_EXPIRED, payload, due_at=link.expires_at, key=key)


def _products_after(
    tx: Tx, tenant: Tenant, link: Link, product_ids: Sequence[str] | None
) -> list[Product]:
    if product_ids is None:
        product_ids = store.attached(tx, [link.id])[link.id]
    return catalog.find_many(tx, tenant, _known(product_ids))


def _changed_only(terms: Terms, changes: Mapping[str, Any]) -> Terms:
    """What stands already is not judged again: a list of origins may have become shorter since."""
    kept = ("image", "notify_url", "return_url", "fail_url")
    return msgspec.structs.replace(terms, **{n: None for n in kept if n not in changes})


def _quantity_faults(
    tx: Tx, tenant: Tenant, link: Link, terms: Terms, products: Sequence[Product]
) -> Faults:
    """A choice that a change of its products has ended already is in nobody's way."""
    asked, wanted = link.pay_config.quantity_max, terms.pay_config.quantity_max
    if wanted is None or (
        wanted == asked and with_products(tx, tenant, [link])[0].quantity_max is None
    ):
        return {}
    return rules.quantity_faults(terms, products)


def _owned_faults(
    link: Link, changes: Mapping[str, Any], product_ids: Sequence[str] | None
) -> Faults:
    if link.product_id is None:
        return {}
    words = ["follows the product that owns this link; change the product instead"]
    names = {
        "amount_minor": "amount.default",
        "currency": "amount.currency",
        "amount_type": "amount_type",
        "max_payments": "max_payments",
    }
    found = {
        api: words
        for name, api in names.items()
        if name in changes and changes[name] != getattr(link, name)
    }
    if product_ids is not None and list(product_ids) != [link.product_id]:
        found["products"] = words
    return found


def _known(product_ids: Sequence[str]) -> list[str]:
    """Canonical ids, each once, in the given order."""
    parsed = (ids.parse_id(text) for text in product_ids)
    return list(dict.fromkeys(i for i in parsed if i is not None))


def _ignored(given: Sequence[str], taken: Sequence[str]) -> tuple[Warned, ...]:
    missing = tuple(text for text in given if (ids.parse_id(text) or text) not in taken)
    if not missing:
        return ()
    return (Warned("ignored_products", "These products are not known here.", missing),)


def _freed(before: Link, after: Link) -> tuple[Warned, ...]:
    names = tuple(
        name
        for name in ("max_payments", "expires_at")
        if getattr(before, name) is not None and getattr(after, name) is None
    )
    if not names:
        return ()
    return (Warned("limit_removed", "The link has no such end any more.", names),)
