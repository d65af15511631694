"""What was printed last of each code, and when the price on that paper is no longer asked."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from handbill.infra.database import Tx
from handbill.kernel.money import Money
from handbill.links import placements, prints, products, service
from handbill.links.model import AmountType, Link
from handbill.links.prints import Print, PrintedHost
from handbill.merchants import service as merchants
from tests.support.placements import placed
from tests.support.shop import FIVE_PERCENT, Shop

pytestmark = pytest.mark.anyio

HOST = "https://pay.example.com"


async def printed(shop: Shop, link: Link, **said: Any) -> Print:
    """The link's own code on paper with its price, or what `said` says instead."""

    def note(tx: Tx) -> Print:
        price = prints.price_of(link, merchants.get(tx, link.merchant_id))
        one = Print(
            code=link.code,
            link_id=link.id,
            base_url=HOST,
            template="table",
            amount_minor=None if price is None else price.minor,
            currency=None if price is None else price.currency,
            printed_at=tx.now,
        )
        one = msgspec.structs.replace(one, **said)
        prints.note(tx, [one])
        return one

    return await shop.write(note)


async def stale_codes(shop: Shop, link: Link) -> int:
    now = await shop.link_now(link)

    def count(tx: Tx) -> int:
        price = prints.price_of(now, merchants.get(tx, now.merchant_id))
        return prints.count_stale(tx, now.id, price)

    return await shop.db.read(count)


async def stale(shop: Shop, link: Link, code: str | None = None) -> Money | None:
    now = await shop.link_now(link)
    return await shop.db.read(lambda tx: prints.stale_price(tx, code or now.code, now))


async def test_the_last_print_of_a_code_is_known(shop: Shop) -> None:
    one, other, never = [await shop.link() for _ in range(3)]
    first = await printed(shop, one)
    shop.clock.advance(60_000)
    again = await printed(shop, one, template="poster")
    beside = await printed(shop, other)

    codes = [one.code, other.code, never.code]
    found = await shop.db.read(lambda tx: prints.of_codes(tx, codes))
    assert found == {one.code: again, other.code: beside}
    assert again.printed_at == first.printed_at + 60_000
    ids = [one.id, other.id, never.id]
    found = await shop.db.read(lambda tx: prints.of_links(tx, ids))
    assert found == {one.id: again, other.id: beside}
    assert await shop.db.read(lambda tx: prints.of_codes(tx, [])) == {}


async def test_a_printed_price_is_stale_when_the_link_asks_another(shop: Shop) -> None:
    link = await shop.link(amount_minor=1_000)
    assert await stale(shop, link) is None  # nothing was printed
    await printed(shop, link)
    assert await stale(shop, link) is None

    await shop.change_link(link, title="Renamed")
    assert await stale(shop, link) is None
    await shop.change_link(link, amount_minor=1_200)
    assert await stale(shop, link) == Money(1_000, "RUB")
    await shop.change_link(link, amount_minor=1_000, currency="USD")
    assert await stale(shop, link) == Money(1_000, "RUB")
    await shop.change_link(link, amount_minor=1_000, currency="RUB")
    assert await stale(shop, link) is None
    await shop.change_link(link, amount_type=AmountType.DYNAMIC)
    assert await stale(shop, link) == Money(1_000, "RUB")


async def test_a_products_price_goes_stale_with_the_product(shop: Shop) -> None:
    product = await shop.product(price_minor=350)
    own = await shop.db.read(lambda tx: service.get(tx, shop.tenant, product.link_id))
    await printed(shop, own.link)

    await shop.write(lambda tx: products.change(tx, shop.tenant, product.id, {"price_minor": 380}))
    assert await stale(shop, own.link) == Money(350, "RUB")


async def test_the_payers_fee_is_in_the_price(shop: Shop) -> None:
    link = await shop.link(amount_minor=1_000)
    await printed(shop, link)
    await shop.write(lambda tx: merchants.change(tx, shop.merchant.id, {"fee_rule": FIVE_PERCENT}))
    assert await stale(shop, link) == Money(1_000, "RUB")
    assert (await printed(shop, link)).price == Money(1_050, "RUB")
    assert await stale(shop, link) is None


async def test_paper_without_a_price_is_never_stale(shop: Shop) -> None:
    link = await shop.link()
    await printed(shop, link, amount_minor=None, currency=None)
    await shop.change_link(link, amount_minor=2_000)
    assert await stale(shop, link) is None


async def test_a_code_that_leads_to_another_link_now_is_judged_by_that_one(shop: Shop) -> None:
    before, now = await shop.link(amount_minor=1_000), await shop.link(amount_minor=2_000)
    table = await printed(shop, before, code="TAB1ETAB1E")
    assert await stale(shop, before, table.code) is None
    assert await stale(shop, now, table.code) == Money(1_000, "RUB")


async def test_all_codes_with_a_stale_price_are_counted(shop: Shop) -> None:
    link, other = await shop.link(amount_minor=1_000), await shop.link(amount_minor=2_000)
    places = ("1", "2", "3", "moved here", "never printed")
    *tables, moved, _ = await shop.write(lambda tx: [placed(tx, link, name) for name in places])
    await printed(shop, other)
    await printed(shop, link, code=tables[0].code)
    await printed(shop, link, code=tables[1].code, amount_minor=None, currency=None)
    assert await stale_codes(shop, link) == 0
    await printed(shop, other, code=moved.code)
    await printed(shop, link, code=tables[2].code, currency="USD")
    assert await stale_codes(shop, link) == 2

    await printed(shop, link)
    await shop.change_link(link, amount_minor=1_200)
    assert await stale_codes(shop, link) == 4
    await shop.change_link(link, amount_type=AmountType.DYNAMIC)
    assert await stale_codes(shop, link) == 4
    await shop.write(lambda tx: placements.remove(tx, shop.tenant, link.id, moved.id))
    assert (await stale_codes(shop, link), await stale_codes(shop, other)) == (3, 0)


async def test_hosts_on_paper_are_counted_by_codes(shop: Shop) -> None:
    links = [await shop.link() for _ in range(4)]
    for link in links[:2]:
        await printed(shop, link)
    await printed(shop, links[2], base_url="https://old.example.com")
    await printed(shop, links[3], base_url="https://gone.example.com")
    await shop.write(lambda tx: service.delete(tx, shop.tenant, links[3].id))

    assert await shop.db.read(prints.hosts) == [
        PrintedHost(HOST, 2),
        PrintedHost("https://old.example.com", 1),
    ]
