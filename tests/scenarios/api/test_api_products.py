"""A product has a price, a page and a code of its own, and stands on links."""

from __future__ import annotations

from typing import Any

import pytest

from tests.scenarios.api.conftest import BASE, ApiHouse
from tests.scenarios.api.shapes import LINK, LINKS, PRODUCT, PRODUCTS, made

pytestmark = pytest.mark.anyio


async def test_a_product_has_the_fields_of_the_specification(house: ApiHouse) -> None:
    product = await made(house.shop, PRODUCTS, PRODUCT)

    assert {name: product[name] for name in PRODUCT} == PRODUCT
    assert (product["partner_id"], product["image"]) == (house.shop_merchant.id, None)
    assert product["created"] == "2026-03-01T10:00:00+00:00"
    assert product["url"] == f"{BASE}/pay/product/{product['id']}"
    assert product["qr_url"] == f"{BASE}/pay/product/{product['id']}/qr"


async def test_currency_and_quantity_have_their_defaults(house: ApiHouse) -> None:
    product = await made(house.shop, PRODUCTS, {"header": "Tea", "price": 100})

    assert (product["currency"], product["qty"], product["text"]) == ("RUB", "1", None)


@pytest.mark.parametrize(
    ("given", "shown"), [("0.5", "0.5"), (2, "2"), (1.5, "1.5"), (0.125, "0.125"), ("10", "10")]
)
async def test_a_quantity_is_answered_as_text(house: ApiHouse, given: Any, shown: str) -> None:
    product = await made(house.shop, PRODUCTS, {**PRODUCT, "price": 8000, "qty": given})

    assert product["qty"] == shown


async def test_a_product_owns_a_link_at_price_times_quantity(house: ApiHouse) -> None:
    product = await made(house.shop, PRODUCTS, {**PRODUCT, "qty": "2.5", "price": 200})

    link = (await house.shop.get(f"{LINKS}/{product['link']}")).json()["data"]

    assert link["amount"] == {"default": 500, "currency": "RUB"}
    assert (link["amount_type"], link["max_payments"]) == ("fixed", None)
    assert (link["product"], link["products"]) == (product["id"], [product])


async def test_the_link_follows_the_product(house: ApiHouse) -> None:
    product = await made(house.shop, PRODUCTS, PRODUCT)
    change = {"price": 400, "currency": "USD", "text": None}

    answer = await house.shop.patch(f"{PRODUCTS}/{product['id']}", json=change)

    assert answer.json()["data"] == {**product, **change}
    link = (await house.shop.get(f"{LINKS}/{product['link']}")).json()["data"]
    assert link["amount"] == {"default": 400, "currency": "USD"}


async def test_a_product_that_was_read_can_be_sent_back(house: ApiHouse) -> None:
    product = await made(house.shop, PRODUCTS, PRODUCT)

    answer = await house.shop.patch(f"{PRODUCTS}/{product['id']}", json=product)

    assert (answer.status_code, answer.json()) == (200, {"data": product})


@pytest.mark.parametrize("name", ["header", "price", "currency", "qty"])
async def test_null_is_refused_where_something_must_stand(house: ApiHouse, name: str) -> None:
    product = await made(house.shop, PRODUCTS, PRODUCT)

    answer = await house.shop.patch(f"{PRODUCTS}/{product['id']}", json={name: None})

    assert (answer.status_code, list(answer.json()["details"])) == (422, [name])


async def test_a_deleted_product_leaves_its_links(house: ApiHouse) -> None:
    product = await made(house.shop, PRODUCTS, PRODUCT)
    link = await made(house.shop, LINKS, {**LINK, "products": [product["id"]]})
    path = f"{PRODUCTS}/{product['id']}"

    answers = [await house.shop.delete(path), await house.shop.delete(path)]

    assert [a.status_code for a in answers] == [200, 404]
    assert answers[0].json() == {"data": {"id": product["id"], "deleted": True}}
    assert (await house.shop.get(f"{LINKS}/{product['link']}")).status_code == 404
    left = (await house.shop.get(f"{LINKS}/{link['id']}")).json()["data"]
    assert left["products"] == []


async def test_products_are_listed_newest_first_and_found_by_header(house: ApiHouse) -> None:
    names = ["Tea", "Green tea", "Coffee"]
    ids = [(await made(house.shop, PRODUCTS, {"header": n, "price": 1}))["id"] for n in names]

    everything = (await house.shop.get(PRODUCTS)).json()
    tea = (await house.shop.get(f"{PRODUCTS}?q=TEA")).json()

    assert [p["id"] for p in everything["data"]] == ids[::-1]
    assert [p["header"] for p in tea["data"]] == ["Green tea", "Tea"]


async def test_a_product_in_another_currency_cannot_stand_on_a_link(house: ApiHouse) -> None:
    product = await made(house.shop, PRODUCTS, {**PRODUCT, "currency": "USD"})

    answer = await house.shop.post(LINKS, json={**LINK, "products": [product["id"]]})

    assert (answer.status_code, list(answer.json()["details"])) == (422, ["products.0"])


async def test_lines_that_do_not_add_up_are_warned_of(house: ApiHouse) -> None:
    product = await made(house.shop, PRODUCTS, PRODUCT)

    answer = await house.shop.post(LINKS, json={**LINK, "products": [product["id"]]})

    assert [w["code"] for w in answer.json()["warnings"]] == ["products_total_differs"]
