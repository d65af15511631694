"""A merchant looks at itself, says where its webhooks go, and replaces their secret."""

from __future__ import annotations

from typing import Any

import pytest

from handbill.kernel.clock import ManualClock
from handbill.merchants import service, store
from tests.scenarios.api.conftest import ApiHouse
from tests.scenarios.api.shapes import LINK, LINKS

pytestmark = pytest.mark.anyio


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """One database will do: nothing here depends on which."""
    return sqlite_url


MERCHANT = "/api/v1/merchant"


async def test_a_merchant_sees_itself_and_no_secret(house: ApiHouse) -> None:
    answer = await house.shop.get(MERCHANT)

    assert answer.json()["data"] == {
        "id": house.shop_merchant.id,
        "name": "Shop",
        "legal_name": None,
        "tax_id": None,
        "support_contact": None,
        "logo": None,
        "color": None,
        "notify_url": None,
        "return_origins": [],
        "frame_origins": [],
        "fee_rule": {
            "payer": {"basis_points": 0, "fixed": {}},
            "merchant": {"basis_points": 0, "fixed": {}},
        },
        "money_rule": {"late": "accept_if_payable", "surplus": "refund", "mismatch": "review"},
        "till_currency": "RUB",
        "till_pin_set": False,
        "status": "active",
        "created": "2026-03-01T10:00:00+00:00",
        "updated": "2026-03-01T10:00:00+00:00",
        "test": True,
    }


async def test_what_stands_on_receipts_is_changed_and_cleared(house: ApiHouse) -> None:
    told = {
        "legal_name": "Shop LLC",
        "tax_id": "7700000000",
        "support_contact": "help@shop.example",
    }

    changed = await house.shop.patch(MERCHANT, json=told)
    cleared = await house.shop.patch(MERCHANT, json={"tax_id": None})

    assert {n: changed.json()["data"][n] for n in told} == told
    assert cleared.json()["data"]["tax_id"] is None


async def test_a_merchant_that_was_read_can_be_sent_back(house: ApiHouse) -> None:
    merchant = (await house.shop.get(MERCHANT)).json()["data"]

    answer = await house.shop.patch(MERCHANT, json=merchant)

    assert (answer.status_code, answer.json()) == (200, {"data": merchant})


@pytest.mark.parametrize(
    ("url", "fits"),
    [
        ("https://shop.example/paid", True),
        ("http://127.0.0.1:9000/paid", True),
        ("https://192.168.0.1/", False),
        ("ftp://shop.example/", False),
        ("https://user@shop.example/", False),
    ],
)
async def test_webhooks_go_to_a_fit_address(house: ApiHouse, url: str, fits: bool) -> None:
    answer = await house.shop.patch(MERCHANT, json={"notify_url": url})

    assert answer.status_code == (200 if fits else 422), answer.text
    assert list(answer.json().get("details", ())) == ([] if fits else ["notify_url"])


@pytest.mark.parametrize(
    "change",
    [
        {"return_origins": ["https://shop.example"]},
        {"fee_rule": {"payer": {"basis_points": 100}}},
    ],
)
async def test_among_several_merchants_the_operator_decides(
    house: ApiHouse, change: dict[str, Any]
) -> None:
    among_others = await house.shop.patch(MERCHANT, json=change)
    await house.send_the_other_away()
    alone = await house.shop.patch(MERCHANT, json=change)

    assert (among_others.status_code, alone.status_code) == (403, 200)


async def test_a_live_link_sends_payers_back_to_a_listed_origin(house: ApiHouse) -> None:
    await house.send_the_other_away()
    body = {**LINK, "return_url": "https://shop.example/back"}

    before = await house.shop_live.post(LINKS, json=body)
    await house.shop.patch(MERCHANT, json={"return_origins": ["https://shop.example"]})
    after = await house.shop_live.post(LINKS, json=body)

    assert (before.status_code, after.status_code) == (422, 201)


@pytest.mark.parametrize(
    ("change", "fields"),
    [
        ({"return_origins": ["https://shop.example/path"]}, {"return_origins.0"}),
        ({"return_origins": ["https://a.example"] * 21}, {"return_origins"}),
        ({"frame_origins": ["https://shop.example/path"]}, {"frame_origins.0"}),
        ({"frame_origins": ["https://a.example"] * 11}, {"frame_origins"}),
        ({"fee_rule": {"payer": {"basis_points": 10_001}}}, {"fee_rule.payer.basis_points"}),
        ({"fee_rule": {"payer": {"fixed": {"XXX": 1}}}}, {"fee_rule.payer.fixed.XXX"}),
        ({"fee_rule": {"payer": {"fixed": {"RUB": -1}}}}, {"fee_rule.payer.fixed.RUB"}),
        ({"name": ""}, {"name"}),
        ({"name": "   "}, {"name"}),
        ({"name": None}, {"name"}),
        ({"support_contact": "x" * 201}, {"support_contact"}),
    ],
)
async def test_a_wrong_field_is_named(
    house: ApiHouse, change: dict[str, Any], fields: set[str]
) -> None:
    await house.send_the_other_away()

    answer = await house.shop.patch(MERCHANT, json=change)

    assert (answer.status_code, set(answer.json()["details"])) == (422, fields)


async def test_a_secret_is_replaced_with_a_day_of_overlap(
    house: ApiHouse, clock: ManualClock
) -> None:
    first = house.shop_merchant.webhook_secret
    clock.advance(1_000)

    answer = await house.shop.post(f"{MERCHANT}/webhook_secret")

    second = answer.json()["data"]["webhook_secret"]
    assert answer.status_code == 201
    assert second.startswith("whsec_")
    assert answer.json()["data"]["previous_until"] == "2026-03-02T10:00:01+00:00"

    async def signing() -> tuple[str, ...]:
        merchant_id, crypto = house.shop_merchant.id, house.deps.crypto
        target = await house.deps.db.read(
            lambda tx: service.webhook_target(tx, crypto, merchant_id)
        )
        return target.secrets

    assert await signing() == (second, first)
    clock.advance(24 * 3_600_000)
    assert await signing() == (second,)
    merchant_id = house.shop_merchant.id
    stored = await house.deps.db.read(lambda tx: store.live_secrets(tx, [merchant_id]))
    assert second not in stored[merchant_id]
