"""A channel that fails is tried again for three days, then switched off; the others are told."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from handbill.events import CHANNEL_DISABLED
from handbill.kernel.clock import DAY, HOUR, MINUTE, ManualClock
from handbill.kernel.errors import Conflict, Invalid, NotFound, TooMany
from handbill.notices import service, store
from handbill.notices.model import CHANNELS_MAX, PER_MINUTE, ChannelStatus, Kind
from handbill.notices.service import Terms
from handbill.notices.telling import Trial
from tests.support.notices import CHAT, TOKEN, Listener
from tests.support.shop import CRYPTO, Shop

pytestmark = pytest.mark.anyio

REFUSED = "Forbidden: bot was blocked by the user"


@pytest.fixture
async def listener(shop: Shop) -> Listener:
    return Listener(shop)


async def faults(listener: Listener, **terms: Any) -> dict[str, list[str]]:
    with pytest.raises(Invalid) as refused:
        await listener.add(**terms)
    return refused.value.faults


async def test_a_failing_channel_is_tried_again_and_then_told_what_waited(
    shop: Shop, listener: Listener
) -> None:
    channel = await listener.add()
    await listener.happens(title="First")
    listener.courier.error = REFUSED
    await listener.hear()
    failing = await listener.now(channel)
    assert (failing.failures, failing.last_error) == (1, REFUSED)
    assert failing.failing_since == shop.clock.now()

    await listener.wait(MINUTE)
    assert (await listener.now(channel)).failures == 2
    await listener.happens(title="Second")
    listener.courier.error = None
    await listener.wait(5 * MINUTE - 1)
    assert listener.courier.sent == []
    await listener.wait(1)

    assert [message.lines[1] for _, message in listener.courier.sent] == ["First", "Second"]
    well = await listener.now(channel)
    assert (well.failures, well.failing_since, well.last_error) == (0, None, None)


async def test_three_days_of_failures_switch_it_off_and_the_others_are_told(
    shop: Shop, listener: Listener
) -> None:
    channel = await listener.add()
    await listener.happens()
    listener.courier.error = REFUSED
    await listener.hear()
    for _ in range(3 * 24):
        await listener.wait(HOUR)
    assert (await listener.now(channel)).status is ChannelStatus.ENABLED
    await listener.add(events=(CHANNEL_DISABLED,))
    for _ in range(24):
        await listener.wait(HOUR)

    off = await listener.now(channel)
    assert (off.status, off.status_reason) == (ChannelStatus.DISABLED, "failing")
    [event] = await shop.events(channel.id)
    assert (event.type, event.data["last_error"]) == (CHANNEL_DISABLED, REFUSED)
    assert CHAT not in str(event.data)
    listener.courier.error = None
    await listener.wait(DAY)
    assert listener.courier.said == ["TEST: Notices to Telegram are switched off"]


async def test_a_channel_that_is_repaired_is_tried_at_once(shop: Shop, listener: Listener) -> None:
    channel = await listener.add()
    await listener.happens()
    listener.courier.error = REFUSED
    for _ in range(4):
        await listener.wait(2 * HOUR)
    listener.courier.error = None

    await listener.change(channel, chat="-1009")
    await listener.hear()

    assert len(listener.courier.sent) == 1
    assert (await listener.now(channel)).target == "-1009"


async def test_a_test_says_what_came_of_it_and_brings_a_channel_back(
    shop: Shop, listener: Listener, clock: ManualClock
) -> None:
    channel = await listener.add()
    await listener.happens()
    listener.courier.error = REFUSED
    for _ in range(4):
        await listener.wait(2 * HOUR)

    failed = await listener.teller.try_out(shop.db, shop.tenant, channel.id)
    assert (failed.error, failed.channel.last_error) == (REFUSED, REFUSED)
    listener.courier.error = None
    sent = await listener.teller.try_out(shop.db, shop.tenant, channel.id)
    await listener.hear()

    assert (sent.error, sent.channel.last_sent_at) == (None, clock.now())
    assert listener.courier.said == [
        "TEST: This is a test of your notices",
        "TEST: A payer asks for a new link",
    ]


async def test_tests_count_among_the_messages_of_a_minute(shop: Shop, listener: Listener) -> None:
    channel = await listener.add()

    async def try_out() -> Trial:
        return await listener.teller.try_out(shop.db, shop.tenant, channel.id)

    tried = await asyncio.gather(
        *(try_out() for _ in range(2 * PER_MINUTE)), return_exceptions=True
    )

    assert sum(isinstance(one, Trial) for one in tried) == PER_MINUTE
    assert len(listener.courier.sent) == PER_MINUTE
    with pytest.raises(TooMany) as refused:
        await try_out()
    assert refused.value.retry_after_seconds == 60


async def test_secrets_are_sealed_and_places_shown_without_them(listener: Listener) -> None:
    address = "slack://T1234567/B1234567/abcdefghijabcdefghijabcd"
    bot = await listener.add()
    slack = await listener.add(kind=Kind.ADDRESS, token=None, chat=None, address=address)
    mail = await listener.add(kind=Kind.EMAIL, token=None, chat=None, email="anna@shop.example")

    assert [one.target for one in (bot, slack, mail)] == [CHAT, "slack://***", "anna@shop.example"]
    assert mail.sealed is None
    for one in (bot, slack):
        assert one.sealed is not None
        assert TOKEN not in one.sealed
        assert "abcdefghij" not in one.sealed
    assert service.recipient(CRYPTO, bot).parts == (TOKEN, CHAT)
    assert service.recipient(CRYPTO, slack).parts == tuple(address.split("/")[2:])


@pytest.mark.parametrize(
    ("terms", "names"),
    [
        ({"token": None}, {"token"}),
        ({"token": "secret", "chat": "my chat"}, {"token", "chat"}),
        ({"email": "anna@shop.example"}, {"email"}),
        ({"events": ()}, {"events"}),
        ({"events": ("*", "link.created")}, {"events.1"}),
        ({"kind": Kind.EMAIL}, {"email", "token", "chat"}),
        ({"kind": Kind.EMAIL, "email": "anna@", "token": None, "chat": None}, {"email"}),
        ({"kind": Kind.ADDRESS, "token": None, "chat": None}, {"address"}),
    ],
)
async def test_bad_terms_are_refused_by_name(
    listener: Listener, terms: dict[str, Any], names: set[str]
) -> None:
    assert (await faults(listener, **terms)).keys() == names


async def test_without_a_mail_server_no_e_mail_is_promised(shop: Shop) -> None:
    terms = Terms(kind=Kind.EMAIL, email="anna@shop.example")
    with pytest.raises(Conflict, match="mail server"):
        await shop.write(lambda tx: service.create(tx, CRYPTO, shop.tenant, terms, has_mail=False))


async def test_there_are_so_many_and_no_more(shop: Shop, listener: Listener) -> None:
    made = [await listener.add() for _ in range(CHANNELS_MAX)]
    with pytest.raises(Conflict):
        await listener.add()
    page = await shop.db.read(lambda tx: store.list_page(tx, shop.tenant, None, 100))
    assert {one.id for one in page.items} == {one.id for one in made}


async def test_channels_of_others_are_not_there(
    shop: Shop, neighbour: Shop, listener: Listener
) -> None:
    channel = await listener.add()

    async def refused(act: Any) -> None:
        with pytest.raises(NotFound):
            await neighbour.write(act)

    await refused(lambda tx: service.get(tx, neighbour.tenant, channel.id))
    await refused(lambda tx: service.delete(tx, neighbour.tenant, channel.id))
    changes = {"status": ChannelStatus.DISABLED}
    await refused(lambda tx: service.change(tx, CRYPTO, neighbour.tenant, channel.id, changes))
    with pytest.raises(NotFound):
        await listener.teller.try_out(shop.db, neighbour.tenant, channel.id)
