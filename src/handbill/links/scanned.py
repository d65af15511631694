"""What a printed code leads to: a link, by its own code or by that of one of its placements."""

from __future__ import annotations

import msgspec

from handbill.infra.database import Tx
from handbill.kernel.money import Money
from handbill.links import placement_store, prints, store
from handbill.links.model import AmountType, Link
from handbill.links.placement_store import Placement


class Scanned(msgspec.Struct, frozen=True):
    """`placement` is None for the link's own code. `stale_price`: what the paper says, where the
    link asks another fixed price by now."""

    code: str
    link: Link
    placement: Placement | None
    stale_price: Money | None

    @property
    def placement_id(self) -> str | None:
        return self.placement.id if self.placement is not None else None


def find(tx: Tx, code: str) -> Scanned | None:
    """Also by the code of a placement that was removed: it hangs somewhere. One that was moved
    leads to its present link. `code` is in its canonical form."""
    placement, link = None, store.find_by_code(tx, code)
    if link is None:
        placement = placement_store.find_by_code(tx, code)
        link = store.find_for_page(tx, placement.link_id) if placement is not None else None
    if link is None:
        return None
    stale = None
    if link.amount_type is AmountType.FIXED:
        stale = prints.stale_price(tx, code, link)
    return Scanned(code, link, placement, stale)
