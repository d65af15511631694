"""A merchant looks up what was sent, what came back, and when."""

from __future__ import annotations

import asyncio

import pytest

from handbill.kernel.clock import MINUTE
from handbill.webhooks.signing import signed_headers
from tests.scenarios.webhooks.merchant import (
    ENDPOINTS,
    EVENTS,
    add_endpoint,
    deliveries,
    events,
    pay,
)
from tests.support.receivers import Heard, answer, receiving
from tests.support.running import RunningHouse

pytestmark = pytest.mark.anyio


async def test_every_attempt_is_shown_with_its_request_and_its_answer(house: RunningHouse) -> None:
    async def fails_once(heard: Heard, writer: asyncio.StreamWriter) -> None:
        script = answer("500 Oops", b"x" * 5_000) if len(receiver.heard) == 1 else answer()
        await script(heard, writer)

    async with receiving(fails_once) as receiver:
        endpoint = await add_endpoint(house, receiver, events=["link.created"])
        await house.make_link()
        await house.settle()
        await house.pass_time(MINUTE)

    [event] = await events(house)
    [delivery] = await deliveries(house, f"{EVENTS}/{event['id']}")
    assert [delivery] == await deliveries(house, f"{ENDPOINTS}/{endpoint['id']}")
    assert (delivery["status"], delivery["endpoint"]) == ("delivered", endpoint["id"])
    assert (delivery["event"], delivery["url"]) == (event["id"], receiver.url())
    assert (delivery["next_attempt"], delivery["replayed"]) == (None, False)
    first, second = delivery["attempts"]
    assert [first["status"], second["status"]] == [500, 200]
    assert first["response"] == "x" * 2_048
    for attempt, heard in zip(delivery["attempts"], receiver.heard, strict=True):
        assert heard.body.decode() == delivery["body"]
        assert attempt["request_headers"].items() <= heard.headers.items()
        assert {"webhook-id", "webhook-timestamp", "webhook-signature"} <= set(
            attempt["request_headers"]
        )
        assert attempt["duration_ms"] >= 0


async def test_no_secret_is_shown_or_kept_with_a_delivery(house: RunningHouse) -> None:
    async with receiving(answer()) as receiver:
        endpoint = await add_endpoint(house, receiver, events=["link.created"])
        await house.make_link()
        await house.settle()

    [delivery] = await deliveries(house, f"{ENDPOINTS}/{endpoint['id']}")
    assert endpoint["secret"].removeprefix("whsec_") not in str(delivery)
    headers = delivery["attempts"][0]["request_headers"]
    at = int(headers["webhook-timestamp"]) * 1_000
    expected = signed_headers(headers["webhook-id"], at, delivery["body"], [endpoint["secret"]])
    assert expected.items() <= headers.items()


async def test_an_event_went_to_the_notify_url_and_to_an_endpoint(house: RunningHouse) -> None:
    async with receiving(answer()) as receiver:
        endpoint = await add_endpoint(house, receiver, events=["payment.charged"])
        await pay(house, await house.make_link())

    [event] = await events(house, type="payment.charged")
    went = await deliveries(house, f"{EVENTS}/{event['id']}")
    assert [one["endpoint"] for one in went] == [None, endpoint["id"]]
    assert {one["status"] for one in went} == {"delivered"}


async def test_deliveries_of_an_endpoint_are_narrowed_to_a_status(house: RunningHouse) -> None:
    async def fails_second(heard: Heard, writer: asyncio.StreamWriter) -> None:
        await answer("500 Oops" if len(receiver.heard) == 2 else "200 OK")(heard, writer)

    async with receiving(fails_second) as receiver:
        endpoint = await add_endpoint(house, receiver, events=["link.created"])
        for _ in range(3):
            await house.make_link()
            await house.settle()

    path = f"{ENDPOINTS}/{endpoint['id']}"
    statuses = [one["status"] for one in await deliveries(house, path)]
    assert statuses == ["delivered", "pending", "delivered"]
    [pending] = await deliveries(house, path, status="pending")
    assert pending["next_attempt"] is not None
    page = (await house.shop.get(f"{path}/deliveries?limit=2")).json()
    rest = await house.shop.get(
        f"{path}/deliveries", params={"cursor": page["cursor"]["cursor_value"]}
    )
    assert (len(page["data"]), len(rest.json()["data"])) == (2, 1)
