"""A notice on its way: what went wrong is told in words, and what found no place was not tried."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import msgspec
import pytest

from handbill.infra.mail import Mail, MailServer
from handbill.infra.workshop import Workshop
from handbill.kernel.clock import ManualClock
from handbill.kernel.errors import Unavailable
from handbill.notices.courier import LETTERS_MAX, POSTING, Courier
from handbill.notices.model import EVERY, Channel, ChannelStatus, Kind, Message
from handbill.web.pages.language import english
from tests.support.mailroom import open_mailroom
from tests.support.notices import CHAT, TOKEN
from tests.support.receivers import answer, receiving, silence
from tests.support.shop import CRYPTO

pytestmark = pytest.mark.anyio

MESSAGE = Message("Paid: ₽10.00", ("Tea & <coffee>", "Shop"))
BOT = Channel(
    id="019ca9b5-8d00-7000-8000-000000000001",
    merchant_id=1,
    test=True,
    kind=Kind.TELEGRAM,
    target=CHAT,
    sealed=CRYPTO.seal(TOKEN),
    events=(EVERY,),
    lang="en",
    status=ChannelStatus.ENABLED,
    status_reason=None,
    failing_since=None,
    failures=0,
    last_error=None,
    last_sent_at=None,
    minute_at=0,
    minute_count=0,
    after_sequence=0,
    created_at=0,
    updated_at=0,
)
MAILBOX = msgspec.structs.replace(BOT, kind=Kind.EMAIL, target="till@shop.example", sealed=None)


@pytest.fixture
async def workshop(anyio_backend: str) -> AsyncIterator[Workshop]:
    made = Workshop(POSTING, timeout_seconds=2, waiting_max=1)
    yield made
    await made.close()


async def post(workshop: Workshop, url: str, channel: Channel = BOT) -> str | None:
    return await Courier(workshop, CRYPTO, None, url).send(channel, MESSAGE, "key", english())


async def mail(clock: ManualClock, port: int) -> str | None:
    sender = Mail(MailServer.of(f"smtp://127.0.0.1:{port}"), "pay@pay.example", clock)
    return await Courier(Workshop(), CRYPTO, sender, "").send(MAILBOX, MESSAGE, "key", english())


async def test_a_service_that_hangs_is_given_up_in_time(workshop: Workshop) -> None:
    over = asyncio.Event()
    async with receiving(silence(over)) as receiver:
        said = await post(workshop, receiver.url(""))
        over.set()

    assert said == "The service did not answer in time."


async def test_what_finds_no_place_was_not_tried(workshop: Workshop) -> None:
    async with receiving(answer(body=b'{"ok": true}')) as receiver:
        crowd = [post(workshop, receiver.url("")) for _ in range(8)]
        outcomes = await asyncio.gather(*crowd, return_exceptions=True)

    turned_away = [one for one in outcomes if isinstance(one, Unavailable)]
    assert outcomes.count(None) == len(receiver.heard) == len(outcomes) - len(turned_away)
    assert turned_away


async def test_a_letter_says_it_all_in_both_its_forms(clock: ManualClock) -> None:
    async with open_mailroom() as room:
        assert await mail(clock, room.port) is None

    [taken] = room.taken
    assert taken.recipients == ["till@shop.example"]
    assert taken.message["Subject"] == MESSAGE.subject
    assert taken.part("plain").splitlines() == ["Paid: ₽10.00", "Tea & <coffee>", "Shop"]
    assert "<p>Tea &amp; &lt;coffee&gt;</p>" in taken.part("html")


async def test_a_letter_that_is_refused_says_so_without_the_address(clock: ManualClock) -> None:
    async with open_mailroom() as room:
        room.rcpt = ["550 no till@shop.example here"]
        said = await mail(clock, room.port)

    assert said == "The mail server refused the letter: 550."


async def test_letters_are_not_all_on_their_way_at_once(clock: ManualClock) -> None:
    async with open_mailroom() as room:
        sender = Mail(MailServer.of(f"smtp://127.0.0.1:{room.port}"), "pay@pay.example", clock)
        courier = Courier(Workshop(), CRYPTO, sender, "")
        crowd = [courier.send(MAILBOX, MESSAGE, "key", english()) for _ in range(LETTERS_MAX + 3)]
        outcomes = await asyncio.gather(*crowd, return_exceptions=True)

    assert outcomes.count(None) == len(room.taken) == LETTERS_MAX
    assert sum(isinstance(one, Unavailable) for one in outcomes) == 3


async def test_without_a_mail_server_the_channel_says_so(workshop: Workshop) -> None:
    said = await post(workshop, "", MAILBOX)
    assert said is not None
    assert "no e-mail" in said
