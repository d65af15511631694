"""What is wrong with a body is said by the name of the field, all of it at once."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.scenarios.api.conftest import ApiHouse
from tests.scenarios.api.shapes import (
    LINK,
    LINKS,
    PRODUCT,
    PRODUCTS,
    TRANSACTIONS,
    made,
    refused,
)

pytestmark = pytest.mark.anyio


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """One database will do: nothing here depends on which."""
    return sqlite_url


JSON = {"content-type": "application/json"}


def amount(literal: str) -> bytes:
    """A link's body with a literal of JSON as its amount."""
    return json.dumps(LINK).replace("1000", literal).encode()


@pytest.mark.parametrize(
    "literal",
    ["false", "true", '"1000"', "1000.0", "1e3", "10000000000000000000", "-1", "0", "null", "[]"],
)
async def test_an_amount_is_a_positive_integer(house: ApiHouse, literal: str) -> None:
    answer = await house.shop.post(LINKS, content=amount(literal), headers=JSON)

    assert answer.status_code == 422, answer.text
    assert list(answer.json()["details"]) == ["amount.default"]


async def test_an_amount_may_be_as_large_as_the_bound(house: ApiHouse) -> None:
    largest = await house.shop.post(LINKS, content=amount(str(10**12)), headers=JSON)
    larger = await house.shop.post(LINKS, content=amount(str(10**12 + 1)), headers=JSON)

    assert (largest.status_code, larger.status_code) == (201, 422)


@pytest.mark.parametrize("code", ["XXX", "XAU", "XTS", "rub", "Rub", "RU", "RUBB", "", "ZZZ", 643])
async def test_a_currency_is_one_that_money_is_paid_in(house: ApiHouse, code: Any) -> None:
    body = {**LINK, "amount": {"default": 1000, "currency": code}}

    assert list(await refused(house.shop, LINKS, body)) == ["amount.currency"]


@pytest.mark.parametrize(
    ("changes", "fields"),
    [
        ({"amount_type": "Fixed"}, {"amount_type"}),
        ({"amount_type": None}, {"amount_type"}),
        ({"pay_config": None}, {"pay_config"}),
        ({"pay_config": {"methods": ["cash"]}}, {"pay_config.methods.0"}),
        ({"pay_config": {"methods": "card"}}, {"pay_config.methods"}),
        ({"pay_config": {"methods": ["card"] * 17}}, {"pay_config.methods"}),
        ({"pay_config": {"label": "buy"}}, {"pay_config.label"}),
        ({"products": [5]}, {"products.0"}),
        ({"products": [{"name": "x"}]}, {"products.0"}),
        ({"products": ["x"] * 21}, {"products"}),
        ({"products": "x"}, {"products"}),
        ({"title": "x" * 201}, {"title"}),
        ({"title": "a\u0000b"}, {"title"}),
        ({"description": "x" * 2_001}, {"description"}),
        ({"closed_message": "x" * 2_001}, {"closed_message"}),
        ({"max_payments": 0}, {"max_payments"}),
        ({"max_payments": 10**10}, {"max_payments"}),
        ({"expires_at": "2026-03-02T10:00:00"}, {"expires_at"}),
        ({"expires_at": "2026-02-01T10:00:00Z"}, {"expires_at"}),
        ({"expires_at": "tomorrow"}, {"expires_at"}),
        ({"expires_at": 1_800_000_000}, {"expires_at"}),
        ({"expires_at": "0001-01-01T00:00:00+23:59"}, {"expires_at"}),
        ({"metadata": {f"k{n}": "v" for n in range(17)}}, {"metadata"}),
        ({"metadata": {"k" * 41: "v"}}, {"metadata." + "k" * 41}),
        ({"metadata": {"k": "v" * 501}}, {"metadata.k"}),
        ({"metadata": {"k": 5}}, {"metadata.k"}),
        ({"metadata": {"k": None}}, {"metadata.k"}),
        ({"image": "https://elsewhere.example/a.png"}, {"image"}),
        ({"notify_url": "ftp://shop.example/"}, {"notify_url"}),
        ({"notify_url": "https://10.0.0.1/"}, {"notify_url"}),
        ({"notify_url": "https://x.example/" + "a" * 2_048}, {"notify_url"}),
        ({"return_url": "javascript:alert(1)"}, {"return_url"}),
        ({"fail_url": "http://shop.example/"}, {"fail_url"}),
        ({"amount": {"default": 1, "currency": "RUB", "min": 1}}, {"amount.min"}),
        ({"amount": {}}, {"amount.default", "amount.currency"}),
        ({"amount": 1000}, {"amount"}),
    ],
)
async def test_a_wrong_field_is_named(
    house: ApiHouse, changes: dict[str, Any], fields: set[str]
) -> None:
    assert set(await refused(house.shop, LINKS, {**LINK, **changes})) == fields


async def test_bounds_of_a_dynamic_amount_must_fit_together(house: ApiHouse) -> None:
    def body(**members: int) -> dict[str, Any]:
        return {**LINK, "amount_type": "dynamic", "amount": {"currency": "RUB", **members}}

    assert set(await refused(house.shop, LINKS, body(default=0, min=5, max=4))) == {"amount.min"}
    assert set(await refused(house.shop, LINKS, body(default=3, min=5))) == {"amount.default"}
    await made(house.shop, LINKS, body(default=0, min=5, max=5))


async def test_a_body_that_lacks_everything_says_so_at_once(house: ApiHouse) -> None:
    assert await refused(house.shop, LINKS, {}) == {
        "amount": ["is required"],
        "amount_type": ["is required"],
        "pay_config": ["is required"],
    }


async def test_doubled_members_are_malformed(house: ApiHouse) -> None:
    body = b'{"amount": {"default": 1000, "default": 1, "currency": "RUB"}}'

    answer = await house.shop.post(LINKS, content=body, headers=JSON)

    assert (answer.status_code, answer.json()["error"]) == (400, "malformed")
    assert "default" in answer.json()["detail"]


@pytest.mark.parametrize(
    ("changes", "fields"),
    [
        ({"header": ""}, {"header"}),
        ({"header": "x" * 201}, {"header"}),
        ({"text": "x" * 1_001}, {"text"}),
        ({"price": 0}, {"price"}),
        ({"price": "350"}, {"price"}),
        ({"currency": "XAU"}, {"currency"}),
        ({"qty": "0"}, {"qty"}),
        ({"qty": "1,5"}, {"qty"}),
        ({"qty": "1.2345"}, {"qty"}),
        ({"qty": "-1"}, {"qty"}),
        ({"qty": 0}, {"qty"}),
        ({"qty": True}, {"qty"}),
        ({"qty": 1e300}, {"qty"}),
        ({"price": 333, "qty": "0.5"}, {"qty"}),
        ({"image": "x"}, {"image"}),
    ],
)
async def test_a_wrong_field_of_a_product_is_named(
    house: ApiHouse, changes: dict[str, Any], fields: set[str]
) -> None:
    assert set(await refused(house.shop, PRODUCTS, {**PRODUCT, **changes})) == fields


@pytest.mark.parametrize(
    ("changes", "fields"),
    [
        ({"type": "refund"}, {"params.type"}),
        ({"amount": 0}, {"params.amount"}),
        ({"currency": "XXX"}, {"params.currency"}),
        ({"txid": ""}, {"params.txid"}),
        ({"txid": "x" * 129}, {"params.txid"}),
        ({"returnUrl": "ftp://x.example"}, {"params.returnUrl"}),
        ({"notifyUrl": "https://192.168.0.1/"}, {"params.notifyUrl"}),
        ({"lang": "no language"}, {"params.lang"}),
        ({"customer": {"email": "x" * 255}}, {"params.customer.email"}),
        ({"metadata": {"k" * 41: "v"}}, {"params.metadata." + "k" * 41}),
        ({"return_url": "https://shop.example"}, {"params.return_url"}),
    ],
)
async def test_a_wrong_field_of_a_transaction_is_named(
    house: ApiHouse, changes: dict[str, Any], fields: set[str]
) -> None:
    body = {"params": {"type": "payment", "amount": 1000, "currency": "RUB", **changes}}

    assert set(await refused(house.shop, TRANSACTIONS, body)) == fields


@pytest.mark.parametrize("path", [LINKS, PRODUCTS, TRANSACTIONS])
@pytest.mark.parametrize(
    "query", ["colour=red", "limit=0", "limit=1000", "cursor=x", "limit=5&limit=6"]
)
async def test_a_list_refuses_what_it_does_not_know(house: ApiHouse, path: str, query: str) -> None:
    answer = await house.shop.get(f"{path}?{query}")

    assert (answer.status_code, list(answer.json()["details"])) == (422, [query.partition("=")[0]])


@pytest.mark.parametrize("path", [LINKS, PRODUCTS, TRANSACTIONS])
async def test_no_key_no_look_at_the_body(house: ApiHouse, path: str) -> None:
    answer = await house.stranger.post(path, content=b"{garbage", headers=JSON)

    assert (answer.status_code, answer.json()["error"]) == (401, "unauthorized")


async def test_a_mistyped_key_is_no_key(house: ApiHouse) -> None:
    key = house.shop_merchant.api_keys["test"]
    other = house.client(key[:-1] + ("a" if key[-1] != "a" else "b"))

    assert (await other.get(LINKS)).status_code == 401
