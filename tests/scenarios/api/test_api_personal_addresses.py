"""An integrator asks for the address of one payer."""

from __future__ import annotations

import re
from typing import Any

import pytest

from handbill.kernel.money import Money
from handbill.links import personal
from handbill.merchants import keys
from handbill.merchants.model import Scope
from tests.scenarios.api.conftest import BASE, ApiHouse
from tests.scenarios.api.shapes import LINK, LINKS, made, refused

pytestmark = pytest.mark.anyio

DYNAMIC = {
    **LINK,
    "amount": {"default": 0, "currency": "RUB", "min": 100},
    "amount_type": "dynamic",
}
ASKED: dict[str, Any] = {
    "amount": 123_450,
    "reference": "INV-2041",
    "email": "anna@example.com",
    "expires": "2026-03-08T10:00:00+00:00",
}


async def test_the_address_holds_what_was_asked_for(house: ApiHouse) -> None:
    link = await made(house.shop, LINKS, DYNAMIC)

    answer = await made(house.shop, f"{LINKS}/{link['id']}/personal", ASKED)

    query = answer["url"].removeprefix(f"{BASE}/pay/link/{link['id']}?")
    assert answer == {
        "url": f"{link['url']}?{query}",
        "qr_url": f"{link['qr_url']}?{query}",
        "link": link["id"],
        "amount": 123_450,
        "currency": "RUB",
        "reference": "INV-2041",
        "expires_at": "2026-03-08T10:00:00+00:00",
        "test": True,
    }
    assert re.fullmatch(
        r"sig=[\w-]{22}&amount=123450&currency=RUB&reference=INV-2041&email=[\w-]+&expires=1772964000",
        query,
    )
    read = personal.read(house.deps.crypto, link["id"], query.encode())
    assert read is not None
    assert read.prefill.amount == Money(123_450, "RUB")
    assert read.prefill.email == "anna@example.com"


async def test_the_same_fields_make_the_same_address_with_a_key_or_without(house: ApiHouse) -> None:
    link = await made(house.shop, LINKS, DYNAMIC)
    address = f"{LINKS}/{link['id']}/personal"
    key = {"idempotency-key": "invoice 2041"}

    answers = [await house.shop.post(address, json=ASKED, headers=h) for h in ({}, key, key)]

    assert [answer.status_code for answer in answers] == [201, 201, 201]
    assert len({answer.text for answer in answers}) == 1
    assert answers[2].headers["idempotent-replayed"] == "true"
    seconds = await made(house.shop, address, {**ASKED, "expires": 1_772_964_000})
    assert seconds == answers[0].json()["data"]


async def test_what_is_left_out_is_not_in_it(house: ApiHouse) -> None:
    link = await made(house.shop, LINKS, LINK)

    answer = await made(house.shop, f"{LINKS}/{link['id']}/personal", {"reference": "A 1"})

    assert re.fullmatch(r"sig=[\w-]{22}&reference=A%201", answer["url"].partition("?")[2])
    assert (answer["amount"], answer["expires_at"]) == (None, None)


async def test_every_fault_is_named(house: ApiHouse) -> None:
    address = f"{LINKS}/{(await made(house.shop, LINKS, LINK))['id']}/personal"
    for body, fields in (
        ({}, {"amount"}),
        ({"amount": 999}, {"amount"}),
        ({"amount": 0, "reference": ""}, {"amount", "reference"}),
        ({"amount": 999, "reference": "\t", "email": "anna", "expires": 0}, {*ASKED}),
        ({"reference": "x" * 101}, {"reference"}),
        ({"expires": "tomorrow"}, {"expires"}),
        ({"expires": "2036-03-08T10:00:00+00:00"}, {"expires"}),
        ({"expire": 1_772_964_000}, {"expire"}),
    ):
        assert set(await refused(house.shop, address, body)) == fields


async def test_only_the_links_own_merchant_gets_one(house: ApiHouse) -> None:
    link = await made(house.shop, LINKS, LINK)
    address = f"{LINKS}/{link['id']}/personal"
    crypto, merchant_id = house.deps.crypto, house.shop_merchant.id
    _, key = await house.deps.db.write(
        lambda tx: keys.create(tx, crypto, merchant_id, test=True, scopes=(Scope.PAYMENTS,))
    )

    for client, status in (
        (house.other, 404),
        (house.shop_live, 404),
        (house.stranger, 401),
        (house.client(key), 403),
    ):
        assert (await client.post(address, json=ASKED)).status_code == status
    await house.shop.delete(f"{LINKS}/{link['id']}")
    assert (await house.shop.post(address, json={"reference": "x"})).status_code == 404
