"""How payments go by themselves, by buttons and by the clock, on both databases."""

from __future__ import annotations

import pytest

from handbill.infra.jobs import Worker
from handbill.kernel.clock import HOUR, SECOND, ManualClock
from tests.unit.acquirer_sandbox.conftest import Payer, Postman, Till, named, settle

pytestmark = pytest.mark.anyio

ENDS = {
    "approve": "charged",
    "decline_insufficient_funds": "declined",
    "decline_generic": "declined",
    "decline_fraud": "declined",
    "3ds_ok": "charged",
    "3ds_fail": "declined",
    "sbp_paid": "charged",
    "sbp_rejected": "declined",
    "sbp_deadline": "expired",
    "cancel": "cancelled",
}


@pytest.mark.parametrize(("scenario", "end"), ENDS.items())
async def test_a_script_needs_no_browser(
    till: Till, worker: Worker, postman: Postman, scenario: str, end: str
) -> None:
    payment = await till.create(**named(scenario))

    await settle(worker)

    assert payment["status"] == "awaiting_payer"
    assert await till.status(payment) == end
    assert postman.told == [f"payment.{end}"]


async def test_an_amount_asks_for_a_scenario_too(till: Till, worker: Worker) -> None:
    paid, refused, waits = [await till.create(amount=amount) for amount in (10_061, 10_062, 10_060)]

    await settle(worker)

    assert await till.status(paid) == "charged"
    assert await till.status(refused) == "declined"
    assert await till.status(waits) == "awaiting_payer"


@pytest.mark.parametrize(
    ("scenario", "end"), [("pending_then_success", "charged"), ("pending_then_fail", "declined")]
)
async def test_a_slow_payment_ends_after_five_seconds(
    till: Till, worker: Worker, postman: Postman, clock: ManualClock, scenario: str, end: str
) -> None:
    payment = await till.create(**named(scenario))
    await settle(worker)
    clock.advance(5 * SECOND - 1)
    await settle(worker)
    assert await till.status(payment) == "processing"

    clock.advance(1)
    await settle(worker)

    assert await till.status(payment) == end
    assert postman.told == ["payment.processing", f"payment.{end}"]


@pytest.mark.parametrize(
    ("scenario", "stays"),
    [
        ("3ds_challenge", "challenge"),
        ("3ds_abandon", "challenge"),
        ("sbp_scanned", "scanned"),
        ("sbp_qr", "awaiting_payer"),
    ],
)
async def test_what_needs_the_payer_waits_for_them_until_the_deadline(
    till: Till, worker: Worker, postman: Postman, clock: ManualClock, scenario: str, stays: str
) -> None:
    payment = await till.create(**named(scenario))
    assert payment["status"] == stays
    clock.advance(HOUR - 1)
    await settle(worker)
    assert await till.status(payment) == stays
    assert postman.told == []

    clock.advance(1)
    await settle(worker)

    assert await till.status(payment) == "expired"
    assert postman.told == ["payment.expired"]


async def test_a_payer_who_was_quicker_than_the_scenario_wins(
    till: Till, payer: Payer, worker: Worker, postman: Postman
) -> None:
    payment = await till.create(**named("approve"))

    await payer.press(payment, "cancel")
    await settle(worker)

    assert await till.status(payment) == "cancelled"
    assert postman.told == ["payment.cancelled"]


async def test_a_press_after_the_deadline_comes_too_late_even_before_the_worker_does(
    till: Till, payer: Payer, worker: Worker, postman: Postman, clock: ManualClock
) -> None:
    payment = await till.create()
    clock.advance(HOUR)

    answer = await payer.press(payment, "approve")

    assert answer.status_code == 409
    assert await till.status(payment) == "expired"
    await settle(worker)
    assert postman.told == ["payment.expired"]


async def test_a_slow_payment_outlives_its_deadline(
    till: Till, payer: Payer, worker: Worker, clock: ManualClock
) -> None:
    payment = await till.create(expires_at=clock.now() + SECOND)
    await payer.press(payment, "pending_then_success")

    clock.advance(HOUR)
    await settle(worker)

    assert await till.status(payment) == "charged"


async def test_a_deadline_does_not_undo_what_was_decided(
    till: Till, payer: Payer, worker: Worker, postman: Postman, clock: ManualClock
) -> None:
    payment = await till.create()
    await payer.press(payment, "approve")

    clock.advance(2 * HOUR)
    await settle(worker)

    assert await till.status(payment) == "charged"
    assert postman.told == ["payment.charged"]
