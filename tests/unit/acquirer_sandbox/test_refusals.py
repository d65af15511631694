"""What the acquirer's API refuses, and in which words. Nothing of it reaches the database."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.acquirer_sandbox.conftest import Till, refusal

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.parametrize("database_url", ["sqlite"], indirect=True),
]


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


@pytest.mark.parametrize("path", ["/v1/payments/7", "/v1/refunds/../x", "/v1/nothing"])
async def test_an_unknown_address_is_refused_in_json(till: Till, path: str) -> None:
    answer = await till.get(path)

    assert answer.status_code == 404
    assert answer.json()["error"]["code"] in ("not_found", "no_such_route")


@pytest.mark.parametrize(
    "query", ["limit=0", "limit=101", "limit=x", "cursor=x", "created_from=-1"]
)
async def test_a_wrong_query_is_refused(till: Till, query: str) -> None:
    assert refusal(await till.get(f"/v1/payments?{query}")) == (400, "invalid")
