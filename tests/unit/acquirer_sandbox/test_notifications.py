"""Notifications: signed, repeated until they are taken, given up after a day."""

from __future__ import annotations

import hashlib
import hmac
import json

import pytest

from acquirer_sandbox.notifications import WAITS, sign
from handbill.infra.database import Database
from handbill.infra.jobs import Worker
from handbill.kernel.clock import DAY, HOUR, SECOND, ManualClock
from tests.unit.acquirer_sandbox.conftest import Payer, Postman, Till, settle

pytestmark = pytest.mark.anyio


async def paid(till: Till, payer: Payer) -> None:
    await payer.press(await till.create(), "approve")


async def test_a_notification_is_signed_over_its_time_and_body(
    till: Till, payer: Payer, worker: Worker, postman: Postman, clock: ManualClock
) -> None:
    await paid(till, payer)

    await worker.step()

    [(url, headers, body)] = postman.sent
    seconds = clock.now() // SECOND
    expected = hmac.new(
        till.shop.notification_secret.encode(), f"{seconds}.".encode() + body, hashlib.sha256
    ).hexdigest()
    assert url == "https://shop.test/notifications"
    assert headers["x-sandbox-signature"] == f"t={seconds},v1={expected}"
    assert headers["content-type"] == "application/json"
    event = json.loads(body)
    assert event["type"] == "payment.charged"
    assert event["payment"]["status"] == "charged"
    assert event["payment"]["test"] is True


@pytest.mark.parametrize("answer", [0, 302, 404, 500], ids=["nobody there", "302", "404", "500"])
async def test_only_2xx_is_taken(
    till: Till, payer: Payer, worker: Worker, postman: Postman, clock: ManualClock, answer: int
) -> None:
    await paid(till, payer)
    postman.answers = [answer, 204]

    await worker.step()
    clock.advance(WAITS[0])
    await worker.step()
    clock.advance(DAY)
    await worker.step()

    assert len(postman.sent) == 2


async def test_tries_come_further_and_further_apart_and_end_within_a_day(
    till: Till, payer: Payer, worker: Worker, postman: Postman, clock: ManualClock, db: Database
) -> None:
    await paid(till, payer)
    postman.answers = [500] * 100
    await worker.step()

    for number, wait in enumerate(WAITS, start=1):
        clock.advance(wait - 1)
        await worker.step()
        assert len(postman.sent) == number
        clock.advance(1)
        await worker.step()
        assert len(postman.sent) == number + 1

    assert 12 * HOUR < sum(WAITS) < DAY
    clock.advance(30 * DAY)
    await worker.step()
    assert len(postman.sent) == len(WAITS) + 1
    status = await db.read(lambda tx: tx.value("SELECT status FROM sandbox_notifications"))
    assert status == "exhausted"


async def test_a_lost_one_is_never_sent_and_neither_are_those_after_it(
    till: Till, payer: Payer, worker: Worker, postman: Postman, clock: ManualClock
) -> None:
    payment = await till.create()
    await payer.press(payment, "webhook_lost")
    await till.post("/v1/refunds", {"payment_id": payment["id"], "amount": 100})
    clock.advance(30 * DAY)
    await settle(worker)

    assert await till.status(payment) == "charged"
    assert postman.sent == []


async def test_a_doubled_one_is_the_same_event_twice(
    till: Till, payer: Payer, worker: Worker, postman: Postman, clock: ManualClock
) -> None:
    postman.answers = [200, 500]
    await payer.press(await till.create(), "webhook_duplicate")
    await settle(worker)
    clock.advance(DAY)
    await settle(worker)

    assert {body for _, _, body in postman.sent} == {postman.sent[0][2]}
    assert 2 <= len(postman.sent) <= 3


async def test_reordered_ones_come_last_first(
    till: Till, payer: Payer, worker: Worker, postman: Postman, clock: ManualClock
) -> None:
    await payer.press(await till.create(), "webhook_reordered")
    for _ in range(11):
        await settle(worker)
        clock.advance(SECOND)

    assert postman.told == ["payment.charged", "payment.processing"]


async def test_a_late_one_comes_ten_seconds_after_the_payer(
    till: Till, payer: Payer, worker: Worker, postman: Postman, clock: ManualClock
) -> None:
    payment = await till.create()
    back = await payer.press(payment, "return_before_webhook")
    clock.advance(10 * SECOND - 1)
    await settle(worker)
    assert (back.headers["location"], postman.sent) == ("https://shop.test/status/1", [])

    clock.advance(1)
    await settle(worker)

    assert postman.told == ["payment.charged"]


async def test_a_forged_one_has_a_signature_that_does_not_fit(
    till: Till, payer: Payer, worker: Worker, postman: Postman
) -> None:
    await payer.press(await till.create(), "webhook_bad_signature")
    await worker.step()

    [(_, headers, body)] = postman.sent
    seconds, _, given = headers["x-sandbox-signature"].partition(",v1=")
    right = sign(till.shop.notification_secret, body, int(seconds[2:]) * SECOND)
    assert len(given) == 64
    assert right != headers["x-sandbox-signature"]


async def test_one_that_tells_a_wrong_amount_does_not_change_what_was_taken(
    till: Till, payer: Payer, worker: Worker, postman: Postman
) -> None:
    payment = await till.create()
    await payer.press(payment, "webhook_wrong_amount")
    await worker.step()

    told = json.loads(postman.sent[0][2])["payment"]
    assert (told["amount"], told["captured_amount"]) == (999, 999)
    taken = (await till.get(f"/v1/payments/{payment['id']}")).json()["captured_amount"]
    assert taken == 1000


async def test_a_payer_who_never_returns_stays_here(till: Till, payer: Payer) -> None:
    payment = await till.create()

    answer = await payer.press(payment, "never_return")

    assert (answer.status_code, answer.headers["location"]) == (303, payment["payment_url"])
    assert await till.status(payment) == "charged"
