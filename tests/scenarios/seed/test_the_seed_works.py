"""Every command of the specification runs as it stands, and is answered in its shapes.

The commands are the specification's text. What an answer has beyond it is of no concern here:
the specification's fields come first, in its order, with its names and its types.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import httpx2
import pytest

from handbill.merchants.fees import Fee, FeeRule
from tests.scenarios.seed.terminal import Terminal
from tests.support.running import JSON, RunningHouse
from tests.unit.catalog.photos import gradient, written

pytestmark = pytest.mark.anyio

CREATE = """curl -X POST https://4pay.online/api/v1/links \\
-H "Content-Type: application/json" \\
-H "x-api-key: YOUR_API_KEY" \\
-d '{
"amount": {
"default": 1000,
"currency": "RUB"
},
"amount_type": "fixed",
"pay_config": {
"methods": ["card"]
}
}'"""
CREATE_WITH_PRODUCTS = """curl -X POST https://4pay.online/api/v1/links \\
-H "Content-Type: application/json" \\
-H "x-api-key: YOUR_API_KEY" \\
-d '{
"amount": { "default": 198000, "currency": "RUB" },
"amount_type": "fixed",
"pay_config": { "methods": ["card"] },
"products": [
"550e8400-e29b-41d4-a716-446655440000",
"660f9500-f39c-52e5-b827-557766551111"
]
}'"""
ATTACH = """curl -X PATCH https://4pay.online/api/v1/links/abc12345-... \\
-H "Content-Type: application/json" \\
-H "x-api-key: YOUR_API_KEY" \\
-d '{ "products": ["550e8400-e29b-41d4-a716-446655440000"] }'"""
READ = """curl https://4pay.online/api/v1/links/abc12345-... \\
-H "x-api-key: YOUR_API_KEY\""""
LIST = """curl https://4pay.online/api/v1/links \\
-H "x-api-key: YOUR_API_KEY\""""
CHANGE = """curl -X PATCH https://4pay.online/api/v1/links/abc12345-... \\
-H "Content-Type: application/json" \\
-H "x-api-key: YOUR_API_KEY" \\
-d '{
"amount": {
"default": 2000,
"currency": "RUB"
}
}'"""
DELETE = """curl -X DELETE https://4pay.online/api/v1/links/abc12345-... \\
-H "x-api-key: YOUR_API_KEY\""""
CREATE_PRODUCT = """curl -X POST https://4pay.online/api/v1/products \\
-H "Content-Type: application/json" \\
-H "x-api-key: YOUR_API_KEY" \\
-d '{
"header": "Coffee",
"text": "Espresso 200ml",
"price": 350,
"currency": "RUB",
"qty": "1"
}'"""
UPLOAD = """curl -X POST https://4pay.online/api/v1/images \\
-H "x-api-key: YOUR_API_KEY" \\
-F "image=@photo.jpg\""""

LINK = "abc12345-..."
FIRST = "550e8400-e29b-41d4-a716-446655440000"
SECOND = "660f9500-f39c-52e5-b827-557766551111"
DETACH = ATTACH.replace(f'["{FIRST}"]', "[]")

LINK_FIELDS = [
    *("id", "created", "partner_id", "amount", "amount_type", "pay_config", "image", "products")
]
PRODUCT_FIELDS = ["header", "text", "price", "currency", "qty", "image"]
WEBHOOK_FIELDS = [
    *("type", "link", "txid", "id", "status"),
    *("amount", "amount_dest", "amount_with_fee", "error_description"),
]
UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def data_of(answer: httpx2.Response, status: int = 200) -> Any:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/json"
    body = answer.json()
    assert next(iter(body)) == "data"
    return body["data"]


def is_a_link(link: dict[str, Any]) -> bool:
    """Names and order of the specification, and the JSON type of every field of it."""
    assert list(link)[: len(LINK_FIELDS)] == LINK_FIELDS
    assert UUID.fullmatch(link["id"])
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00", link["created"])
    assert type(link["partner_id"]) is int
    assert list(link["amount"]) == ["default", "currency"]
    assert type(link["amount"]["default"]) is int
    assert list(link["pay_config"]) == ["methods"]
    return True


async def test_a_link_is_made(terminal: Terminal, house: RunningHouse) -> None:
    answer = await terminal.run(CREATE)

    link = data_of(answer, 201)
    assert is_a_link(link)
    assert list(answer.json()) == ["data"]
    assert {name: link[name] for name in LINK_FIELDS} == {
        "id": link["id"],
        "created": "2026-03-01T10:00:00+00:00",
        "partner_id": house.merchant.id,
        "amount": {"default": 1000, "currency": "RUB"},
        "amount_type": "fixed",
        "pay_config": {"methods": ["card"]},
        "image": None,
        "products": [],
    }


async def test_a_link_is_made_with_products_that_come_back_whole(terminal: Terminal) -> None:
    first = data_of(await terminal.run(CREATE_PRODUCT), 201)
    dear = CREATE_PRODUCT.replace("350", "197650").replace("Coffee", "Machine")
    second = data_of(await terminal.run(dear), 201)

    answer = await terminal.run(CREATE_WITH_PRODUCTS, {FIRST: first["id"], SECOND: second["id"]})

    link = data_of(answer, 201)
    assert is_a_link(link)
    assert list(answer.json()) == ["data"]
    assert link["products"] == [first, second]
    assert [product["price"] for product in link["products"]] == [350, 197_650]


async def test_products_that_nobody_knows_are_ignored(terminal: Terminal) -> None:
    answer = await terminal.run(CREATE_WITH_PRODUCTS)

    assert data_of(answer, 201)["products"] == []
    [warning] = answer.json()["warnings"]
    assert (warning["code"], warning["names"]) == ("ignored_products", [FIRST, SECOND])


async def test_the_product_binding_is_replaced_kept_and_emptied(terminal: Terminal) -> None:
    first = data_of(await terminal.run(CREATE_PRODUCT), 201)
    second = data_of(await terminal.run(CREATE_PRODUCT), 201)
    ids = {FIRST: first["id"], SECOND: second["id"]}
    ids[LINK] = data_of(await terminal.run(CREATE_WITH_PRODUCTS, ids), 201)["id"]

    replaced = data_of(await terminal.run(ATTACH, ids))
    kept = data_of(await terminal.run(CHANGE, ids))
    emptied = data_of(await terminal.run(DETACH, ids))

    assert [product["id"] for product in replaced["products"]] == [first["id"]]
    assert [product["id"] for product in kept["products"]] == [first["id"]]
    assert emptied["products"] == []
    assert data_of(await terminal.run(READ, ids)) == emptied


async def test_a_link_is_read_as_it_was_made(terminal: Terminal) -> None:
    link = data_of(await terminal.run(CREATE), 201)

    answer = await terminal.run(READ, {LINK: link["id"]})

    assert data_of(answer) == link
    assert list(answer.json()) == ["data"]


async def test_links_are_listed(terminal: Terminal) -> None:
    older, newer = [data_of(await terminal.run(CREATE), 201) for _ in range(2)]

    links = data_of(await terminal.run(LIST))

    assert links == [newer, older]
    assert all(is_a_link(link) for link in links)


async def test_a_link_is_changed_and_nothing_else_of_it(
    terminal: Terminal, house: RunningHouse
) -> None:
    link = data_of(await terminal.run(CREATE), 201)
    house.clock.advance(1_000)

    changed = data_of(await terminal.run(CHANGE, {LINK: link["id"]}))

    assert is_a_link(changed)
    assert changed == {
        **link,
        "amount": {"default": 2000, "currency": "RUB"},
        "updated": "2026-03-01T10:00:01+00:00",
    }


async def test_a_link_is_deleted(terminal: Terminal) -> None:
    link = data_of(await terminal.run(CREATE), 201)
    ids = {LINK: link["id"]}

    assert data_of(await terminal.run(DELETE, ids))["id"] == link["id"]

    assert (await terminal.run(READ, ids)).status_code == 404
    assert (await terminal.run(DELETE, ids)).status_code == 404
    assert data_of(await terminal.run(LIST)) == []


async def test_a_product_is_made_with_a_code_of_its_own(
    terminal: Terminal, house: RunningHouse
) -> None:
    product = data_of(await terminal.run(CREATE_PRODUCT), 201)

    assert [name for name in product if name in PRODUCT_FIELDS] == PRODUCT_FIELDS
    assert {name: product[name] for name in PRODUCT_FIELDS} == {
        "header": "Coffee",
        "text": "Espresso 200ml",
        "price": 350,
        "currency": "RUB",
        "qty": "1",
        "image": None,
    }
    assert type(product["price"]) is int
    code = await house.payer.get(product["qr_url"])
    assert (code.status_code, code.headers["content-type"]) == (200, "image/png")


async def test_currency_and_quantity_of_a_product_go_without_saying(terminal: Terminal) -> None:
    short = CREATE_PRODUCT.replace('"price": 350,\n"currency": "RUB",\n"qty": "1"', '"price": 350')
    assert short != CREATE_PRODUCT

    product = data_of(await terminal.run(short), 201)

    assert (product["currency"], product["qty"]) == ("RUB", "1")


async def test_a_picture_is_uploaded_and_named_by_its_address(
    terminal: Terminal, house: RunningHouse, tmp_path: Path
) -> None:
    (tmp_path / "photo.jpg").write_bytes(written(gradient(64, 48), "JPEG"))

    answer = await terminal.run(UPLOAD)

    assert list(data_of(answer, 201)) == ["url"]
    url = answer.json()["data"]["url"]
    place = rf"images/uploads/{house.merchant.id}/\d{{13}}[0-9a-z]+-photo\.jpg"
    assert re.fullmatch(rf"{re.escape(house.url)}/{place}", url)
    seen = await house.payer.get(url)
    assert (seen.status_code, seen.headers["content-type"]) == (200, "image/jpeg")
    for command in (CREATE, CREATE_PRODUCT):
        pictured = command.replace("-d '{", f'-d \'{{"image": "{url}",')
        assert data_of(await terminal.run(pictured), 201)["image"] == url


async def charge(house: RunningHouse, link: dict[str, Any]) -> None:
    """Pays by script, with a card that is approved."""
    approve = {"metadata": {"sandbox_scenario": "approve"}}
    assert (await house.shop.patch(f"/api/v1/links/{link['id']}", json=approve)).is_success
    paid = await house.payer.post(link["url"], data={"method": "card"}, headers=JSON)
    assert paid.status_code == 201, paid.text
    await house.settle()


async def test_a_paid_link_is_told_by_webhook(terminal: Terminal, house: RunningHouse) -> None:
    five_percent = Fee(basis_points=500)
    await house.change_merchant(fee_rule=FeeRule(payer=five_percent, merchant=five_percent))
    link = data_of(await terminal.run(CREATE), 201)

    await charge(house, link)

    [body] = house.told
    payment = await house.payment()
    assert list(body)[: len(WEBHOOK_FIELDS)] == WEBHOOK_FIELDS
    assert {name: body[name] for name in WEBHOOK_FIELDS} == {
        "type": "link",
        "link": link["id"],
        "txid": payment["txid"],
        "id": payment["id"],
        "status": "charged",
        "amount": 1000,
        "amount_dest": 950,
        "amount_with_fee": 1050,
        "error_description": "",
    }
    amounts = [body[name] for name in WEBHOOK_FIELDS if name.startswith("amount")]
    assert all(type(amount) is int for amount in amounts)
    assert UUID.fullmatch(body["id"])
    assert type(body["txid"]) is str
    assert house.receiver.heard[0].headers["content-type"] == "application/json"


async def test_a_paid_product_is_told_as_a_link_too(
    terminal: Terminal, house: RunningHouse
) -> None:
    product = data_of(await terminal.run(CREATE_PRODUCT), 201)
    link = data_of(await terminal.run(READ, {LINK: product["link"]}))

    await charge(house, link)

    [body] = house.told
    assert list(body)[: len(WEBHOOK_FIELDS)] == WEBHOOK_FIELDS
    assert (body["type"], body["link"], body["amount"]) == ("link", product["link"], 350)
