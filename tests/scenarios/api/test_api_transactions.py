"""One-off payments: ordered by the merchant, found by its own name for them."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.scenarios.api.conftest import BASE, ApiHouse
from tests.scenarios.api.shapes import TRANSACTIONS, made

pytestmark = pytest.mark.anyio


def order(**params: Any) -> dict[str, Any]:
    return {"params": {"type": "payment", "amount": 1000, "currency": "RUB", **params}}


FULL = order(
    txid="order-1001",
    returnUrl="https://shop.example/back",
    failUrl="https://shop.example/failed",
    notifyUrl="http://127.0.0.1:9000/paid",
    description="Order 1001",
    customer={"email": "a@b.example", "phone": "+70000000000", "name": "Ann"},
    lang="ru",
    metadata={"till": "3"},
)


async def test_a_payment_is_made_with_a_page_to_pay_it_on(house: ApiHouse) -> None:
    payment = await made(house.shop, TRANSACTIONS, FULL)

    expected = {
        "txid": "order-1001",
        "type": "payment",
        "status": "created",
        "amount": 1000,
        "amount_with_fee": 1000,
        "amount_dest": 0,
        "currency": "RUB",
        "link": None,
        "product": None,
        "method": None,
        "refunded_amount": 0,
        "error_code": None,
        "error_description": "",
        "surplus": False,
        "late": False,
        "created": "2026-03-01T10:00:00+00:00",
        "charged_at": None,
        "metadata": {"till": "3"},
        "test": True,
    }
    assert {name: payment[name] for name in expected} == expected
    assert payment["payment_url"].startswith(f"{BASE}/pay/status/")
    assert payment["id"] not in payment["payment_url"]


async def test_a_payment_is_read_and_listed(house: ApiHouse) -> None:
    payment = await made(house.shop, TRANSACTIONS, FULL)
    await made(house.shop, TRANSACTIONS, order())

    one = await house.shop.get(f"{TRANSACTIONS}/{payment['id']}")
    found = await house.shop.get(f"{TRANSACTIONS}?txid=order-1001&status=created")

    assert one.json() == {"data": payment}
    assert found.json()["data"] == [payment]


async def test_a_payer_fee_stands_in_the_total(house: ApiHouse) -> None:
    rule = {"payer": {"basis_points": 500}, "merchant": {"basis_points": 500}}
    change = {"fee_rule": rule}
    await house.send_the_other_away()
    assert (await house.shop.patch("/api/v1/merchant", json=change)).status_code == 200

    payment = await made(house.shop, TRANSACTIONS, order())

    assert (payment["amount"], payment["amount_with_fee"]) == (1000, 1050)


async def test_the_same_order_again_is_the_same_payment(house: ApiHouse) -> None:
    payment = await made(house.shop, TRANSACTIONS, FULL)

    again = await house.shop.post(TRANSACTIONS, json=FULL)

    assert (again.status_code, again.json()) == (200, {"data": payment})


@pytest.mark.parametrize(
    "change", [{"amount": 1001}, {"currency": "USD"}, {"metadata": {}}, {"customer": None}]
)
async def test_another_order_under_the_same_name_is_refused(
    house: ApiHouse, change: dict[str, Any]
) -> None:
    await made(house.shop, TRANSACTIONS, FULL)

    answer = await house.shop.post(TRANSACTIONS, json={"params": {**FULL["params"], **change}})

    assert (answer.status_code, answer.json()["error"]) == (409, "duplicate_txid")


async def test_the_name_is_free_for_others_and_in_the_other_mode(house: ApiHouse) -> None:
    body = order(txid="order-1001")

    for client in (house.shop, house.other, house.shop_live):
        await made(client, TRANSACTIONS, body)


async def test_of_many_same_orders_at_once_one_makes_the_payment(house: ApiHouse) -> None:
    answers = await asyncio.gather(
        *(house.shop.post(TRANSACTIONS, json=order(txid="race")) for _ in range(20))
    )

    assert sorted(a.status_code for a in answers) == [200] * 19 + [201]
    assert len({a.json()["data"]["id"] for a in answers}) == 1


async def test_a_live_payer_is_sent_back_only_to_a_known_origin(house: ApiHouse) -> None:
    body = order(returnUrl="https://shop.example/back")

    answer = await house.shop_live.post(TRANSACTIONS, json=body)

    assert (answer.status_code, list(answer.json()["details"])) == (422, ["params.returnUrl"])
