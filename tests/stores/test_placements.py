"""A link has codes of its own for each place where it hangs."""

from __future__ import annotations

import msgspec
import pytest

from handbill.infra.database import Tx
from handbill.kernel import ids
from handbill.links import placement_store as placements
from handbill.links.model import Link
from handbill.links.placement_store import Placement
from tests.support.shop import Shop

pytestmark = pytest.mark.anyio


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
    placements.add(tx, placement)
    return placement


async def test_placements_are_listed_in_the_order_in_which_they_were_made(shop: Shop) -> None:
    link = await shop.link()
    names = ["Window", "Table 1", "Table 2"]
    made = await shop.write(lambda tx: [placed(tx, link, name) for name in names])
    page = await shop.db.read(lambda tx: placements.list_page(tx, link.id, None, 10))
    assert [one.name for one in page.items] == names
    assert await shop.db.read(lambda tx: placements.find_by_code(tx, made[1].code)) == made[1]
    assert await shop.db.read(lambda tx: placements.count(tx, link.id)) == 3


async def test_a_removed_placement_is_still_found_by_its_code(shop: Shop) -> None:
    link = await shop.link()
    made = await shop.write(lambda tx: placed(tx, link, "Window"))

    def remove(tx: Tx) -> Placement:
        gone = msgspec.structs.replace(made, removed_at=tx.now)
        placements.save(tx, gone)
        return gone

    gone = await shop.write(remove)
    assert await shop.db.read(lambda tx: placements.find(tx, shop.tenant, made.id)) is None
    assert await shop.db.read(lambda tx: placements.find_by_code(tx, made.code)) == gone
    assert await shop.db.read(lambda tx: placements.names_taken(tx, link.id, ["Window"])) == set()
