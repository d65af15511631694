"""What the world is told about links and products: each event carries the object as it then was.

As the API shows it, but for addresses: those are built when something is shown.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

import msgspec

from handbill import events
from handbill.catalog.products import Product
from handbill.infra.database import Tx
from handbill.kernel.clock import iso
from handbill.links.model import AmountType, Link


def record_link(
    tx: Tx,
    event_type: str,
    link: Link,
    product_ids: Sequence[str],
    *,
    first: bool = False,
    more: Mapping[str, Any] = MappingProxyType({}),
) -> None:
    """`first`: the link is new in this transaction. `more` is told beside what every event
    tells."""
    events.record(
        tx,
        event_type,
        merchant_id=link.merchant_id,
        test=link.test,
        object_id=link.id,
        data={**_link(link, product_ids), **more},
        first=first,
    )


def record_product(tx: Tx, event_type: str, product: Product, *, first: bool = False) -> None:
    """`first`: the product is new in this transaction."""
    events.record(
        tx,
        event_type,
        merchant_id=product.merchant_id,
        test=product.test,
        object_id=product.id,
        data=_product(product),
        first=first,
    )


def _link(link: Link, product_ids: Sequence[str]) -> dict[str, Any]:
    amount: dict[str, Any] = {"default": link.amount_minor, "currency": link.currency}
    if link.amount_type is AmountType.DYNAMIC:
        amount |= {"min": link.min_minor, "max": link.max_minor}
    return {
        "id": link.id,
        "created": iso(link.created_at),
        "partner_id": link.merchant_id,
        "amount": amount,
        "amount_type": link.amount_type,
        "pay_config": msgspec.to_builtins(link.pay_config),
        "products": product_ids,
        "status": link.status,
        "status_reason": link.status_reason,
        "title": link.title,
        "description": link.description,
        "max_payments": link.max_payments,
        "payments_count": link.payments_count,
        "expires_at": None if link.expires_at is None else iso(link.expires_at),
        "notify_url": link.notify_url,
        "return_url": link.return_url,
        "fail_url": link.fail_url,
        "closed_message": link.closed_message,
        "metadata": link.metadata,
        "product": link.product_id,
        "test": link.test,
        "updated": iso(link.updated_at),
    }


def _product(product: Product) -> dict[str, Any]:
    return {
        "id": product.id,
        "created": iso(product.created_at),
        "partner_id": product.merchant_id,
        "header": product.header,
        "text": product.text,
        "price": product.price_minor,
        "currency": product.currency,
        "qty": product.qty,
        "link": product.link_id,
        "test": product.test,
        "updated": iso(product.updated_at),
    }
