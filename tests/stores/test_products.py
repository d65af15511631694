"""Products and the permanent link that each of them owns."""

from __future__ import annotations

from typing import Any

import pytest

from handbill.catalog.products import Product, ProductTerms
from handbill.kernel.errors import Invalid, LinkNotPayable, NotFound
from handbill.kernel.money import Money
from handbill.links import products, service
from handbill.links.model import AmountType, Link, LinkStatus
from handbill.merchants.model import Tenant
from tests.support.shop import Shop

pytestmark = pytest.mark.anyio

UNSALEABLE: list[tuple[dict[str, Any], str]] = [
    ({"header": "  "}, "header"),
    ({"header": "x" * 201}, "header"),
    ({"text": "x" * 1_001}, "text"),
    ({"price_minor": 0}, "price"),
    ({"price_minor": 10**12 + 1}, "price"),
    ({"price_minor": 10**12, "qty": "2"}, "qty"),
    ({"price_minor": 1, "qty": "0.5"}, "qty"),
    ({"qty": "0"}, "qty"),
    ({"qty": "1.2345"}, "qty"),
    ({"qty": "-1"}, "qty"),
    ({"qty": "1e2"}, "qty"),
    ({"currency": "rub"}, "currency"),
    ({"image": "images/uploads/1/foreign.png"}, "image"),
]


async def change(shop: Shop, product: Product, **changes: Any) -> Product:
    return await shop.write(lambda tx: products.change(tx, shop.tenant, product.id, changes))


async def own_link(shop: Shop, product: Product) -> Link:
    return (await shop.db.read(lambda tx: service.get(tx, shop.tenant, product.link_id))).link


async def told(shop: Shop, object_id: str) -> list[str]:
    return [event.type for event in await shop.events(object_id)]


async def test_a_product_is_read_as_it_was_made(shop: Shop) -> None:
    terms = ProductTerms(header="Кофе", price_minor=350, qty="2.5", currency="RUB", text="200 ml")

    made = await shop.write(lambda tx: products.create(tx, shop.tenant, terms))

    assert await shop.db.read(lambda tx: products.get(tx, shop.tenant, made.id)) == made
    assert (made.header, made.qty, made.amount) == ("Кофе", "2.5", Money(875, "RUB"))
    assert await told(shop, made.id) == ["product.created"]


async def test_a_product_owns_a_permanent_link_over_price_times_quantity(shop: Shop) -> None:
    product = await shop.product(header="Coffee", price_minor=350, qty="2", text="Espresso")

    link = await own_link(shop, product)

    assert (link.product_id, link.amount_type) == (product.id, AmountType.FIXED)
    assert (link.amount, link.max_payments) == (Money(700, "RUB"), None)
    assert (link.title, link.description) == ("Coffee", "Espresso")
    full = await shop.db.read(lambda tx: service.get(tx, shop.tenant, link.id))
    assert (full.products, full.lines_add_up) == ((product,), True)


async def test_a_payment_for_a_product_names_it(shop: Shop) -> None:
    product = await shop.product()

    payment = await shop.charged(await shop.pay(await own_link(shop, product)))

    assert (payment.link_id, payment.product_id) == (product.link_id, product.id)
    body = (await shop.events(payment.id))[-1].data["webhook"]["body"]
    assert (body["link"], body["product"]) == (product.link_id, product.id)


async def test_the_link_follows_its_product_and_every_page_is_made_anew(shop: Shop) -> None:
    product = await shop.product()
    before = await own_link(shop, product)
    menu = (await shop.make_link((product.id,))).full.link
    shop.clock.advance(1)

    changed = await change(shop, product, header="Mocha", price_minor=400, qty="3", text="Hot")

    after = await own_link(shop, product)
    assert (after.amount_minor, after.title, after.description) == (1_200, "Mocha", "Hot")
    assert (after.code, after.version > before.version) == (before.code, True)
    assert (await shop.link_now(menu)).version > menu.version
    assert changed.updated_at == shop.clock.now()
    assert await told(shop, product.id) == ["product.created", "product.updated"]


async def test_a_currency_changes_only_while_no_other_link_shows_the_product(shop: Shop) -> None:
    product = await shop.product()
    menu = (await shop.make_link((product.id,))).full.link
    with pytest.raises(Invalid) as refused:
        await change(shop, product, currency="USD")
    assert list(refused.value.faults) == ["currency"]

    await shop.change_link(menu, ())
    await change(shop, product, currency="USD")

    assert (await own_link(shop, product)).currency == "USD"


async def test_the_link_of_a_product_is_changed_through_its_product(shop: Shop) -> None:
    product, other = await shop.product(), await shop.product()
    link = await own_link(shop, product)

    with pytest.raises(Invalid) as refused:
        await shop.change_link(link, (other.id,), amount_minor=1, currency="USD", max_payments=1)
    assert set(refused.value.faults) >= {
        *("amount.default", "amount.currency", "max_payments", "products")
    }
    with pytest.raises(Invalid):
        await shop.write(lambda tx: service.delete(tx, shop.tenant, link.id))

    # Sent back as it was read, with words of its own, it is taken.
    same = await shop.change_link(link, (product.id,), amount_minor=350, closed_message="Bye")
    assert same.full.link.closed_message == "Bye"


async def test_a_product_that_could_not_be_sold_is_refused(shop: Shop) -> None:
    for terms, field in UNSALEABLE:
        with pytest.raises(Invalid) as refused:
            await shop.product(**terms)
        assert list(refused.value.faults) == [field]
    assert await shop.events() == []


async def test_a_deleted_product_closes_its_link_and_leaves_the_others(shop: Shop) -> None:
    product, other = await shop.product(), await shop.product(header="Tea")
    link = await own_link(shop, product)
    menu = (await shop.make_link((product.id, other.id))).full.link
    started = await shop.pay(link)

    await shop.write(lambda tx: products.delete(tx, shop.tenant, product.id))

    with pytest.raises(NotFound):
        await change(shop, product, header="Again")
    assert (await shop.link_now(link)).status is LinkStatus.CLOSED
    with pytest.raises(LinkNotPayable) as refused:
        await shop.pay(link, payer="boris")
    assert refused.value.state == "deleted"
    shown = await shop.db.read(lambda tx: service.get(tx, shop.tenant, menu.id))
    assert ([p.id for p in shown.products], shown.link.version > menu.version) == (
        [other.id],
        True,
    )
    assert (await shop.charged(started)).product_id == product.id
    assert await told(shop, product.id) == ["product.created", "product.deleted"]
    assert await told(shop, link.id) == ["link.deleted"]


async def test_a_product_of_another_is_not_found(shop: Shop, neighbour: Shop) -> None:
    product = await shop.product()
    for tenant in (neighbour.tenant, Tenant(shop.merchant.id, test=False)):
        for verb in (
            lambda tx, t=tenant: products.get(tx, t, product.id),
            lambda tx, t=tenant: products.change(tx, t, product.id, {"price_minor": 1}),
            lambda tx, t=tenant: products.delete(tx, t, product.id),
        ):
            with pytest.raises(NotFound):
                await shop.db.write(verb)
    assert await shop.db.read(lambda tx: products.get(tx, shop.tenant, product.id)) == product
