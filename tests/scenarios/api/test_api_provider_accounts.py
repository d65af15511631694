"""Provider accounts, as an integrator manages them."""

from __future__ import annotations

from typing import Any

import pytest

from tests.scenarios.api.conftest import ApiHouse
from tests.scenarios.api.shapes import ACCOUNTS, IN_EUROS, IN_ROUBLES, made
from tests.support.transfers import ROUBLES

pytestmark = pytest.mark.anyio


async def listed(house: ApiHouse) -> list[dict[str, Any]]:
    answer = await house.shop.get(ACCOUNTS)
    assert answer.status_code == 200, answer.text
    return list(answer.json()["data"])


async def test_a_bank_account_is_put_in_shown_again_and_switched(house: ApiHouse) -> None:
    roubles = await made(house.shop, ACCOUNTS, IN_ROUBLES)
    euros = await made(house.shop, ACCOUNTS, IN_EUROS)

    assert (roubles["methods"], roubles["currencies"]) == (["transfer"], ["RUB"])
    assert (roubles["requisites"], roubles["status"]) == (ROUBLES, "active")
    assert [one["id"] for one in await listed(house)][:2] == [euros["id"], roubles["id"]]
    changed = await house.shop.patch(f"{ACCOUNTS}/{roubles['id']}", json={"status": "disabled"})
    assert changed.json()["data"]["status"] == "disabled"
    read = await house.shop.get(f"{ACCOUNTS}/{roubles['id']}")
    assert read.json()["data"] == changed.json()["data"]


async def test_credentials_at_an_acquirer_are_not_shown(house: ApiHouse) -> None:
    [sandbox] = await listed(house)

    assert (sandbox["provider"], sandbox["requisites"]) == ("sandbox", None)
    assert "secret" not in str(sandbox)
    refused = await house.shop.patch(f"{ACCOUNTS}/{sandbox['id']}", json={"status": "disabled"})
    assert refused.status_code == 409


async def test_test_and_live_are_apart_and_so_are_merchants(house: ApiHouse) -> None:
    account = await made(house.shop, ACCOUNTS, IN_ROUBLES)
    address = f"{ACCOUNTS}/{account['id']}"

    for somebody in (house.shop_live, house.other):
        assert (await somebody.get(address)).status_code == 404
        assert (await somebody.patch(address, json={"status": "disabled"})).status_code == 404
    live = await made(house.shop_live, ACCOUNTS, IN_ROUBLES)
    assert live["test"] is False


async def test_two_accounts_in_one_currency_are_refused(house: ApiHouse) -> None:
    await made(house.shop, ACCOUNTS, IN_ROUBLES)

    refused = await house.shop.post(ACCOUNTS, json=IN_ROUBLES)

    assert (refused.status_code, refused.json()["error"]) == (409, "account_exists")


async def test_what_is_wrong_is_told_by_its_field_and_nothing_is_kept(house: ApiHouse) -> None:
    wrong = {**ROUBLES, "account": "40702810138250123018", "inn": "6200098765", "iban": "X"}
    refused = await house.shop.post(ACCOUNTS, json={**IN_ROUBLES, "requisites": wrong})
    assert refused.status_code == 422
    assert list(refused.json()["details"]) == ["requisites.iban"]
    del wrong["iban"]
    refused = await house.shop.post(ACCOUNTS, json={**IN_ROUBLES, "requisites": wrong})
    assert list(refused.json()["details"]) == ["requisites.account", "requisites.inn"]
    assert len(await listed(house)) == 1


@pytest.mark.parametrize(
    "change",
    [
        {"provider": "paypal"},
        {"currency": "USD"},
        {"requisites": {}},
        {"requisites": {"name": "N" * 201}},
        {"requisites": [1]},
    ],
)
async def test_what_cannot_be_an_account_is_refused(
    house: ApiHouse, change: dict[str, object]
) -> None:
    assert (await house.shop.post(ACCOUNTS, json={**IN_ROUBLES, **change})).status_code == 422


async def test_a_link_is_warned_of_as_long_as_nobody_takes_its_transfers(house: ApiHouse) -> None:
    link = {
        "amount": {"default": 1000, "currency": "RUB"},
        "amount_type": "fixed",
        "pay_config": {"methods": ["transfer"]},
    }
    before = await house.shop.post("/api/v1/links", json=link)
    assert [warning["code"] for warning in before.json()["warnings"]] == ["no_account"]

    await made(house.shop, ACCOUNTS, IN_ROUBLES)

    assert "warnings" not in (await house.shop.post("/api/v1/links", json=link)).json()


async def test_without_a_transfer_there_is_nothing_to_confirm(house: ApiHouse) -> None:
    order = {"params": {"type": "payment", "amount": 1000, "currency": "RUB"}}
    payment = await made(house.shop, "/api/v1/transactions", order)
    address = f"/api/v1/transactions/{payment['id']}/confirm"

    refused = await house.shop.post(address, json={})

    assert (refused.status_code, refused.json()["error"]) == (409, "no_transfer")
    assert (await house.shop.post(address, json={"amount": 0})).status_code == 422
    assert (await house.other.post(address, json={})).status_code == 404
