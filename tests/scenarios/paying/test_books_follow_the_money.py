"""What a payer paid stands in the books at once, under the merchant's own name for it."""

from __future__ import annotations

import csv
import io

import pytest

from handbill.merchants.fees import Fee, FeeRule
from tests.support.books import judge_books
from tests.support.payers import Payer
from tests.support.running import RunningHouse

pytestmark = pytest.mark.anyio

FORMULA = '=HYPERLINK("https://evil.example")'


async def test_a_charge_is_in_the_balance_and_in_the_statement(
    house: RunningHouse, payer: Payer
) -> None:
    await house.change_merchant(fee_rule=FeeRule(payer=Fee(500), merchant=Fee(500)))
    link = await house.make_link()
    await payer.decide(await payer.begin(link["url"]), "approve")
    await house.settle()
    payment = await house.payment()

    [roubles] = (await house.shop.get("/api/v1/balance")).json()["data"]["balances"]
    [entry] = (await house.shop.get("/api/v1/statement")).json()["data"]

    assert roubles["held"] == payment["amount_dest"] == 950
    assert roubles["income"] == payment["amount_with_fee"] == 1050
    assert (entry["transaction"], entry["txid"]) == (payment["id"], payment["txid"])
    await judge_books(house.house.db)


async def test_a_refund_is_an_entry_about_the_same_payment(
    house: RunningHouse, payer: Payer
) -> None:
    link = await house.make_link()
    await payer.decide(await payer.begin(link["url"]), "approve")
    await house.settle()
    payment = await house.payment()
    path = f"/api/v1/transactions/{payment['id']}/refunds"
    assert (await house.shop.post(path, json={"amount": 400})).status_code == 201
    await house.settle()

    [roubles] = (await house.shop.get("/api/v1/balance")).json()["data"]["balances"]
    charge, refund = (await house.shop.get("/api/v1/statement")).json()["data"]

    assert (roubles["held"], roubles["income"]) == (600, 600)
    assert (charge["type"], refund["type"]) == ("charge", "refund")
    assert charge["transaction"] == refund["transaction"] == payment["id"]
    await judge_books(house.house.db)


async def test_a_name_that_is_a_formula_is_none_in_the_sheet(
    house: RunningHouse, payer: Payer
) -> None:
    params = {"type": "payment", "amount": 1000, "currency": "RUB", "txid": FORMULA}
    made = await house.shop.post("/api/v1/transactions", json={"params": params})
    opened = await payer.http.get(made.json()["data"]["payment_url"])
    await payer.decide(await payer.begin(opened.headers["location"]), "approve")
    await house.settle()

    sheet = await house.shop.get("/api/v1/statement", headers={"accept": "text/csv"})
    rows = list(csv.DictReader(io.StringIO(sheet.text, newline=""), strict=True))

    assert {row["txid"] for row in rows if row["type"] == "charge"} == {"'" + FORMULA}
