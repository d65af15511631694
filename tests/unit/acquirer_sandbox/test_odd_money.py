"""Money that comes late, twice, in another sum, or is disputed."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from handbill.infra.jobs import Worker
from handbill.kernel.clock import DAY, HOUR, SECOND, ManualClock
from tests.unit.acquirer_sandbox.conftest import Payer, Postman, Till, named, settle

pytestmark = pytest.mark.anyio


async def shown(till: Till, payment: dict[str, Any]) -> dict[str, Any]:
    return dict((await till.get(f"/v1/payments/{payment['id']}")).json())


async def test_it_comes_after_the_deadline(
    till: Till, worker: Worker, postman: Postman, clock: ManualClock
) -> None:
    payment = await till.create(**named("late_success_after_expiry"))
    await settle(worker)
    before = await till.status(payment)

    clock.advance(5 * SECOND)
    await settle(worker)

    assert before == "expired"
    assert (await shown(till, payment))["captured_amount"] == 1000
    assert postman.told == ["payment.expired", "payment.charged"]


@pytest.mark.parametrize("who", ["shop", "payer", "deadline"])
async def test_it_comes_after_whoever_ended_the_payment(
    till: Till, payer: Payer, worker: Worker, postman: Postman, clock: ManualClock, who: str
) -> None:
    payment = await till.create(**named("late_success_after_cancel"), capture=False)
    await settle(worker)
    assert await till.status(payment) == "awaiting_payer"

    if who == "shop":
        await till.post(f"/v1/payments/{payment['id']}/cancel", {})
    elif who == "payer":
        await payer.press(payment, "cancel")
    else:
        clock.advance(HOUR)
    await settle(worker)
    clock.advance(5 * SECOND)
    await settle(worker)

    end = "expired" if who == "deadline" else "cancelled"
    assert postman.told == [f"payment.{end}", "payment.charged"]


async def test_a_second_charge_is_a_payment_of_its_own_for_the_same_attempt(
    till: Till, worker: Worker, postman: Postman, clock: ManualClock
) -> None:
    payment = await till.create(**named("double_pay"))
    await settle(worker)
    clock.advance(DAY)
    await settle(worker)

    first, second = (await till.get("/v1/payments?attempt_id=attempt-1")).json()["data"]
    assert (first["id"], first["repeats"]) == (payment["id"], [second["id"]])
    assert (second["status"], second["captured_amount"], second["repeats"]) == ("charged", 1000, [])
    told = [msgspec.json.decode(body)["payment"]["id"] for _, _, body in postman.sent]
    assert told == [first["id"], second["id"]]
    order = {"payment_id": second["id"], "amount": 1000}
    assert (await till.post("/v1/refunds", order)).json()["status"] == "succeeded"
    assert (await shown(till, first))["refunded_amount"] == 0


@pytest.mark.parametrize(
    ("scenario", "currency", "taken"),
    [
        ("wrong_amount", "RUB", (999, "RUB")),
        ("wrong_currency", "RUB", (1000, "USD")),
        ("wrong_currency", "USD", (1000, "EUR")),
    ],
)
async def test_something_else_than_was_asked_is_taken(
    till: Till, worker: Worker, scenario: str, currency: str, taken: tuple[int, str]
) -> None:
    payment = await till.create(currency=currency, **named(scenario))
    await settle(worker)

    charged = await shown(till, payment)

    assert (charged["captured_amount"], charged["currency"]) == taken
    assert (charged["amount"], charged["status"]) == (1000, "charged")


async def test_a_dispute_is_told_and_shown(
    till: Till, payer: Payer, worker: Worker, postman: Postman, clock: ManualClock
) -> None:
    payment = await till.create()
    await payer.press(payment, "chargeback")
    await settle(worker)
    before = await shown(till, payment)
    clock.advance(5 * SECOND)
    await settle(worker)

    assert (before["disputed"], (await shown(till, payment))["disputed"]) == (False, True)
    assert await till.status(payment) == "charged"
    assert postman.told == ["payment.charged", "dispute.opened"]
