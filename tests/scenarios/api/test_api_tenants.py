"""What belongs to somebody else, or to the other mode, does not exist."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from handbill.links import asks
from handbill.merchants import keys, service
from handbill.merchants.model import Scope
from handbill.web.api import OPERATIONS
from tests.scenarios.api.conftest import ApiHouse
from tests.scenarios.api.shapes import (
    ACCOUNTS,
    CHANNELS,
    ENDPOINTS,
    EVENTS,
    IN_EUROS,
    LINK,
    LINKS,
    PRODUCT,
    PRODUCTS,
    REQUESTS,
    TRANSACTIONS,
    made,
)

pytestmark = pytest.mark.anyio


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """One database will do: nothing here depends on which."""
    return sqlite_url


UNKNOWN = "019ca9b5-8d00-7000-8000-0000000000ff"
BODIES: dict[str, Any] = {
    "changeLink": {"title": "mine now"},
    "changeProduct": {"price": 1},
    "changeWebhookEndpoint": {"status": "disabled"},
    "replayToWebhookEndpoint": {"failed": True},
    "changeNoticeChannel": {"status": "disabled"},
    "changeProviderAccount": {"status": "disabled"},
}
WITH_ID = [o for o in OPERATIONS if "{id}" in o.path and o.answer is not None]


async def mine(house: ApiHouse) -> dict[str, str]:
    """One object of the shop for each kind of path."""
    order = {"params": {"type": "payment", "amount": 100, "currency": "RUB"}}
    link = await made(house.shop, LINKS, LINK)
    return {
        LINKS: link["id"],
        EVENTS: (await house.shop.get(EVENTS)).json()["data"][0]["id"],
        PRODUCTS: (await made(house.shop, PRODUCTS, PRODUCT))["id"],
        TRANSACTIONS: (await made(house.shop, TRANSACTIONS, order))["id"],
        ENDPOINTS: (await made(house.shop, ENDPOINTS, {"url": "https://shop.example/"}))["id"],
        CHANNELS: (await made(house.shop, CHANNELS, {"kind": "email", "email": "a@b.example"}))[
            "id"
        ],
        REQUESTS: await asked(house),
        ACCOUNTS: (await made(house.shop, ACCOUNTS, IN_EUROS))["id"],
    }


async def asked(house: ApiHouse) -> str:
    """A request for a new link in place of a product's, which is gone."""
    product = await made(house.shop, PRODUCTS, PRODUCT)
    await house.shop.delete(f"{PRODUCTS}/{product['id']}")
    ask = await house.deps.db.write(
        lambda tx: asks.ask(tx, product["link"], "en"), merchant=house.shop_merchant.id
    )
    return ask.id


@pytest.mark.parametrize("operation", WITH_ID, ids=lambda operation: operation.name)
async def test_a_strangers_object_answers_like_a_missing_one(
    house: ApiHouse, operation: Any
) -> None:
    ids = await mine(house)
    base = operation.path.partition("/{id}")[0]
    answers = []
    for client, name in (
        (house.other, ids[base]),
        (house.shop_live, ids[base]),
        (house.shop, UNKNOWN),
    ):
        path = operation.path.replace("{id}", name)
        body = BODIES.get(operation.name, operation.example)
        answers.append(await client.request(operation.method, path, json=body))

    bodies = [{**a.json(), "request_id": ""} for a in answers]
    assert [a.status_code for a in answers] == [404, 404, 404]
    assert bodies[0] == bodies[1] == bodies[2]
    assert (await house.shop.get(f"{base}/{ids[base]}")).status_code == 200


def test_every_kind_of_object_is_tried() -> None:
    assert {o.path.partition("/{id}")[0] for o in WITH_ID} == {
        *(LINKS, PRODUCTS, TRANSACTIONS, EVENTS, ENDPOINTS, CHANNELS, REQUESTS, ACCOUNTS)
    }


@pytest.mark.parametrize(
    "path",
    [
        *(LINKS, f"{LINKS}?owner=product", PRODUCTS, TRANSACTIONS, ENDPOINTS, CHANNELS, REQUESTS),
        *(f"{EVENTS}?type=link.created", f"{EVENTS}?type=payment.created"),
    ],
)
async def test_a_list_shows_only_ones_own(house: ApiHouse, path: str) -> None:
    await mine(house)

    sizes = [
        len((await client.get(path)).json()["data"])
        for client in (house.shop, house.shop_live, house.other)
    ]

    assert sizes == [1, 0, 0]


async def test_a_live_link_is_marked_as_live(house: ApiHouse) -> None:
    assert (await made(house.shop_live, LINKS, LINK))["test"] is False


async def test_a_key_does_only_what_its_scopes_allow(house: ApiHouse) -> None:
    async def client(scopes: Sequence[Scope]) -> Any:
        merchant_id = house.shop_merchant.id
        _, text = await house.deps.db.write(
            lambda tx: keys.create(tx, house.deps.crypto, merchant_id, test=True, scopes=scopes)
        )
        return house.client(text)

    till, links = await client([Scope.TILL]), await client([Scope.LINKS])

    assert [(await till.get(p)).status_code for p in (LINKS, TRANSACTIONS)] == [403, 403]
    assert [(await links.get(p)).status_code for p in (LINKS, TRANSACTIONS)] == [200, 403]
    assert (await links.patch("/api/v1/merchant", json={})).status_code == 403


async def test_a_paused_merchant_is_not_served(house: ApiHouse) -> None:
    merchant_id = house.shop_merchant.id
    await house.deps.db.write(lambda tx: service.set_paused(tx, merchant_id, paused=True))

    answer = await house.shop.get(LINKS)

    assert (answer.status_code, answer.json()["error"]) == (403, "merchant_paused")
