"""The page of a payment is told by a stream of events, and says the same to who asks again."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import httpx2
import msgspec
import pytest

from tests.support.payers import Payer
from tests.support.running import RunningHouse

pytestmark = pytest.mark.anyio

SECONDS_MAX = 20
TOLD_SECONDS_MAX = 2


async def told(answer: httpx2.Response) -> AsyncIterator[dict[str, str]]:
    async for line in answer.aiter_lines():
        if line.startswith("data: "):
            yield msgspec.json.decode(line.removeprefix("data: "), type=dict[str, str])


async def test_a_page_hears_at_once_that_its_payment_was_charged(
    house: RunningHouse, payer: Payer
) -> None:
    link = await house.make_link()
    acquirer = await payer.begin(link["url"])
    status = await payer.decide(acquirer, "pending_then_success")
    phone = house.new_payer()
    async with asyncio.timeout(SECONDS_MAX), phone.http.stream("GET", f"{status}/events") as answer:
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith("text/event-stream")
        events = told(answer)
        assert (await anext(events))["state"] == "waiting"

        await house.pass_time(6_000)
        async with asyncio.timeout(TOLD_SECONDS_MAX):
            while (seen := await anext(events))["state"] == "waiting":
                pass

    assert seen == {"state": "charged", "look": ""}
    assert (await payer.look(status)).state == "charged"


async def test_what_is_told_is_what_stands_on_the_page(house: RunningHouse, payer: Payer) -> None:
    link = await house.make_link()
    await payer.begin(link["url"])
    status = (await house.payment())["payment_url"]

    page = await payer.look(status)
    async with asyncio.timeout(SECONDS_MAX), payer.http.stream("GET", f"{status}/events") as answer:
        first = await anext(told(answer))

    assert f'data-state="{first["state"]}" data-look="{first["look"]}"' in page.html
    assert first["look"] == "continue"
    assert f'data-events="{status}/events"' in page.html


async def test_a_payment_that_nobody_knows_has_no_stream(house: RunningHouse, payer: Payer) -> None:
    answer = await payer.http.get(f"{house.url}/pay/status/nobody-knows/events")
    assert answer.status_code == 404
