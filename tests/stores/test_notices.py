"""A channel is told what happens: each thing once, in words, and a burst of things in one."""

from __future__ import annotations

import asyncio

import pytest

from handbill.infra import jobs
from handbill.infra.jobs import Worker
from handbill.kernel.clock import MINUTE, ManualClock
from handbill.merchants.model import Tenant
from handbill.notices import relay, service
from handbill.notices.model import PER_MINUTE, Channel, ChannelStatus, Message
from handbill.notices.telling import Teller
from handbill.notices.wording import Language
from handbill.payments.model import PaymentStatus
from handbill.web.pages.language import speak
from tests.support.notices import FakeCourier, Listener
from tests.support.shop import Shop

pytestmark = pytest.mark.anyio


@pytest.fixture
async def listener(shop: Shop) -> Listener:
    return Listener(shop)


async def paid(shop: Shop, count: int = 1) -> None:
    link = await shop.link(title="Two coffees")
    for number in range(count):
        started = await shop.pay(link, f"payer {number}")
        assert (await shop.charged(started)).status is PaymentStatus.CHARGED


async def test_a_payment_is_told_with_what_it_is_for(shop: Shop, listener: Listener) -> None:
    channel = await listener.add()
    await paid(shop)
    await listener.hear()
    await listener.hear()

    [(told, message)] = listener.courier.sent
    assert told == channel.id
    assert message.subject == "TEST: Paid: ₽10.00"
    [payment] = [e for e in await shop.events() if e.type == "payment.charged"]
    assert message.lines == (
        "Two coffees",
        f"Reference: {payment.data['txid']}",
        "Shop",
        "Test: no money moves",
    )
    now = await listener.now(channel)
    assert now.last_sent_at == shop.clock.now()
    assert now.after_sequence == payment.sequence


async def test_a_channel_hears_what_it_asked_for_since_it_was_made(
    shop: Shop, listener: Listener
) -> None:
    await paid(shop)
    refunds = await listener.add(events=("refund.succeeded",))
    everything = await listener.add()
    link = await shop.link()
    started = await shop.pay(link)
    await shop.charged(started)
    await shop.refund(started, 400)
    await listener.hear()

    heard = [(told, message.subject) for told, message in listener.courier.sent]
    assert sorted(heard) == sorted(
        [
            (refunds.id, "TEST: Refunded: ₽4.00"),
            (everything.id, "TEST: Paid: ₽10.00"),
            (everything.id, "TEST: Refunded: ₽4.00"),
        ]
    )


async def test_channels_of_the_other_mode_and_of_others_hear_nothing(
    shop: Shop, neighbour: Shop, listener: Listener
) -> None:
    live = Listener(shop)
    shop.tenant = Tenant(shop.merchant.id, False)
    await live.add()
    shop.tenant = Tenant(shop.merchant.id, True)
    beside = Listener(neighbour)
    await beside.add()
    await paid(shop)

    for one in (live, beside):
        await one.hear()
        assert one.courier.sent == []


async def test_without_a_channel_nothing_is_read_or_written(shop: Shop, listener: Listener) -> None:
    await paid(shop)
    before = await shop.db.read(lambda tx: tx.value("SELECT COUNT(*) FROM jobs"))

    assert await relay.look(shop.db) == 0

    assert await shop.db.read(lambda tx: tx.value("SELECT COUNT(*) FROM jobs")) == before


async def test_a_burst_is_told_in_one(shop: Shop, listener: Listener) -> None:
    await listener.add()
    await paid(shop, PER_MINUTE + 11)
    await listener.happens()
    await listener.hear()

    [(_, message)] = listener.courier.sent
    assert message.subject == "TEST: 31 payments: ₽310.00"
    assert message.lines[:2] == (
        "1 request for a new link",
        "There were so many that they are told together.",
    )


async def test_a_stream_is_told_one_by_one_until_the_minute_is_full(
    shop: Shop, listener: Listener, clock: ManualClock
) -> None:
    channel = await listener.add()
    for _ in range(PER_MINUTE + 5):
        await listener.happens()
        await listener.hear()
    assert len(listener.courier.sent) == PER_MINUTE

    await listener.happens(count=PER_MINUTE)
    await listener.wait(MINUTE - 1)
    assert len(listener.courier.sent) == PER_MINUTE
    await listener.wait(1)

    assert listener.courier.said[PER_MINUTE:] == ["TEST: 25 requests for a new link"]
    assert (await listener.now(channel)).minute_count == 1


async def test_what_is_urgent_is_seen_by_itself(shop: Shop, listener: Listener) -> None:
    await listener.add()
    looking = asyncio.create_task(relay.relay(shop.db))
    with shop.db.subscription(jobs.TOPIC) as news:
        await listener.happens()
        while not await listener.worker.step():
            assert await news.wait(20)
    looking.cancel()

    assert len(listener.courier.sent) == 1


async def test_what_is_told_while_more_happens_is_followed_by_the_rest(
    shop: Shop, listener: Listener
) -> None:
    await listener.add()
    await listener.happens(title="First")
    await relay.look(shop.db)
    await listener.happens(title="Second")

    while await listener.worker.step():  # without another look
        pass

    assert [message.lines[1] for _, message in listener.courier.sent] == ["First", "Second"]


async def test_two_servers_tell_each_thing_once(shop: Shop, listener: Listener) -> None:
    await listener.add()
    await listener.happens(count=5)
    other = Worker(shop.db, {relay.TELL: listener.teller.tell}, shop.clock)
    await asyncio.gather(*(relay.look(shop.db) for _ in range(4)))

    while sum(await asyncio.gather(listener.worker.step(), other.step())):
        pass

    assert len(listener.courier.sent) == 5


class _Stalled(FakeCourier):
    """Its first message takes longer than a lease: another server does the job meanwhile."""

    def __init__(self, listener: Listener) -> None:
        super().__init__()
        self._listener = listener

    async def send(
        self, channel: Channel, message: Message, key: str, language: Language
    ) -> str | None:
        self._listener.shop.clock.advance(jobs.LEASE)
        await self._listener.worker.step()
        return await super().send(channel, message, key, language)


async def test_who_stalls_before_storing_sends_twice_and_stores_nothing(
    shop: Shop, listener: Listener
) -> None:
    channel = await listener.add()
    await listener.happens()
    await relay.look(shop.db)
    stalled = _Stalled(listener)

    await Worker(shop.db, {relay.TELL: Teller(stalled, speak).tell}, shop.clock).step()
    await listener.hear()

    assert stalled.sent == listener.courier.sent
    assert len(stalled.sent) == 1
    assert (await listener.now(channel)).minute_count == 1


async def test_a_busy_courier_is_asked_again(shop: Shop, listener: Listener) -> None:
    channel = await listener.add()
    await listener.happens()
    listener.courier.busy = True
    await listener.hear()
    assert (await listener.now(channel)).failures == 0

    listener.courier.busy = False
    await listener.wait(5_000)

    assert len(listener.courier.sent) == 1


async def test_one_that_is_off_or_gone_while_it_waits_hears_nothing(
    shop: Shop, listener: Listener
) -> None:
    off, gone = await listener.add(), await listener.add()
    await listener.happens()
    await relay.look(shop.db)
    await listener.change(off, status=ChannelStatus.DISABLED)
    await shop.write(lambda tx: service.delete(tx, shop.tenant, gone.id))

    await listener.hear()
    assert listener.courier.sent == []

    await listener.change(off, status=ChannelStatus.ENABLED)
    await listener.happens(title="Later")
    await listener.hear()
    assert [message.lines[1] for _, message in listener.courier.sent] == ["Later"]
