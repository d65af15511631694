"""The shop's clock: what waits comes nearer, and nothing else changes."""

from __future__ import annotations

import pytest

from acquirer_sandbox.notifications import WAITS
from handbill.infra.jobs import Worker
from handbill.kernel.clock import DAY, HOUR, SECOND, ManualClock
from tests.unit.acquirer_sandbox.conftest import Payer, Postman, Till, named, refusal, settle

pytestmark = pytest.mark.anyio


async def advance(till: Till, milliseconds: int, key: str | None = None) -> None:
    order = {"advance_seconds": milliseconds // SECOND}
    answer = await till.post("/v1/clock", order, key)
    assert (answer.status_code, answer.json()) == (
        200,
        {"advanced_seconds": milliseconds // SECOND},
    )


async def test_deadlines_holds_and_steps_are_reached_without_waiting(
    till: Till, payer: Payer, worker: Worker, postman: Postman
) -> None:
    left = await till.create()
    slow = await till.create(**named("pending_then_success"))
    held = await till.create(capture=False)
    await payer.press(held, "approve")
    await settle(worker)

    await advance(till, 5 * SECOND)
    await settle(worker)
    assert [await till.status(one) for one in (left, slow, held)] == [
        "awaiting_payer",
        "charged",
        "authorized",
    ]

    await advance(till, HOUR - 6 * SECOND)
    await settle(worker)
    assert await till.status(left) == "awaiting_payer"
    await advance(till, SECOND)
    await settle(worker)
    assert [await till.status(one) for one in (left, held)] == ["expired", "authorized"]

    await advance(till, 7 * DAY)
    await settle(worker)
    assert await till.status(held) == "expired"
    assert postman.told[-1] == "payment.expired"


async def test_a_slow_refund_and_a_repeated_notification_come_nearer_too(
    till: Till, payer: Payer, worker: Worker, postman: Postman
) -> None:
    payment = await till.create()
    postman.answers = [500]
    await payer.press(payment, "refund_pending_then_success")
    await settle(worker)
    await till.post("/v1/refunds", {"payment_id": payment["id"], "amount": 400})
    await settle(worker)
    assert postman.told == ["payment.charged", "refund.pending"]

    await advance(till, max(5 * SECOND, WAITS[0]))
    await settle(worker)

    assert sorted(postman.told[2:]) == ["payment.charged", "refund.succeeded"]


async def test_what_comes_afterwards_begins_at_the_real_time(
    till: Till, worker: Worker, clock: ManualClock
) -> None:
    await advance(till, 300 * DAY)

    payment = await till.create(expires_at=clock.now() + HOUR)
    await settle(worker)

    assert payment["expires_at"] == clock.now() + HOUR
    assert await till.status(payment) == "awaiting_payer"


async def test_it_moves_for_one_shop_and_once_for_one_key(
    till: Till, rival: Till, worker: Worker
) -> None:
    mine, theirs = await till.create(), await rival.create()

    for _ in range(3):
        await advance(till, HOUR // 2, key="k")
    await settle(worker)
    assert await till.status(mine) == "awaiting_payer"
    await advance(till, HOUR // 2)
    await settle(worker)

    assert await till.status(mine) == "expired"
    assert await rival.status(theirs) == "awaiting_payer"


@pytest.mark.parametrize("seconds", [0, -1, 366 * 86_400 + 1, "60", 1.5, None])
async def test_a_wrong_move_is_refused(till: Till, seconds: object) -> None:
    answer = await till.post("/v1/clock", {"advance_seconds": seconds})

    assert refusal(answer) == (400, "invalid")
    assert "advance_seconds" in answer.json()["error"]["message"]


async def test_a_stranger_moves_nothing(till: Till) -> None:
    answer = await till.http.post("/v1/clock", json={"advance_seconds": 60})

    assert refusal(answer) == (401, "unauthorized")
