"""A merchant hears of a payment by Telegram: a whole house, and a Bot API on loopback."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from handbill.kernel.clock import DAY, HOUR, ManualClock
from handbill.kernel.money import Money
from handbill.web.pages.language import speak
from tests.support.mailroom import open_mailroom
from tests.support.notices import CHAT, TOKEN
from tests.support.receivers import Receiver, answer, receiving
from tests.support.running import RunningHouse, running_house

pytestmark = pytest.mark.anyio

CHANNELS = "/api/v1/notice_channels"
BOT = {"kind": "telegram", "token": TOKEN, "chat": CHAT}


@pytest.fixture
async def telegram(anyio_backend: str) -> AsyncIterator[Receiver]:
    async with receiving(answer(body=b'{"ok": true}')) as receiver:
        yield receiver


@pytest.fixture
async def house(
    database_url: str, tmp_path: Path, clock: ManualClock, telegram: Receiver
) -> AsyncIterator[RunningHouse]:
    url = telegram.url("/")
    folder = tmp_path / "data"
    async with running_house(database_url, folder, clock, telegram_api_url=url) as running:
        yield running


async def add(house: RunningHouse, **fields: object) -> dict[str, Any]:
    made = await house.shop.post(CHANNELS, json={**BOT, **fields})
    assert made.status_code == 201, made.text
    return dict(made.json()["data"])


def texts(telegram: Receiver) -> list[str]:
    return [json.loads(heard.body)["text"].replace("\r\n", "\n") for heard in telegram.heard]


async def test_a_payment_a_refund_and_a_late_payer_are_told(
    house: RunningHouse, telegram: Receiver
) -> None:
    channel = await add(house)
    tried = (await house.shop.post(f"{CHANNELS}/{channel['id']}/test")).json()["data"]
    link = await house.make_link(title="Tea < coffee", max_payments=1)
    payer = house.new_payer()
    await payer.decide(await payer.begin(link["url"]), "approve")
    await house.settle()
    payment = await house.payment()
    await house.shop.post(f"/api/v1/transactions/{payment['id']}/refunds", json={})
    await payer.http.post(f"/pay/link/{link['id']}/ask")
    await house.settle()

    assert (tried["sent"], tried["error"]) == (True, None)
    assert {heard.line for heard in telegram.heard} == {f"POST /bot{TOKEN}/sendMessage HTTP/1.1"}
    trial, paid, refunded, asked = texts(telegram)
    assert trial.startswith("TEST: This is a test of your notices\n")
    assert paid == "\n".join(
        [
            "TEST: Paid: ₽10.00",
            "Tea &lt; coffee",
            f"Reference: {payment['txid']}",
            "Sample shop",
            "Test: no money moves",
        ]
    )
    assert refunded.startswith("TEST: Refunded: ₽10.00\nTea &lt; coffee\n")
    assert asked.startswith("TEST: A payer asks for a new link\n")
    now = (await house.shop.get(f"{CHANNELS}/{channel['id']}")).json()["data"]
    assert (now["last_error"], now["failing_since"]) == (None, None)
    assert now["last_sent_at"] == "2026-03-01T10:00:00+00:00"


async def test_a_payment_is_told_by_e_mail_in_the_channels_language(
    database_url: str, tmp_path: Path, clock: ManualClock
) -> None:
    async with open_mailroom() as room:
        smtp = {"smtp_url": f"smtp://127.0.0.1:{room.port}", "mail_from": "pay@pay.example"}
        async with running_house(database_url, tmp_path / "data", clock, **smtp) as house:
            body = {"kind": "email", "email": "till@shop.example", "lang": "ar"}
            channel = (await house.shop.post(CHANNELS, json=body)).json()["data"]
            tried = (await house.shop.post(f"{CHANNELS}/{channel['id']}/test")).json()["data"]
            link = await house.make_link(title="Tea <b> & coffee")
            payer = house.new_payer()
            await payer.decide(await payer.begin(link["url"]), "approve")
            await house.settle()

    assert (tried["sent"], tried["error"]) == (True, None)
    _, paid = room.taken
    assert (paid.sender, paid.recipients) == ("pay@pay.example", ["till@shop.example"])
    written = speak("ar").money(Money(1_000, "RUB"))
    assert str(written) in paid.part("plain")
    assert written.number.strip("\u200f\u061c") in paid.message["Subject"]
    assert "Tea <b> & coffee" in paid.part("plain")
    assert "<p>Tea &lt;b&gt; &amp; coffee</p>" in paid.part("html")
    assert 'lang="ar" dir="rtl"' in paid.part("html")


async def test_without_a_mail_server_no_e_mail_is_promised(house: RunningHouse) -> None:
    refused = await house.shop.post(CHANNELS, json={"kind": "email", "email": "a@shop.example"})
    assert (refused.status_code, refused.json()["error"]) == (409, "conflict")
    assert "mail server" in refused.json()["detail"]


async def test_webhooks_that_are_given_up_are_told(house: RunningHouse, telegram: Receiver) -> None:
    await add(house, events=["delivery.exhausted", "endpoint.disabled"])
    async with receiving(answer("500 Oops")) as failing:
        await house.change_merchant(notify_url=failing.url("/secret-path"))
        link = await house.make_link()
        payer = house.new_payer()
        await payer.decide(await payer.begin(link["url"]), "approve")
        await house.settle()
        for _ in range(10):
            await house.pass_time(DAY + 3 * HOUR)

    [told] = texts(telegram)
    assert told.startswith("TEST: A webhook to 127.0.0.1 was given up\n")
    assert "secret-path" not in told
    found = await house.shop.get("/api/v1/events", params={"type": "delivery.exhausted"})
    [event] = found.json()["data"]
    assert event["data"]["event"]["type"] == "payment.charged"
    assert event["data"]["endpoint"] is None
    assert (await house.shop.get(f"/api/v1/events/{event['data']['event']['id']}")).is_success
