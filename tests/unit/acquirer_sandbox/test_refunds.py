"""Refunds at the acquirer: at once, slowly, in vain, refused; told, found again, never too much."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec
import pytest

from acquirer_sandbox.model import REFUND_NEXT, RefundStatus
from handbill.infra.jobs import Worker
from handbill.kernel.clock import SECOND, ManualClock
from tests.unit.acquirer_sandbox.conftest import Payer, Postman, Till, refusal, settle

pytestmark = pytest.mark.anyio


async def charged(till: Till, payer: Payer, button: str = "approve") -> dict[str, Any]:
    payment = await till.create()
    await payer.press(payment, button)
    return payment


async def refund(till: Till, payment: dict[str, Any], amount: int, **more: Any) -> dict[str, Any]:
    order = {"payment_id": payment["id"], "amount": amount, **more}
    answer = await till.post("/v1/refunds", order)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def refunded(till: Till, payment: dict[str, Any]) -> int:
    return int((await till.get(f"/v1/payments/{payment['id']}")).json()["refunded_amount"])


async def test_a_refund_is_told_with_its_payment(
    till: Till, payer: Payer, worker: Worker, postman: Postman, clock: ManualClock
) -> None:
    payment = await charged(till, payer)
    await settle(worker)

    made = await refund(till, payment, 400, refund_id="r1", reason="cold")
    await settle(worker)

    assert made == {
        "id": made["id"],
        "payment_id": payment["id"],
        "refund_id": "r1",
        "status": "succeeded",
        "amount": 400,
        "currency": "RUB",
        "reason": "cold",
        "failure": None,
        "created_at": clock.now(),
        "test": True,
    }
    assert postman.told == ["payment.charged", "refund.succeeded"]
    told = msgspec.json.decode(postman.sent[-1][2])
    assert (told["payment"]["id"], told["refund"]) == (payment["id"], made)
    assert await refunded(till, payment) == 400


@pytest.mark.parametrize(
    ("button", "end", "left"),
    [
        ("refund_pending_then_success", "succeeded", 400),
        ("refund_pending_then_fail", "failed", 0),
    ],
)
async def test_a_slow_refund_ends_after_five_seconds(
    till: Till,
    payer: Payer,
    worker: Worker,
    postman: Postman,
    clock: ManualClock,
    button: str,
    end: str,
    left: int,
) -> None:
    payment = await charged(till, payer, button)
    await settle(worker)
    made = await refund(till, payment, 400)
    clock.advance(5 * SECOND - 1)
    await settle(worker)
    assert (await till.get(f"/v1/refunds/{made['id']}")).json()["status"] == "pending"
    assert await refunded(till, payment) == 400

    clock.advance(1)
    await settle(worker)

    ended = (await till.get(f"/v1/refunds/{made['id']}")).json()
    assert ended["status"] == end
    assert (ended["failure"] is None) is (end == "succeeded")
    assert await refunded(till, payment) == left
    assert postman.told == ["payment.charged", "refund.pending", f"refund.{end}"]


async def test_a_script_asks_for_it_by_name_and_by_amount(till: Till, worker: Worker) -> None:
    named = await till.create(metadata={"sandbox_scenario": "refund_pending_then_fail"})
    priced = await till.create(amount=10_053)
    await settle(worker)

    slow = await refund(till, named, 100)
    refused = await till.post("/v1/refunds", {"payment_id": priced["id"], "amount": 100})

    assert slow["status"] == "pending"
    assert refusal(refused) == (409, "refund_refused")
    assert await refunded(till, priced) == 0


async def test_what_waits_cannot_be_refunded_by_another(till: Till, payer: Payer) -> None:
    payment = await charged(till, payer, "refund_pending_then_success")
    order = {"payment_id": payment["id"], "amount": 600}

    answers = await asyncio.gather(*(till.post("/v1/refunds", order) for _ in range(4)))

    assert sorted(answer.status_code for answer in answers) == [200, 409, 409, 409]
    assert await refunded(till, payment) == 600


async def test_a_refund_is_found_by_the_shops_own_id_and_among_those_of_its_payment(
    till: Till, rival: Till, payer: Payer
) -> None:
    payment, other = await charged(till, payer), await charged(till, payer)
    made = [await refund(till, payment, 100, refund_id=name) for name in ("a", "b")]
    await refund(till, other, 100, refund_id="c")

    async def ids(query: str, shop: Till = till) -> list[str]:
        return [one["id"] for one in (await shop.get(f"/v1/refunds?{query}")).json()["data"]]

    assert await ids("refund_id=b") == [made[1]["id"]]
    assert await ids(f"payment_id={payment['id']}") == [one["id"] for one in made]
    assert await ids(f"payment_id={payment['id']}&refund_id=c") == []
    assert len(await ids("")) == 3
    assert await ids("refund_id=b", rival) == []
    page = (await till.get("/v1/refunds?limit=2")).json()
    rest = (await till.get(f"/v1/refunds?cursor={page['next_cursor']}")).json()
    assert (len(page["data"]), len(rest["data"]), rest["next_cursor"]) == (2, 1, None)
    for query in ("payment_id=7", "payment_id=", "refund_id=unknown"):
        assert await ids(query) == []
    assert refusal(await till.get("/v1/refunds?limit=0")) == (400, "invalid")


def test_a_refund_that_has_ended_stays_so() -> None:
    assert not REFUND_NEXT[RefundStatus.SUCCEEDED] | REFUND_NEXT[RefundStatus.FAILED]
