"""The acquirer's API: whose key, what is refused and in which words, one effect for one key."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx2
import pytest

from handbill.infra.database import Database
from handbill.kernel.clock import DAY, HOUR, SECOND, ManualClock
from tests.unit.acquirer_sandbox.conftest import Payer, Till

pytestmark = pytest.mark.anyio


def refusal(answer: httpx2.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]["code"]


@pytest.mark.parametrize(
    "authorization", [None, "", "Bearer", "Bearer sk_sandbox_wrong", "Basic {key}", "{key}"]
)
async def test_without_a_known_key_nothing_is_answered(
    till: Till, authorization: str | None
) -> None:
    headers = {}
    if authorization is not None:
        headers["authorization"] = authorization.format(key=till.shop.secret_key)

    # The body is wrong too: a stranger must not even learn that.
    answer = await till.http.post("/v1/payments", content=b"{", headers=headers)

    assert refusal(answer) == (401, "unauthorized")


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
        "metadata": {"order": "42"},
        "created_at": clock.now(),
        "expires_at": clock.now() + HOUR,
        "test": True,
    }


REFUSED: tuple[tuple[dict[str, Any], str], ...] = (
    ({"amount": 0}, "amount"),
    ({"amount": -5}, "amount"),
    ({"amount": "1000"}, "amount"),
    ({"amount": 1000.0}, "amount"),
    ({"amount": True}, "amount"),
    ({"amount": 10**12 + 1}, "amount"),
    ({"currency": "XXX"}, "currency"),
    ({"currency": "rub"}, "RUB"),
    ({"method": "cash"}, "method"),
    ({"method": "sbp", "currency": "USD"}, "currency"),
    ({"attempt_id": ""}, "attempt_id"),
    ({"description": "a\x00b"}, "description"),
    ({"return_url": "javascript:alert(1)"}, "return_url"),
    ({"return_url": "https://"}, "return_url"),
    ({"notification_url": "https://a b"}, "notification_url"),
    ({"expires_at": 1}, "expires_at"),
    ({"metadata": {"sandbox_scenario": "aprove"}}, "approve"),
    ({"metadata": {"order": 42}}, "metadata"),
)


@pytest.mark.parametrize(("change", "word"), REFUSED, ids=lambda value: str(value)[:40])
async def test_a_wrong_order_is_refused_by_name(
    till: Till, change: dict[str, Any], word: str
) -> None:
    answer = await till.post("/v1/payments", till.order(**change))

    assert refusal(answer) == (400, "invalid")
    assert word in answer.json()["error"]["message"]


async def test_what_cannot_be_read_is_refused(till: Till) -> None:
    garbled = await till.post("/v1/payments", b"{")
    large = await till.post("/v1/payments", b" " * (64 * 1024 + 1))

    assert refusal(garbled) == (400, "malformed")
    assert refusal(large) == (413, "too_large")


@pytest.mark.parametrize("key", ["", "x" * 256])
async def test_a_post_needs_an_idempotency_key(till: Till, key: str) -> None:
    headers = {"authorization": f"Bearer {till.shop.secret_key}", "idempotency-key": key}

    answer = await till.http.post("/v1/payments", json=till.order(), headers=headers)

    assert refusal(answer) == (400, "invalid")


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


@pytest.mark.parametrize("path", ["/v1/payments/7", "/v1/refunds/../x", "/v1/nothing"])
async def test_an_unknown_address_is_refused_in_json(till: Till, path: str) -> None:
    answer = await till.get(path)

    assert answer.status_code == 404
    assert answer.json()["error"]["code"] in ("not_found", "no_such_route")


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


@pytest.mark.parametrize(
    "query", ["limit=0", "limit=101", "limit=x", "cursor=x", "created_from=-1"]
)
async def test_a_wrong_query_is_refused(till: Till, query: str) -> None:
    assert refusal(await till.get(f"/v1/payments?{query}")) == (400, "invalid")


async def test_keys_are_kept_as_hashes_only(till: Till, db: Database) -> None:
    stored = await db.read(
        lambda tx: tx.value("SELECT key_hash FROM sandbox_shops WHERE id = :id", id=till.shop.id)
    )

    assert till.shop.secret_key not in stored
    assert len(stored) == 64
