"""An endpoint that is gone, or has done nothing but fail for five days, is switched off; the others
are told."""

from __future__ import annotations

import asyncio

import pytest

from handbill.kernel.clock import DAY, HOUR
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


async def test_gone_disables_at_once_and_the_others_hear_of_it(house: RunningHouse) -> None:
    async with receiving(answer("410 Gone")) as gone, receiving(answer()) as other:
        endpoint = await add_endpoint(house, gone, events=["link.created"])
        await add_endpoint(house, other, events=["endpoint.disabled"])
        await house.make_link()
        await house.settle()
        await house.make_link()
        await house.pass_time(DAY)

    now = await endpoint_now(house, endpoint)
    assert (now["status"], now["status_reason"]) == ("disabled", "gone")
    assert len(gone.heard) == 1
    assert types(other.heard) == ["endpoint.disabled"]
    assert told(other.heard)[0]["data"] == {n: v for n, v in now.items() if n != "partner_id"}


async def test_five_days_of_failures_disable(house: RunningHouse) -> None:
    async with receiving(answer("500 Oops")) as failing, receiving(answer()) as other:
        endpoint = await add_endpoint(house, failing, events=["link.created"])
        await add_endpoint(house, other, events=["endpoint.disabled"])
        for _ in range(4):
            await house.make_link()
            await house.settle()
            await house.pass_time(30 * HOUR - 1)
        before = await endpoint_now(house, endpoint)
        await house.make_link()
        await house.pass_time(HOUR)

    now = await endpoint_now(house, endpoint)
    assert (before["status"], before["failing_since"]) == ("enabled", endpoint["created"])
    assert (now["status"], now["status_reason"]) == ("disabled", "failing")
    assert types(other.heard) == ["endpoint.disabled"]
    assert [e["object"] for e in await events(house, type="endpoint.disabled")] == [endpoint["id"]]


async def test_one_success_begins_the_five_days_anew(house: RunningHouse) -> None:
    async def succeeds_third(heard: Heard, writer: asyncio.StreamWriter) -> None:
        await answer("200 OK" if len(receiver.heard) == 3 else "500 Oops")(heard, writer)

    async with receiving(succeeds_third) as receiver:
        endpoint = await add_endpoint(house, receiver, events=["link.created"])
        failing = []
        for hours in (100, 10, 100):
            await house.make_link()
            await house.settle()
            failing.append((await endpoint_now(house, endpoint))["failing_since"])
            await house.pass_time(hours * HOUR)
        now = await endpoint_now(house, endpoint)

    assert failing[:2] == [endpoint["created"], None]
    assert endpoint["created"] < failing[2] == now["failing_since"]
    assert now["status"] == "enabled"


async def test_what_waits_for_a_disabled_endpoint_ends_and_can_be_sent_again(
    house: RunningHouse,
) -> None:
    async def gone_second(heard: Heard, writer: asyncio.StreamWriter) -> None:
        scripts = {1: answer("500 Oops"), 2: answer("410 Gone")}
        await scripts.get(len(receiver.heard), answer())(heard, writer)

    async with receiving(gone_second) as receiver:
        endpoint = await add_endpoint(house, receiver, events=["link.created"])
        path = f"{ENDPOINTS}/{endpoint['id']}"
        for _ in range(2):
            await house.make_link()
            await house.settle()
        await house.pass_time(HOUR)
        ended = await deliveries(house, path)
        await house.shop.patch(path, json={"status": "enabled"})
        await house.shop.post(f"{path}/replay", json={"failed": True})
        await house.settle()

    assert [one["status"] for one in ended] == ["exhausted", "exhausted"]
    assert [len(one["attempts"]) for one in ended] == [1, 1]
    assert len(receiver.heard) == 4
    again = await endpoint_now(house, endpoint)
    assert (again["status"], again["status_reason"]) == ("enabled", None)


async def test_a_notify_url_is_never_switched_off(house: RunningHouse) -> None:
    async with receiving(answer("410 Gone")) as gone:
        await house.change_merchant(notify_url=gone.url())
        for _ in range(2):
            await pay(house, await house.make_link())

    assert len(gone.heard) == 2
    assert await events(house, type="endpoint.disabled") == []
