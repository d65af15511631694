"""A merchant adds addresses, and each is told what it asked for, in its form, under its secret."""

from __future__ import annotations

from typing import Any

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from handbill.kernel.clock import HOUR, ManualClock, SystemClock
from tests.scenarios.webhooks.merchant import (
    ENDPOINTS,
    add_endpoint,
    deliveries,
    endpoint_now,
    events,
    pay,
    told,
    types,
)
from tests.support.receivers import Heard, answer, receiving
from tests.support.running import RunningHouse

pytestmark = pytest.mark.anyio


@pytest.fixture
def clock() -> ManualClock:
    """The reader of the specification asks the system for the time."""
    return ManualClock(SystemClock().now())


def verified(endpoint: dict[str, Any], heard: Heard) -> dict[str, Any]:
    return dict(Webhook(endpoint["secret"]).verify(heard.body, heard.headers))


async def test_an_endpoint_for_everything_is_told_everything_in_order(house: RunningHouse) -> None:
    async with receiving(answer()) as receiver:
        endpoint = await add_endpoint(house, receiver)
        await pay(house, await house.make_link(max_payments=1))

    bodies = [verified(endpoint, heard) for heard in receiver.heard]
    recorded = await events(house)
    assert {body["event_id"] for body in bodies} == {event["id"] for event in recorded}
    assert set(types(receiver.heard)) == {
        *("link.created", "payment.created", "payment.charged", "link.closed")
    }
    for body in bodies:
        [event] = [one for one in recorded if one["id"] == body["event_id"]]
        assert list(body) == ["type", "timestamp", "data", "event_id", "sequence"]
        assert (body["data"], body["timestamp"]) == (event["data"], event["created"])
    assert len(house.receiver.heard) == 1


async def test_an_endpoint_is_told_only_what_it_asked_for(house: RunningHouse) -> None:
    async with receiving(answer()) as receiver:
        await add_endpoint(house, receiver, events=["link.paused", "payment.charged"])
        link = await house.make_link()
        await house.shop.patch(f"/api/v1/links/{link['id']}", json={"status": "paused"})
        await house.settle()

    assert types(receiver.heard) == ["link.paused"]


async def test_the_flat_format_is_the_body_of_a_notify_url_under_the_endpoints_secret(
    house: RunningHouse,
) -> None:
    async with receiving(answer()) as receiver:
        endpoint = await add_endpoint(house, receiver, format="flat")
        await pay(house, await house.make_link(max_payments=1))

    [heard], [own] = receiver.heard, house.receiver.heard
    assert heard.body == own.body
    assert verified(endpoint, heard)["status"] == "charged"
    with pytest.raises(WebhookVerificationError):
        Webhook(house.merchant.webhook_secret).verify(heard.body, heard.headers)


async def test_an_endpoint_hears_of_its_own_mode_only(house: RunningHouse) -> None:
    live = house.client({"x-api-key": house.merchant.api_keys["live"]})
    async with receiving(answer()) as receiver:
        made = await live.post(ENDPOINTS, json={"url": "https://shop.example/hook"})
        await add_endpoint(house, receiver)
        await house.make_link()
        await house.settle()

    path = f"{ENDPOINTS}/{made.json()['data']['id']}"
    assert types(receiver.heard) == ["link.created"]
    assert (await live.get(f"{path}/deliveries")).json()["data"] == []


async def test_a_test_event_reaches_the_endpoint_that_is_tried_and_no_other(
    house: RunningHouse,
) -> None:
    async with receiving(answer()) as tried, receiving(answer()) as other:
        endpoint = await add_endpoint(house, tried, events=["payment.failed"], format="flat")
        await add_endpoint(house, other)
        sent = await house.shop.post(f"{ENDPOINTS}/{endpoint['id']}/test")
        await house.settle()

    assert sent.status_code == 201
    [body] = [verified(endpoint, heard) for heard in tried.heard]
    assert (body["type"], body["event_id"]) == ("endpoint.test", sent.json()["data"]["event"])
    assert body["data"]["id"] == endpoint["id"]
    assert "secret" not in body["data"]
    assert other.heard == []
    assert house.receiver.heard == []


async def test_a_disabled_endpoint_is_told_nothing_until_it_is_enabled_again(
    house: RunningHouse,
) -> None:
    async with receiving(answer()) as receiver:
        endpoint = await add_endpoint(house, receiver, events=["link.created"])
        path = f"{ENDPOINTS}/{endpoint['id']}"
        off = await house.shop.patch(path, json={"status": "disabled"})
        await house.make_link()
        await house.settle()
        refused = await house.shop.post(f"{path}/test")
        await house.shop.patch(path, json={"status": "enabled"})
        link = await house.make_link()
        await house.settle()

    assert off.json()["data"]["status_reason"] == "by_merchant"
    assert refused.status_code == 409
    assert [body["data"]["id"] for body in told(receiver.heard)] == [link["id"]]


async def test_a_deleted_endpoint_is_told_nothing_more(house: RunningHouse) -> None:
    async with receiving(answer("500 Oops")) as receiver:
        endpoint = await add_endpoint(house, receiver)
        await house.make_link()
        await house.settle()
        gone = await house.shop.delete(f"{ENDPOINTS}/{endpoint['id']}")
        await house.make_link()
        await house.pass_time(HOUR)

    assert gone.json()["data"] == {"id": endpoint["id"], "deleted": True}
    assert len(receiver.heard) == 1


async def test_what_is_on_its_way_follows_an_endpoint_to_its_new_address(
    house: RunningHouse,
) -> None:
    async with receiving(answer("500 Oops")) as old, receiving(answer()) as new:
        endpoint = await add_endpoint(house, old, events=["link.created"])
        path = f"{ENDPOINTS}/{endpoint['id']}"
        await house.make_link()
        await house.settle()
        await house.shop.patch(path, json={"url": new.url()})
        await house.pass_time(HOUR)

    assert (len(old.heard), len(new.heard)) == (1, 1)
    assert [one["url"] for one in await deliveries(house, path)] == [new.url()]


async def test_while_a_secret_is_replaced_both_sign(house: RunningHouse) -> None:
    async with receiving(answer()) as receiver:
        endpoint = await add_endpoint(house, receiver, events=["link.created"])
        path = f"{ENDPOINTS}/{endpoint['id']}/secret"
        rotated = (await house.shop.post(path)).json()["data"]
        await house.make_link()
        await house.settle()
        await house.pass_time(25 * HOUR)
        await house.make_link()
        await house.settle()

    during, after = receiver.heard
    for secret in (endpoint["secret"], rotated["secret"]):
        Webhook(secret).verify(during.body, during.headers)
    assert len(after.headers["webhook-signature"].split()) == 1


async def test_without_overlap_the_old_secret_signs_no_more(house: RunningHouse) -> None:
    async with receiving(answer()) as receiver:
        endpoint = await add_endpoint(house, receiver, events=["link.created"])
        path = f"{ENDPOINTS}/{endpoint['id']}/secret"
        rotated = await house.shop.post(path, json={"overlap_hours": 0})
        await house.make_link()
        await house.settle()

    [heard] = receiver.heard
    assert verified(rotated.json()["data"], heard)["type"] == "link.created"
    with pytest.raises(WebhookVerificationError):
        verified(endpoint, heard)
    assert "secret" not in await endpoint_now(house, endpoint)


async def test_what_happened_before_an_endpoint_was_there_is_not_sent_to_it(
    house: RunningHouse,
) -> None:
    await house.make_link()
    async with receiving(answer()) as receiver:
        await add_endpoint(house, receiver)
        link = await house.make_link()
        await house.settle()

    assert [body["data"]["id"] for body in told(receiver.heard)] == [link["id"]]
