"""What a print page shows: the link, its codes with their counts, and the templates. Read in one
snapshot, but for the pictures."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import msgspec

from handbill.infra.database import Tx
from handbill.infra.paging import Position
from handbill.kernel.money import Money
from handbill.links import placement_store, prints, service, traffic
from handbill.links.model import LinkWithProducts
from handbill.links.placement_store import Placement
from handbill.links.prints import Print
from handbill.links.traffic import Traffic
from handbill.merchants import service as merchants
from handbill.merchants.model import Merchant, Tenant

ROWS_MAX = 100
"""Placements on a page. All of them are printed all the same."""


class Snapshot(msgspec.Struct, frozen=True):
    """`placements` are some of `count`, those behind `after`; `next` is where the others begin.
    `price`: what paper is to say, None where the payer types it; `stale_count`: on the paper of how
    many codes, here or not, another one stands."""

    full: LinkWithProducts
    merchant: Merchant
    placements: Sequence[Placement]
    count: int
    after: Position | None
    next: Position | None
    traffic: dict[str, Traffic]
    printed: dict[str, Print]
    price: Money | None
    stale_count: int

    def version(self, ids: Sequence[str]) -> str:
        """Changes with whatever cards of these placements say of the link, its merchant and its
        places."""
        places = [one.name for one in self.placements if one.id in ids]
        said = msgspec.json.encode([self.full.link.version, self.merchant.updated_at, places])
        return hashlib.blake2b(said, digest_size=8).hexdigest()

    def first(self, ticked: Sequence[str] = ()) -> str | None:
        """The placement whose card is shown: of those that are ticked, if any of them is here."""
        ids = [one.id for one in self.placements]
        return next((one for one in ids if one in ticked), ids[0] if ids else None)

    def stale(self, code: str) -> Money | None:
        """The price on paper, where another one is asked now."""
        printed = self.printed.get(code)
        if printed is None or not prints.is_stale(printed, self.price):
            return None
        return printed.price


def read(tx: Tx, tenant: Tenant, link_id: str, after: Position | None = None) -> Snapshot:
    """Raises NotFound, also for somebody else's."""
    full = service.get(tx, tenant, link_id)
    link, merchant = full.link, merchants.get(tx, tenant.merchant_id)
    page = placement_store.list_page(tx, link.id, after, ROWS_MAX)
    price = prints.price_of(link, merchant)
    codes = [link.code, *(one.code for one in page.items)]
    return Snapshot(
        full=full,
        merchant=merchant,
        placements=page.items,
        count=placement_store.count(tx, link.id),
        after=after,
        next=page.next,
        traffic=traffic.totals(tx, link.id, codes),
        printed=prints.of_codes(tx, codes),
        price=price,
        stale_count=prints.count_stale(tx, link.id, price),
    )
