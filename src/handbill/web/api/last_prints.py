"""What was printed last of the codes that an answer shows, in `print` of a link, a product or a
placement."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated

import msgspec
from msgspec import Meta

from handbill.catalog.products import Product
from handbill.infra.database import Tx
from handbill.kernel.clock import iso
from handbill.kernel.money import Money
from handbill.links import prints, store
from handbill.links.model import Link
from handbill.links.prints import Print
from handbill.merchants import service as merchants
from handbill.web.api.values import Minor, Moment


class LastPrint(msgspec.Struct, frozen=True, kw_only=True):
    """What was printed of a code last."""

    template: str
    amount: (
        Annotated[
            Minor, Meta(description="The price on the paper, fee included; null where none is.")
        ]
        | None
    )
    currency: str | None
    printed_at: Moment
    stale: Annotated[bool, Meta(description="Whether another price is asked now.")]


LastPrints = Mapping[str, LastPrint]
"""By the link whose own code it is."""


def read(tx: Tx, links: Iterable[Link] = (), products: Iterable[Product] = ()) -> LastPrints:
    """Of links, and of the links that products own: of one merchant's all."""
    sold = {product.link_id: product for product in products}
    own = {link.id: link for link in links}
    found = prints.of_links(tx, [*sold, *own])
    if not found:
        return {}
    owners = {one.merchant_id for one in own.values()} | {p.merchant_id for p in sold.values()}
    [merchant] = [merchants.get(tx, owner) for owner in owners]
    prices: dict[str, Money | None] = {
        i: prints.with_fee(product.amount, merchant) for i, product in sold.items()
    }
    prices |= {i: prints.price_of(link, merchant) for i, link in own.items()}
    return {i: show_print(one, prices[i]) for i, one in found.items()}


def of_codes(tx: Tx, link_id: str, codes: Iterable[str]) -> Mapping[str, LastPrint]:
    """By code: of the placements of a link, whose price is asked there."""
    found = prints.of_codes(tx, codes)
    link = store.find_for_page(tx, link_id) if found else None
    if link is None:
        return {}
    price = prints.price_of(link, merchants.get(tx, link.merchant_id))
    return {code: show_print(one, price) for code, one in found.items()}


def show_print(printed: Print, price: Money | None) -> LastPrint:
    """`price`: what is asked now where the code leads."""
    return LastPrint(
        template=printed.template,
        amount=printed.amount_minor,
        currency=printed.currency,
        printed_at=iso(printed.printed_at),
        stale=prints.is_stale(printed, price),
    )
