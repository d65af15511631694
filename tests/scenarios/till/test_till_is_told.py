"""An open till hears at once that something has changed, and nothing once its key is revoked."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import httpx2
import pytest

from handbill.infra.database import Tx
from handbill.merchants import keys, store
from tests.support.cashier import Cashier
from tests.support.running import RunningHouse

pytestmark = pytest.mark.anyio

SECONDS_MAX = 20
TOLD_SECONDS_MAX = 2


async def told(answer: httpx2.Response) -> AsyncIterator[str]:
    async for line in answer.aiter_lines():
        if line.startswith("data: "):
            yield line


async def test_a_till_hears_of_its_sales_and_of_printed_codes(
    house: RunningHouse, cashier: Cashier
) -> None:
    link = await house.make_link(title="Table 7")
    async with asyncio.timeout(SECONDS_MAX), cashier.http.stream("GET", "/till/live") as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        news = told(answer)
        seen = [await anext(news)]
        sale = await cashier.sell("5")
        seen.append(await anext(news))
        await cashier.paid(sale)
        async with asyncio.timeout(TOLD_SECONDS_MAX):
            seen.append(await anext(news))
        payer = house.new_payer()
        await payer.decide(await payer.begin(link["url"]), "approve")
        await house.settle()
        async with asyncio.timeout(TOLD_SECONDS_MAX):
            seen.append(await anext(news))
    assert len({*seen}) == len(seen)


async def test_a_revoked_key_hears_nothing_more(house: RunningHouse, cashier: Cashier) -> None:
    def revoke(tx: Tx) -> None:
        [key] = [one for one in store.list_keys(tx, house.merchant.id) if one.scopes == ("till",)]
        keys.revoke(tx, key.id)

    async with asyncio.timeout(SECONDS_MAX), cashier.http.stream("GET", "/till/live") as answer:
        news = told(answer)
        await anext(news)
        await house.house.db.write(revoke)
        await house.new_payer().begin((await house.make_link())["url"])
        assert [line async for line in news] == []
