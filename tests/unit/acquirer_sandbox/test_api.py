"""The acquirer's API: what it keeps and shows, and one effect for one key, on both databases."""

from __future__ import annotations

import asyncio

import pytest

from handbill.infra.database import Database, open_database
from handbill.infra.jobs import Worker
from handbill.kernel.clock import DAY, HOUR, SECOND, ManualClock
from tests.unit.acquirer_sandbox.conftest import Payer, Till, browse, refusal, settle

pytestmark = pytest.mark.anyio


async def test_a_new_payment_shows_what_was_asked_for(till: Till, clock: ManualClock) -> None:
    payment = await till.create(metadata={"order": "42"})

    page = payment.pop("payment_url")
    assert page.startswith("http://sandbox.test/acquirer/pay/")
    assert payment == {
        "id": payment["id"],
        "attempt_id": "attempt-1",
        "status": "awaiting_payer",
        "method": "card",
        "amount": 1000,
        "captured_amount": 0,
        "refunded_amount": 0,
        "currency": "RUB",
        "capture": True,
        "description": "Coffee",
        "qr_payload": None,
        "decline": None,
        "repeats": [],
        "disputed": False,
        "metadata": {"order": "42"},
        "created_at": clock.now(),
        "expires_at": clock.now() + HOUR,
        "test": True,
    }


async def test_the_same_key_gets_the_same_answer_whatever_happened_since(
    till: Till, payer: Payer
) -> None:
    first = await till.post("/v1/payments", till.order(), key="k")
    await payer.press(first.json(), "approve")

    again = await till.post("/v1/payments", till.order(), key="k")

    assert again.content == first.content
    assert await till.status(first.json()) == "charged"
    assert len((await till.get("/v1/payments")).json()["data"]) == 1


async def test_a_double_click_with_one_key_is_one_payment(till: Till) -> None:
    answers = await asyncio.gather(
        *(till.post("/v1/payments", till.order(), key="k") for _ in range(8))
    )

    assert len({answer.content for answer in answers}) == 1
    assert len((await till.get("/v1/payments")).json()["data"]) == 1


async def test_two_processes_make_one_payment_of_one_key(
    till: Till, database_url: str, clock: ManualClock
) -> None:
    other = open_database(database_url, clock)
    try:
        async with browse(other) as http:
            tills = [till, Till(http, till.shop, clock)] * 4
            answers = await asyncio.gather(
                *(t.post("/v1/payments", till.order(), key="k") for t in tills)
            )
    finally:
        other.close()

    # Who meets the other one half-way is asked to come again; nobody gets a second payment.
    assert {answer.status_code for answer in answers} <= {200, 503}
    assert len({answer.content for answer in answers if answer.status_code == 200}) == 1
    assert len((await till.get("/v1/payments")).json()["data"]) == 1


async def test_the_same_key_with_another_body_or_verb_is_a_conflict(till: Till) -> None:
    payment = (await till.post("/v1/payments", till.order(), key="k")).json()

    other_body = await till.post("/v1/payments", till.order(amount=2000), key="k")
    other_verb = await till.post(f"/v1/payments/{payment['id']}/cancel", {}, key="k")

    assert refusal(other_body) == (409, "idempotency_key_reused")
    assert refusal(other_verb) == (409, "idempotency_key_reused")
    assert await till.status(payment) == "awaiting_payer"


async def test_a_key_belongs_to_its_shop(till: Till, rival: Till) -> None:
    mine = (await till.post("/v1/payments", till.order(), key="k")).json()
    theirs = (await rival.post("/v1/payments", rival.order(amount=2000), key="k")).json()

    assert mine["id"] != theirs["id"]


async def test_a_refused_request_may_be_repeated_with_its_key(till: Till, payer: Payer) -> None:
    payment = await till.create()
    order = {"payment_id": payment["id"], "amount": 100}
    early = await till.post("/v1/refunds", order, key="k")
    await payer.press(payment, "approve")

    late = await till.post("/v1/refunds", order, key="k")

    assert refusal(early) == (409, "wrong_state")
    assert late.json()["status"] == "succeeded"


async def test_a_key_is_forgotten_after_three_days(till: Till, clock: ManualClock) -> None:
    order = till.order(expires_at=clock.now() + 20 * DAY)
    first = (await till.post("/v1/payments", order, key="k")).json()

    clock.advance(3 * DAY + 1)
    later = (await till.post("/v1/payments", order, key="k")).json()

    assert later["id"] != first["id"]


async def test_refunds_that_race_never_exceed_what_was_taken(till: Till, payer: Payer) -> None:
    payment = await till.create(amount=1000)
    await payer.press(payment, "approve")
    order = {"payment_id": payment["id"], "amount": 300}

    answers = await asyncio.gather(*(till.post("/v1/refunds", order) for _ in range(8)))

    assert sorted(a.status_code for a in answers) == [200] * 3 + [409] * 5
    shown = (await till.get(f"/v1/payments/{payment['id']}")).json()
    assert shown["refunded_amount"] == 900


async def test_another_shop_sees_and_moves_nothing_of_mine(
    till: Till, rival: Till, payer: Payer
) -> None:
    payment = await till.create()
    await payer.press(payment, "approve")
    order = {"payment_id": payment["id"], "amount": 100}
    refund = (await till.post("/v1/refunds", order)).json()
    path = f"/v1/payments/{payment['id']}"

    answers = [
        await rival.get(path),
        await rival.get(f"/v1/refunds/{refund['id']}"),
        await rival.post(f"{path}/cancel", {}),
        await rival.post(f"{path}/capture", {}),
        await rival.post("/v1/refunds", order),
    ]

    assert [refusal(answer) for answer in answers] == [(404, "not_found")] * 5
    assert (await rival.get("/v1/payments")).json()["data"] == []


async def test_a_list_is_walked_oldest_first_without_gaps(till: Till, clock: ManualClock) -> None:
    made = []
    for number in range(5):
        made.append((await till.create(attempt_id=f"attempt-{number}"))["id"])
        clock.advance(SECOND)

    seen, cursor = [], ""
    while True:
        page = (await till.get(f"/v1/payments?limit=2{cursor}")).json()
        seen += [payment["id"] for payment in page["data"]]
        if page["next_cursor"] is None:
            break
        cursor = f"&cursor={page['next_cursor']}"

    assert seen == made


async def test_a_list_is_narrowed_by_attempt_and_by_time(till: Till, clock: ManualClock) -> None:
    first = await till.create(attempt_id="a")
    clock.advance(SECOND)
    second = await till.create(attempt_id="b")

    by_attempt = (await till.get("/v1/payments?attempt_id=a")).json()["data"]
    by_time = (await till.get(f"/v1/payments?created_from={clock.now()}")).json()["data"]

    assert [payment["id"] for payment in by_attempt] == [first["id"]]
    assert [payment["id"] for payment in by_time] == [second["id"]]


async def test_keys_are_kept_as_hashes_only(till: Till, db: Database) -> None:
    stored = await db.read(
        lambda tx: tx.value("SELECT key_hash FROM sandbox_shops WHERE id = :id", id=till.shop.id)
    )

    assert till.shop.secret_key not in stored
    assert len(stored) == 64


async def test_an_answer_that_is_lost_comes_when_it_is_asked_for_again(
    till: Till, worker: Worker
) -> None:
    order = till.order(metadata={"sandbox_scenario": "timeout_on_create"})
    lost = await till.post("/v1/payments", order, key="k")
    again = await till.post("/v1/payments", order, key="k")
    await settle(worker)

    assert refusal(lost) == (504, "timeout")
    assert await till.status(again.json()) == "charged"
    assert len((await till.get("/v1/payments")).json()["data"]) == 1


async def test_a_refund_whose_answer_is_lost_was_made(till: Till, payer: Payer) -> None:
    payment = await till.create()
    await payer.press(payment, "timeout_on_refund")
    order = {"payment_id": payment["id"], "amount": 600, "refund_id": "r"}

    lost = await till.post("/v1/refunds", order, key="k")
    again = await till.post("/v1/refunds", order, key="k")

    assert refusal(lost) == (504, "timeout")
    assert (await till.get("/v1/refunds?refund_id=r")).json()["data"] == [again.json()]


@pytest.mark.parametrize(
    ("scenario", "answer"),
    [("http_500", (500, "breakdown")), ("rate_limited", (429, "rate_limited"))],
)
async def test_in_trouble_nothing_is_created(
    till: Till, scenario: str, answer: tuple[int, str]
) -> None:
    order = till.order(metadata={"sandbox_scenario": scenario})

    assert refusal(await till.post("/v1/payments", order)) == answer
    assert (await till.get("/v1/payments")).json()["data"] == []
