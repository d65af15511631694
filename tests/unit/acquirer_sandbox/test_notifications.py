"""Notifications: signed, repeated until they are taken, given up after a day."""

from __future__ import annotations

import hashlib
import hmac
import json

import pytest

from acquirer_sandbox.notifications import WAITS
from handbill.infra.database import Database
from handbill.infra.jobs import Worker
from handbill.kernel.clock import DAY, HOUR, SECOND, ManualClock
from tests.unit.acquirer_sandbox.conftest import Payer, Postman, Till

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
