"""Two facts about one payment arrive in their order, unless the first is stuck for a minute."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from ipaddress import ip_network

import pytest

from handbill.infra.database import Database
from handbill.infra.outbound import Outbound
from handbill.kernel.clock import MINUTE, SECOND, ManualClock
from handbill.webhooks import store
from tests.support.receivers import Heard, answer, receiving
from tests.support.webhooks import Postman, open_shop, record

pytestmark = pytest.mark.anyio


@pytest.fixture
async def postman(db: Database, clock: ManualClock) -> AsyncIterator[Postman]:
    outbound = Outbound(guarded=True, networks=(ip_network("127.0.0.0/8"),))
    yield Postman(db, clock, outbound)
    await outbound.close()


def told(heard: list[Heard]) -> list[tuple[int, str]]:
    return [(json.loads(h.body)["sequence"], json.loads(h.body)["status"]) for h in heard]


async def test_a_later_fact_waits_until_the_earlier_has_arrived(
    db: Database, postman: Postman
) -> None:
    async def fails_once(heard: Heard, writer: asyncio.StreamWriter) -> None:
        await answer("500 Oops" if len(receiver.heard) == 1 else "200 OK")(heard, writer)

    async with receiving(fails_once) as receiver:
        shop = await open_shop(db, receiver.url())
        payment_id = await record(db, shop.id, "cancelled")
        await record(db, shop.id, "charged", payment_id=payment_id)
        await postman.work()
        for _ in range(4):
            postman.clock.advance(SECOND)
            await postman.work()
        assert told(receiver.heard) == [(1, "cancelled")]

        await postman.work_to_the_end()

    assert told(receiver.heard) == [(1, "cancelled"), (1, "cancelled"), (2, "charged")]


async def test_after_a_minute_the_later_fact_goes_alone(db: Database, postman: Postman) -> None:
    async def stuck_on_the_first(heard: Heard, writer: asyncio.StreamWriter) -> None:
        first = json.loads(heard.body)["sequence"] == 1
        await answer("500 Oops" if first else "200 OK")(heard, writer)

    async with receiving(stuck_on_the_first) as receiver:
        shop = await open_shop(db, receiver.url())
        payment_id = await record(db, shop.id, "cancelled")
        await record(db, shop.id, "charged", payment_id=payment_id)
        began = postman.clock.now()
        await postman.work()
        while (2, "charged") not in told(receiver.heard):
            due = await db.read(store.next_due)
            assert due is not None
            postman.clock.advance(due - postman.clock.now())
            await postman.work()

    assert postman.clock.now() - began == MINUTE
    assert told(receiver.heard)[:2] == [(1, "cancelled"), (1, "cancelled")]


async def test_facts_about_another_payment_do_not_wait(db: Database, postman: Postman) -> None:
    async with receiving(answer("500 Oops")) as receiver:
        shop = await open_shop(db, receiver.url())
        await record(db, shop.id, "cancelled")
        await record(db, shop.id, "charged")
        await postman.work()

    assert sorted(told(receiver.heard)) == [(1, "cancelled"), (1, "charged")]
