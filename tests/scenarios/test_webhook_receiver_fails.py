"""The merchant's server is down, lies, dawdles or is gone: what is tried, how often, how long."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from ipaddress import ip_network

import pytest

from handbill.infra.database import Database
from handbill.infra.outbound import Outbound
from handbill.kernel.clock import HOUR, MINUTE, ManualClock
from handbill.webhooks import store
from handbill.webhooks.model import DeliveryStatus
from handbill.webhooks.signing import signed_headers
from tests.support.receivers import (
    Heard,
    Script,
    answer,
    raw_answer,
    receiving,
    silence,
)
from tests.support.webhooks import Postman, attempts_of, deliveries_of, open_shop, record

pytestmark = pytest.mark.anyio

SCHEDULE_SPAN = 75 * HOUR + 35 * MINUTE


@pytest.fixture
async def postman(db: Database, clock: ManualClock) -> AsyncIterator[Postman]:
    outbound = Outbound(guarded=True, networks=(ip_network("127.0.0.0/8"),))
    yield Postman(db, clock, outbound)
    await outbound.close()


def in_turn(*scripts: Script) -> Script:
    """Each answer once, the last one for ever."""
    waiting = list(scripts)

    async def script(heard: Heard, writer: asyncio.StreamWriter) -> None:
        await (waiting.pop(0) if len(waiting) > 1 else waiting[0])(heard, writer)

    return script


async def test_a_server_that_always_fails_is_tried_ten_times_over_75_hours_and_35_minutes(
    db: Database, postman: Postman, clock: ManualClock
) -> None:
    began = clock.now()
    async with receiving(answer("500 Oops", b"no")) as receiver:
        shop = await open_shop(db, receiver.url())
        await record(db, shop.id)
        await postman.work_to_the_end()

    [delivery] = await deliveries_of(db, shop.id)
    attempts = await attempts_of(db, delivery)
    assert len(receiver.heard) == len(attempts) == 10
    assert (delivery.status, delivery.next_at) == (DeliveryStatus.EXHAUSTED, None)
    assert await db.read(store.next_due) is None
    assert abs(clock.now() - began - SCHEDULE_SPAN) <= SCHEDULE_SPAN / 10
    assert {(a.status_code, a.response, a.error) for a in attempts} == {(500, "no", None)}
    for heard, attempt in zip(receiver.heard, attempts, strict=True):
        assert heard.body.decode() == delivery.body
        expected = signed_headers(
            delivery.message_id, attempt.started_at, delivery.body, [shop.webhook_secret]
        )
        assert expected.items() <= heard.headers.items()


async def test_a_server_that_comes_back_is_told(db: Database, postman: Postman) -> None:
    script = in_turn(answer("503 Busy"), raw_answer(b""), answer("204 No Content"))
    async with receiving(script) as receiver:
        shop = await open_shop(db, receiver.url())
        await record(db, shop.id)
        await postman.work_to_the_end()

    [delivery] = await deliveries_of(db, shop.id)
    assert (delivery.status, delivery.attempts) == (DeliveryStatus.DELIVERED, 3)
    assert len({heard.headers["webhook-id"] for heard in receiver.heard}) == 1


async def test_a_server_that_is_gone_is_told_no_more(db: Database, postman: Postman) -> None:
    async with receiving(answer("410 Gone")) as receiver:
        shop = await open_shop(db, receiver.url())
        await record(db, shop.id)
        await postman.work_to_the_end()

    [delivery] = await deliveries_of(db, shop.id)
    assert (delivery.status, len(receiver.heard)) == (DeliveryStatus.EXHAUSTED, 1)


async def test_a_server_that_asks_for_a_pause_gets_it(
    db: Database, postman: Postman, clock: ManualClock
) -> None:
    script = in_turn(answer("429 Slow down", headers={"retry-after": "7200"}), answer())
    async with receiving(script) as receiver:
        shop = await open_shop(db, receiver.url())
        await record(db, shop.id)
        began = clock.now()
        await postman.work_to_the_end()

    assert len(receiver.heard) == 2
    assert 2 * HOUR <= clock.now() - began < 2 * HOUR + MINUTE


@pytest.mark.parametrize(
    ("raw", "error"),
    [
        (b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nok", "connection ended"),
        (b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n", "connection ended"),
        (b"", "connection ended"),
        (b"220 mail.example ESMTP\r\n", "not HTTP"),
    ],
)
async def test_an_answer_that_is_torn_or_no_http_counts_as_none(
    db: Database, postman: Postman, raw: bytes, error: str
) -> None:
    async with receiving(raw_answer(raw)) as receiver:
        shop = await open_shop(db, receiver.url())
        await record(db, shop.id)
        await postman.work()

    [delivery] = await deliveries_of(db, shop.id)
    [attempt] = await attempts_of(db, delivery)
    assert (delivery.status, delivery.attempts) == (DeliveryStatus.PENDING, 1)
    assert attempt.status_code is None
    assert error in (attempt.error or "")


async def test_a_redirect_is_a_failure_and_is_not_followed(db: Database, postman: Postman) -> None:
    async with (
        receiving(answer()) as elsewhere,
        receiving(answer("307 Away", headers={"location": elsewhere.url()})) as receiver,
    ):
        shop = await open_shop(db, receiver.url())
        await record(db, shop.id)
        await postman.work()

    [delivery] = await deliveries_of(db, shop.id)
    assert (delivery.status, elsewhere.connections) == (DeliveryStatus.PENDING, 0)


async def test_a_huge_answer_is_delivered_and_its_beginning_kept(
    db: Database, postman: Postman
) -> None:
    async with receiving(answer(body=b"\x00\xff" * 10_000_000)) as receiver:
        shop = await open_shop(db, receiver.url())
        await record(db, shop.id)
        await postman.work()

    [delivery] = await deliveries_of(db, shop.id)
    [attempt] = await attempts_of(db, delivery)
    assert delivery.status is DeliveryStatus.DELIVERED
    assert attempt.response == "\ufffd" * 2_048


async def test_a_server_that_says_nothing_is_given_up_when_the_time_is_over(
    db: Database, clock: ManualClock
) -> None:
    over = asyncio.Event()
    outbound = Outbound(guarded=True, networks=(ip_network("127.0.0.0/8"),))
    async with receiving(silence(over)) as receiver:
        shop = await open_shop(db, receiver.url())
        await record(db, shop.id)
        await Postman(db, clock, outbound, timeout_seconds=0.2).work()
        over.set()
    await outbound.close()

    [delivery] = await deliveries_of(db, shop.id)
    [attempt] = await attempts_of(db, delivery)
    assert delivery.status is DeliveryStatus.PENDING
    assert attempt.error == "no complete answer in time"
    assert attempt.duration_ms >= 200


async def test_a_server_that_is_down_is_tried_again(db: Database, postman: Postman) -> None:
    async with receiving(answer()) as receiver:
        url = receiver.url()
    shop = await open_shop(db, url)
    await record(db, shop.id)
    await postman.work()

    [delivery] = await deliveries_of(db, shop.id)
    [attempt] = await attempts_of(db, delivery)
    assert attempt.error == "the connection was refused"
    assert delivery.next_at is not None


async def test_an_address_inside_our_own_network_is_never_connected_to(
    db: Database, clock: ManualClock
) -> None:
    async with receiving(answer()) as receiver:
        outbound = Outbound(guarded=True, ports=[receiver.port])
        shop = await open_shop(db, receiver.url())
        await record(db, shop.id)
        await Postman(db, clock, outbound).work_to_the_end()
        await outbound.close()

    [delivery] = await deliveries_of(db, shop.id)
    [first, *_] = await attempts_of(db, delivery)
    assert receiver.connections == 0
    assert (delivery.status, delivery.attempts) == (DeliveryStatus.EXHAUSTED, 10)
    assert "private" in (first.error or "")


async def test_live_money_is_not_told_of_over_plain_http(db: Database, clock: ManualClock) -> None:
    async def public(host: str, port: int) -> list[str]:
        return ["93.184.216.34"]

    outbound = Outbound(guarded=True, lookup=public)
    shop = await open_shop(db, "http://shop.example/hook")
    await record(db, shop.id, test=False)
    await Postman(db, clock, outbound).work()
    await outbound.close()

    [delivery] = await deliveries_of(db, shop.id)
    [attempt] = await attempts_of(db, delivery)
    assert (delivery.status, attempt.status_code) == (DeliveryStatus.PENDING, None)
    assert "scheme" in (attempt.error or "")
