"""Money in two stages: held for the shop, taken or let go, by the shop or by the clock."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from handbill.infra.jobs import Worker
from handbill.kernel.clock import DAY, SECOND, ManualClock
from tests.unit.acquirer_sandbox.conftest import Payer, Postman, Till, named, refusal, settle

pytestmark = pytest.mark.anyio


async def held(till: Till, payer: Payer) -> dict[str, Any]:
    payment = await till.create(capture=False)
    await payer.press(payment, "approve")
    assert await till.status(payment) == "authorized"
    return payment


@pytest.mark.parametrize(
    ("order", "taken"), [({}, 1000), ({"amount": 600}, 600)], ids=["all", "a part"]
)
async def test_the_shop_takes_what_is_held(
    till: Till,
    payer: Payer,
    worker: Worker,
    postman: Postman,
    order: dict[str, int],
    taken: int,
) -> None:
    payment = await held(till, payer)
    await settle(worker)

    answer = (await till.post(f"/v1/payments/{payment['id']}/capture", order)).json()
    await settle(worker)

    assert (answer["status"], answer["captured_amount"]) == ("charged", taken)
    assert postman.told == ["payment.authorized", "payment.charged"]


async def test_the_shop_lets_it_go(
    till: Till, payer: Payer, worker: Worker, postman: Postman
) -> None:
    payment = await held(till, payer)
    await settle(worker)

    await till.post(f"/v1/payments/{payment['id']}/cancel", {})
    await settle(worker)

    assert await till.status(payment) == "cancelled"
    assert postman.told == ["payment.authorized", "payment.cancelled"]


async def test_a_hold_runs_out_after_seven_days(
    till: Till, payer: Payer, worker: Worker, postman: Postman, clock: ManualClock
) -> None:
    payment = await held(till, payer)
    clock.advance(7 * DAY - 1)
    await settle(worker)
    assert await till.status(payment) == "authorized"

    clock.advance(1)
    late = await till.post(f"/v1/payments/{payment['id']}/capture", {})
    await settle(worker)

    assert refusal(late) == (409, "wrong_state")
    assert await till.status(payment) == "expired"
    assert postman.told == ["payment.authorized", "payment.expired"]


@pytest.mark.parametrize(
    ("scenario", "two_stages", "end"),
    [
        ("hold", False, "charged"),
        ("hold", True, "authorized"),
        ("hold_expire", True, "expired"),
        ("hold_void", True, "cancelled"),
        ("pending_then_success", True, "authorized"),
    ],
)
async def test_a_scenario_holds_for_five_seconds(
    till: Till, worker: Worker, clock: ManualClock, scenario: str, two_stages: bool, end: str
) -> None:
    payment = await till.create(capture=not two_stages, **named(scenario))
    await settle(worker)
    before = await till.status(payment)

    clock.advance(5 * SECOND)
    await settle(worker)

    assert before == ("processing" if scenario.startswith("pending") else "authorized")
    shown = (await till.get(f"/v1/payments/{payment['id']}")).json()
    assert shown["status"] == end
    assert shown["captured_amount"] == (1000 if end == "charged" else 0)


async def test_capture_and_cancel_that_race_have_one_winner(till: Till, payer: Payer) -> None:
    payment = await held(till, payer)
    path = f"/v1/payments/{payment['id']}"

    answers = await asyncio.gather(
        *(till.post(f"{path}/{verb}", {}) for verb in ("capture", "cancel", "capture"))
    )

    won = [answer.json()["status"] for answer in answers if answer.status_code == 200]
    assert won == [await till.status(payment)]


async def test_the_page_says_that_it_is_held_first(till: Till, payer: Payer) -> None:
    assert "held" in (await payer.open(await till.create(capture=False))).text
    assert '<p class="badge">' not in (await payer.open(await till.create())).text
