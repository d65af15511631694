"""Lists: a walk misses and repeats nothing, and filters find what they should."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any

import pytest

from handbill.catalog import store as catalog
from handbill.infra.database import Tx
from handbill.infra.paging import Page, Position
from handbill.kernel.clock import HOUR
from handbill.links import service, store
from handbill.links.model import AmountType
from handbill.links.store import Filter
from handbill.payments import service as payments
from handbill.payments import store as payment_store
from tests.support.shop import Shop

pytestmark = pytest.mark.anyio

Lister = Callable[[Tx, Position | None, int], Page[Any]]


async def found(shop: Shop, **narrow: Any) -> list[str]:
    """Titles, newest first."""
    page = await shop.db.read(
        lambda tx: service.list_page(tx, shop.tenant, Filter(**narrow), None, 100)
    )
    return [full.link.title or "" for full in page.items]


@pytest.mark.parametrize("noun", ["links", "products", "payments"])
async def test_a_walk_under_inserts_misses_and_repeats_nothing(shop: Shop, noun: str) -> None:
    """Many rows of one millisecond, and new ones that arrive between the pages."""
    rng, link = Random(7), await shop.link()
    narrow = payment_store.Filter()
    listers: dict[str, Lister] = {
        "links": lambda tx, after, n: store.list_page(tx, shop.tenant, Filter(), after, n),
        "products": lambda tx, after, n: catalog.list_page(tx, shop.tenant, after, n),
        "payments": lambda tx, after, n: payments.list_page(tx, shop.tenant, narrow, after, n),
    }

    async def add() -> str:
        if rng.random() < 0.3:
            shop.clock.advance(1)
        if noun == "links":
            return (await shop.link()).id
        if noun == "products":
            return (await shop.product()).id
        return (await shop.pay(link, payer=None)).payment.id

    async def page_after(after: Position | None) -> Page[Any]:
        return await shop.db.read(lambda tx: listers[noun](tx, after, rng.randint(1, 5)))

    made = [link.id] if noun == "links" else []
    made += [await add() for _ in range(23)]
    walked: list[str] = []
    after, more = None, True
    while more:
        page = await page_after(after)
        walked += [item.id for item in page.items]
        after, more = page.next, page.next is not None
        await add()

    assert walked == list(reversed(made))


async def test_a_page_that_is_just_full_is_the_last(shop: Shop) -> None:
    for _ in range(4):
        await shop.link()

    first = await shop.db.read(lambda tx: store.list_page(tx, shop.tenant, Filter(), None, 2))
    last = await shop.db.read(lambda tx: store.list_page(tx, shop.tenant, Filter(), first.next, 2))

    assert (len(first.items), len(last.items), last.next) == (2, 2, None)


async def test_links_are_found_by_words_in_any_script_and_case(shop: Shop) -> None:
    await shop.link(title="Кофе в Ёлках", description="Strasse")
    await shop.link(title="100% arabica", description="a_b")
    await shop.link(title="Tea", description="КОФЕ без кофеина")
    await shop.link()

    assert await found(shop, q="кОФЕ") == ["Tea", "Кофе в Ёлках"]
    assert await found(shop, q="ёлка") == ["Кофе в Ёлках"]
    assert await found(shop, q="STRASSE") == ["Кофе в Ёлках"]
    assert await found(shop, q="0%") == ["100% arabica"]
    assert await found(shop, q="A_B") == ["100% arabica"]
    assert await found(shop, q="_") == ["100% arabica"]
    assert await found(shop, q="!") == []


async def test_a_link_is_found_by_its_new_words(shop: Shop) -> None:
    link = await shop.link(title="Весна")
    await shop.change_link(link, title="ЛЕТО")

    assert await found(shop, q="лето") == ["ЛЕТО"]
    assert await found(shop, q="весна") == []


async def test_products_are_found_by_their_header(shop: Shop) -> None:
    await shop.product(header="ЭСПРЕССО")
    await shop.product(header="Tea")

    page = await shop.db.read(lambda tx: catalog.list_page(tx, shop.tenant, None, 10, "эспр"))

    assert [product.header for product in page.items] == ["ЭСПРЕССО"]


async def test_links_are_narrowed_by_every_filter(shop: Shop) -> None:
    began = shop.clock.now()
    coffee = await shop.product()
    await shop.make_link((coffee.id,), title="coffee", amount_minor=350)
    shop.clock.advance(HOUR)
    await shop.link(title="gift", amount_type=AmountType.DYNAMIC)
    await shop.charged(await shop.pay(await shop.link(title="used", max_payments=1)))

    assert await found(shop) == ["used", "gift", "coffee"]
    assert await found(shop, status="closed") == ["used"]
    assert await found(shop, status="active") == ["gift", "coffee"]
    assert await found(shop, amount_type="dynamic") == ["gift"]
    assert await found(shop, product=coffee.id) == ["coffee"]
    assert await found(shop, owner="product") == ["Coffee"]
    assert await found(shop, created_from=began + 1) == ["used", "gift"]
    assert await found(shop, created_to=began + HOUR) == ["coffee"]
    assert await found(shop, created_from=began, created_to=began) == []
    assert await found(shop, amount_type="fixed", status="active", q="cof") == ["coffee"]


async def test_payments_are_narrowed_by_every_filter(shop: Shop, neighbour: Shop) -> None:
    began = shop.clock.now()
    coffee = await shop.product()
    own = await shop.db.read(lambda tx: service.get(tx, shop.tenant, coffee.link_id))
    one = await shop.pay(own.link)
    await shop.charged(one)
    shop.clock.advance(HOUR)
    two = await shop.pay(await shop.link())
    await neighbour.pay(await neighbour.link())

    async def ids(**narrow: Any) -> list[str]:
        page = await shop.db.read(
            lambda tx: payments.list_page(tx, shop.tenant, payment_store.Filter(**narrow), None, 10)
        )
        return [payment.id for payment in page.items]

    assert await ids() == [two.payment.id, one.payment.id]
    assert await ids(status="charged") == [one.payment.id]
    assert await ids(link=own.link.id) == await ids(product=coffee.id) == [one.payment.id]
    assert await ids(txid=two.payment.txid) == [two.payment.id]
    assert await ids(created_from=began + HOUR) == [two.payment.id]
    assert await ids(created_to=began + HOUR) == [one.payment.id]
