"""A link that hangs in several places, and paper with a price."""

from __future__ import annotations

from handbill.infra.database import Tx
from handbill.kernel import ids
from handbill.links import placement_store, prints
from handbill.links.model import Link
from handbill.links.placement_store import Placement
from handbill.links.prints import Print


def placed(tx: Tx, link: Link, name: str) -> Placement:
    placement = Placement(
        id=ids.new_id(tx.now),
        merchant_id=link.merchant_id,
        test=link.test,
        link_id=link.id,
        code=ids.short_code(),
        name=name,
        created_at=tx.now,
        updated_at=tx.now,
    )
    placement_store.add(tx, placement)
    return placement


def printed(tx: Tx, link: Link, code: str, amount_minor: int, currency: str = "RUB") -> None:
    """On paper with this code stands this price."""
    one = Print(code, link.id, "https://pay.example", "sticker", amount_minor, currency, tx.now)
    prints.note(tx, [one])
