"""One event, a stretch of them, or all that failed: sent again, however old they are."""

from __future__ import annotations

import asyncio

import pytest

from handbill.events import record
from handbill.infra.database import Tx
from handbill.kernel.clock import DAY, HOUR, SECOND
from handbill.kernel.ids import new_id
from handbill.webhooks import replay
from tests.scenarios.webhooks.merchant import (
    ENDPOINTS,
    EVENTS,
    add_endpoint,
    deliveries,
    events,
    pay,
    told,
    types,
)
from tests.support.receivers import Heard, answer, receiving
from tests.support.running import RunningHouse

pytestmark = pytest.mark.anyio


async def test_an_old_event_goes_everywhere_again_with_the_same_name(house: RunningHouse) -> None:
    async with receiving(answer()) as receiver:
        await add_endpoint(house, receiver, events=["payment.charged"])
        await pay(house, await house.make_link())
        [event] = await events(house, type="payment.charged")
        await house.pass_time(400 * DAY)
        again = await house.shop.post(f"{EVENTS}/{event['id']}/replay")
        await house.settle()

    assert (again.status_code, len(again.json()["data"]["deliveries"])) == (201, 2)
    for heard in (receiver.heard, house.receiver.heard):
        first, second = heard
        assert first.body == second.body
        assert first.headers["webhook-id"] == second.headers["webhook-id"]
        assert first.headers["webhook-timestamp"] != second.headers["webhook-timestamp"]
    went = await deliveries(house, f"{EVENTS}/{event['id']}")
    assert [one["replayed"] for one in went] == [False, False, True, True]
    assert {one["status"] for one in went} == {"delivered"}


async def test_an_event_goes_again_to_one_endpoint_whatever_it_asked_for(
    house: RunningHouse,
) -> None:
    async with receiving(answer()) as one, receiving(answer()) as other:
        endpoint = await add_endpoint(house, one, events=["link.deleted"])
        await add_endpoint(house, other)
        await house.make_link()
        await house.settle()
        [event] = await events(house)
        path = f"{EVENTS}/{event['id']}/replay"
        await house.shop.post(path, json={"endpoint": endpoint["id"]})
        await house.settle()

    assert types(one.heard) == ["link.created"]
    assert types(other.heard) == ["link.created"]


async def test_an_endpoint_that_cannot_take_an_event_is_refused_by_name(
    house: RunningHouse,
) -> None:
    async with receiving(answer()) as receiver:
        flat = await add_endpoint(house, receiver, format="flat")
        off = await add_endpoint(house, receiver)
        await house.shop.patch(f"{ENDPOINTS}/{off['id']}", json={"status": "disabled"})
        await house.make_link()
        [event] = await events(house)
        path = f"{EVENTS}/{event['id']}/replay"
        answers = [
            await house.shop.post(path, json={"endpoint": name})
            for name in (flat["id"], off["id"], event["id"])
        ]
        await house.settle()

    assert [one.status_code for one in answers] == [422, 409, 422]
    assert list(answers[0].json()["details"]) == list(answers[2].json()["details"]) == ["endpoint"]
    assert receiver.heard == []


async def test_a_stretch_of_events_goes_again(house: RunningHouse) -> None:
    async with receiving(answer()) as receiver:
        links = [await house.make_link() for _ in range(6)]
        endpoint = await add_endpoint(house, receiver, events=["link.created"])
        await house.settle()
        path = f"{ENDPOINTS}/{endpoint['id']}/replay"
        begun = await house.shop.post(path, json={"after": 1, "until": 4})
        await house.settle()

    assert (begun.status_code, begun.json()["data"]) == (202, {"endpoint": endpoint["id"]})
    sent = [body["data"]["id"] for body in told(receiver.heard)]
    assert sorted(sent) == sorted(link["id"] for link in links[1:4])


async def test_a_stretch_without_an_end_goes_up_to_now(house: RunningHouse) -> None:
    async with receiving(answer()) as receiver:
        for _ in range(3):
            await house.make_link()
        endpoint = await add_endpoint(house, receiver, events=["link.created"])
        await house.settle()
        await house.shop.post(f"{ENDPOINTS}/{endpoint['id']}/replay", json={"after": 0})
        await house.settle()
        await house.make_link()
        await house.settle()

    assert len(receiver.heard) == 3 + 1


async def test_all_that_failed_goes_again_and_nothing_else(house: RunningHouse) -> None:
    async def fails_at_first(heard: Heard, writer: asyncio.StreamWriter) -> None:
        down = len(receiver.heard) > 1 and not back.is_set()
        await answer("500 Oops" if down else "200 OK")(heard, writer)

    back = asyncio.Event()
    async with receiving(fails_at_first) as receiver:
        endpoint = await add_endpoint(house, receiver, events=["link.created"])
        path = f"{ENDPOINTS}/{endpoint['id']}"
        for _ in range(3):
            await house.make_link()
            await house.settle()
        for _ in range(100):
            await house.pass_time(HOUR)
        given_up = await deliveries(house, path, status="exhausted")
        back.set()
        before = len(receiver.heard)
        for _ in range(2):
            await house.shop.post(f"{path}/replay", json={"failed": True})
            await house.settle()

    assert [len(one["attempts"]) for one in given_up] == [10, 10]
    again = {heard.headers["webhook-id"] for heard in receiver.heard[before:]}
    assert again == {f"msg_{one['event']}" for one in given_up}
    assert len(receiver.heard) == before + 2


async def test_a_long_replay_goes_on_in_bounded_steps(house: RunningHouse) -> None:
    count = replay.STEP_MAX + 5
    async with receiving(answer()) as receiver:
        await house.house.db.write(
            lambda tx: record_links(tx, house.merchant.id, count), merchant=house.merchant.id
        )
        endpoint = await add_endpoint(house, receiver, events=["link.created"])
        await house.shop.post(f"{ENDPOINTS}/{endpoint['id']}/replay", json={"after": 0})
        await house.house.worker.step()
        first = await house.house.db.read(
            lambda tx: tx.value("SELECT COUNT(*) FROM deliveries WHERE replayed")
        )
        for _ in range(60):  # a receiver that was found slow is come back to within minutes
            await house.pass_time(10 * SECOND)

    assert first == replay.STEP_MAX
    assert len({body["event_id"] for body in told(receiver.heard)}) == count


def record_links(tx: Tx, merchant_id: int, count: int) -> None:
    for _ in range(count):
        record(
            tx,
            "link.created",
            merchant_id=merchant_id,
            test=True,
            object_id=new_id(tx.now),
            data={},
            first=True,
        )


async def test_an_event_goes_again_also_to_an_endpoint_that_came_later(house: RunningHouse) -> None:
    await house.make_link()
    await house.settle()
    [event] = await events(house)
    async with receiving(answer()) as receiver:
        await add_endpoint(house, receiver)
        await house.shop.post(f"{EVENTS}/{event['id']}/replay")
        await house.settle()

    assert [body["event_id"] for body in told(receiver.heard)] == [event["id"]]


async def test_what_a_notify_url_never_took_goes_there_again(house: RunningHouse) -> None:
    async with receiving(answer("410 Gone")) as down, receiving(answer()) as up:
        await house.change_merchant(notify_url=down.url())
        for _ in range(2):
            await pay(house, await house.make_link())
        await house.change_merchant(notify_url=up.url())
        await pay(house, await house.make_link())
        begun = await house.shop.post("/api/v1/merchant/replay", json={"failed": True})
        await house.settle()

    assert (begun.status_code, begun.json()["data"]) == (202, {"endpoint": None})
    names = [heard.headers["webhook-id"] for heard in down.heard]
    assert sorted(heard.headers["webhook-id"] for heard in up.heard[1:]) == sorted(names)


async def test_a_stretch_goes_to_the_notify_url_again(house: RunningHouse) -> None:
    for _ in range(2):
        await pay(house, await house.make_link())
    first, _ = await events(house, type="payment.charged")
    order = {"after": first["sequence"] - 1, "until": first["sequence"]}
    await house.shop.post("/api/v1/merchant/replay", json=order)
    await house.settle()

    assert [body["event_id"] for body in house.told][2:] == [first["id"]]
