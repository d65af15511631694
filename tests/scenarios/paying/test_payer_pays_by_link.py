"""A payer opens a link, presses Pay, is charged, and the merchant can read it."""

from __future__ import annotations

import re

import pytest

from tests.support.running import JSON, RunningHouse

pytestmark = pytest.mark.anyio


async def test_a_payer_without_script_pays_a_fixed_link(house: RunningHouse) -> None:
    link = await house.make_link(title="Espresso")

    page = await house.payer.get(f"/pay/link/{link['id']}")
    assert page.status_code == 200
    assert "Espresso" in page.text
    assert "Test: no money moves" in page.text
    token = re.search(r'name="attempt" value="([^"]+)"', page.text)
    assert token is not None

    pressed = await house.payer.post(
        f"/pay/link/{link['id']}", data={"method": "card", "attempt": token[1]}
    )
    assert pressed.status_code == 303
    acquirer = pressed.headers["location"]
    assert "/sandbox/pay/" in acquirer

    decided = await house.payer.post(acquirer, data={"decision": "approve"})
    assert decided.status_code == 303
    await house.settle()

    status = await house.payer.get(decided.headers["location"])
    assert "Paid" in status.text
    payments = (await house.shop.get("/api/v1/transactions")).json()["data"]
    assert [(p["status"], p["amount"], p["link"]) for p in payments] == [
        ("charged", 1000, link["id"])
    ]


async def test_a_script_pays_a_test_link_by_scenario(house: RunningHouse) -> None:
    link = await house.make_link(metadata={"sandbox_scenario": "approve"})

    pressed = await house.payer.post(f"/pay/link/{link['id']}", headers=JSON)
    assert pressed.status_code == 201
    assert pressed.json()["data"].keys() == {"id", "status", "payment_url"}
    await house.settle()

    payment = pressed.json()["data"]["id"]
    read = (await house.shop.get(f"/api/v1/transactions/{payment}")).json()["data"]
    assert read["status"] == "charged"
    counted = (await house.shop.get(f"/api/v1/links/{link['id']}")).json()["data"]
    assert counted["payments_count"] == 1
