"""Refunds, cancellation and capture by the API, with the sandbox acquirer behind it."""

from __future__ import annotations

from typing import Any

import pytest

from handbill.kernel.clock import HOUR, MINUTE
from handbill.merchants.fees import Fee, FeeRule
from tests.support.payers import Payer
from tests.support.running import RunningHouse

pytestmark = pytest.mark.anyio

FIVE_PER_CENT = Fee(basis_points=500)


@pytest.fixture
def payer(house: RunningHouse) -> Payer:
    return house.new_payer()


async def paid(house: RunningHouse, payer: Payer, **fields: Any) -> str:
    """A payment of 1000 with 50 on top; gives its address in the API."""
    await house.change_merchant(fee_rule=FeeRule(payer=FIVE_PER_CENT, merchant=FIVE_PER_CENT))
    link = await house.make_link(**fields)
    acquirer = await payer.begin(link["url"])
    if "metadata" not in fields:  # otherwise the acquirer goes on by itself
        await payer.decide(acquirer, "approve")
    await house.settle()
    return f"/api/v1/transactions/{(await house.payment())['id']}"


async def test_a_part_then_the_rest_is_refunded(house: RunningHouse, payer: Payer) -> None:
    where = await paid(house, payer)

    part = await house.shop.post(f"{where}/refunds", json={"amount": 400, "reason": "One cup"})
    rest = await house.shop.post(f"{where}/refunds", json={})
    await house.settle()

    assert (part.status_code, rest.status_code) == (201, 201)
    told = [answer.json()["data"] for answer in (part, rest)]
    assert [(r["status"], r["amount"], r["amount_with_fee"]) for r in told] == [
        ("succeeded", 400, 420),
        ("succeeded", 600, 630),
    ]
    listed = (await house.shop.get(f"{where}/refunds")).json()
    assert [r["id"] for r in listed["data"]] == [told[1]["id"], told[0]["id"]]
    transaction = (await house.shop.get(where)).json()["data"]
    assert (transaction["status"], transaction["refunded_amount"]) == ("refunded", 1_000)
    assert [body["status"] for body in house.told] == ["charged", "refunded"]


async def test_the_published_form_does_the_same(house: RunningHouse, payer: Payer) -> None:
    where = await paid(house, payer)

    part = await house.shop.put(where, json={"params": {"type": "refund", "amount": 300}})
    more = await house.shop.put(where, json={"params": {"type": "refund", "amount": 701}})
    odd = await house.shop.put(where, json={"params": {"type": "cancel", "amount": 1}})

    assert (part.status_code, part.json()["data"]["refunded_amount"]) == (200, 300)
    assert (more.status_code, list(more.json()["details"])) == (422, ["params.amount"])
    assert (odd.status_code, list(odd.json()["details"])) == (422, ["params.amount"])


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"amount": 1_001}, "amount"),
        ({"amount": 0}, "amount"),
        ({"amount": "400"}, "amount"),
        ({"amount": 400.0}, "amount"),
        ({"reason": "x" * 501}, "reason"),
    ],
)
async def test_a_wrong_refund_is_refused_by_its_field(
    house: RunningHouse, payer: Payer, body: dict[str, Any], field: str
) -> None:
    where = await paid(house, payer)

    refused = await house.shop.post(f"{where}/refunds", json=body)

    assert (refused.status_code, list(refused.json()["details"])) == (422, [field])
    assert (await house.shop.get(f"{where}/refunds")).json()["data"] == []


async def test_what_is_refunded_already_is_said_so(house: RunningHouse, payer: Payer) -> None:
    where = await paid(house, payer)
    await house.shop.post(f"{where}/refunds", json={})

    again = await house.shop.post(f"{where}/refunds", json={})

    assert (again.status_code, again.json()["error"]) == (409, "not_refundable")


@pytest.mark.parametrize(
    ("scenario", "status", "left"),
    [("refund_pending_then_success", "succeeded", 0), ("refund_pending_then_fail", "failed", 1)],
)
async def test_a_slow_refund_ends_as_the_acquirer_says(
    house: RunningHouse, payer: Payer, scenario: str, status: str, left: int
) -> None:
    where = await paid(house, payer, metadata={"sandbox_scenario": scenario})

    asked = await house.shop.post(f"{where}/refunds", json={})
    assert asked.json()["data"]["status"] == "pending"
    await house.pass_time(HOUR)

    [refund] = (await house.shop.get(f"{where}/refunds")).json()["data"]
    assert refund["status"] == status
    again = await house.shop.post(f"{where}/refunds", json={})
    assert again.status_code == (201 if left else 409)


async def test_held_money_is_captured_in_part(house: RunningHouse, payer: Payer) -> None:
    where = await paid(house, payer, pay_config={"methods": ["card"], "capture": "manual"})
    held = (await house.shop.get(where)).json()["data"]
    assert (held["status"], held["amount"]) == ("processing", 1_000)

    taken = await house.shop.post(f"{where}/capture", json={"amount": 600})
    await house.settle()

    data = taken.json()["data"]
    assert (data["status"], data["amount"], data["amount_with_fee"]) == ("charged", 600, 630)
    assert [body["amount"] for body in house.told] == [600]


async def test_held_money_is_released(house: RunningHouse, payer: Payer) -> None:
    where = await paid(house, payer, pay_config={"methods": ["card"], "capture": "manual"})

    cancelled = await house.shop.post(f"{where}/cancel")
    late = await house.shop.post(f"{where}/capture", json={})

    assert cancelled.json()["data"]["status"] == "cancelled"
    assert (late.status_code, late.json()["error"]) == (409, "nothing_held")


async def test_a_payment_that_nobody_pays_is_cancelled(house: RunningHouse, payer: Payer) -> None:
    link = await house.make_link()
    await payer.begin(link["url"])
    where = f"/api/v1/transactions/{(await house.payment())['id']}"

    cancelled = await house.shop.post(f"{where}/cancel")
    again = await house.shop.post(f"{where}/cancel")

    assert [a.json()["data"]["status"] for a in (cancelled, again)] == ["cancelled"] * 2


async def test_what_is_paid_is_not_cancelled(house: RunningHouse, payer: Payer) -> None:
    where = await paid(house, payer)

    refused = await house.shop.post(f"{where}/cancel")

    assert (refused.status_code, refused.json()["error"]) == (409, "already_charged")


async def test_money_in_review_is_sent_back(house: RunningHouse, payer: Payer) -> None:
    where = await paid(house, payer, metadata={"sandbox_scenario": "wrong_amount"})
    assert (await house.shop.get(where)).json()["data"]["status"] == "processing"

    judged = await house.shop.post(f"{where}/review", json={"decision": "refund"})
    await house.pass_time(MINUTE)

    assert judged.json()["data"]["status"] == "cancelled"
    [refund] = (await house.shop.get(f"{where}/refunds")).json()["data"]
    assert refund["status"] == "succeeded"
    again = await house.shop.post(f"{where}/review", json={"decision": "accept"})
    assert (again.status_code, again.json()["error"]) == (409, "nothing_in_review")
