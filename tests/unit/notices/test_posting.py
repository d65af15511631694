"""What apprise is made to send, and where to: seen by a server and a proxy on loopback."""

from __future__ import annotations

import asyncio
import json

import pytest

from handbill.notices import posting
from tests.support.receivers import Receiver, answer, receiving

pytestmark = pytest.mark.anyio

TOKEN = "123456789:AAFakeFakeFakeFakeFakeFakeFakeFake01"
CHAT = "-1001234567890"
TEXT = "Paid: ₽1,000.00\nA <b>big</b> cup & a_small_one < 5 [x](http://x)\n{x} \\n :smile:"

VENDORS = [
    ("slack", ("T1234567", "B1234567", "a" * 24), "hooks.slack.com:443"),
    ("discord", ("123456789012345678", "a" * 60), "discord.com:443"),
    ("pover", ("u" * 30, "t" * 30), "api.pushover.net:443"),
    ("ntfy", ("coffee-house-7",), "ntfy.sh:443"),
    ("telegram", (TOKEN, CHAT), "api.telegram.org:443"),
]


async def post(service: str, url: str, text: str, *parts: str) -> str:
    return await asyncio.to_thread(posting.post, service, url, text, *parts)


async def to_telegram(receiver: Receiver) -> str:
    return await post("telegram", receiver.url(""), TEXT, TOKEN, CHAT)


async def test_telegram_gets_the_text_as_it_is() -> None:
    async with receiving(answer(body=b'{"ok": true}')) as receiver:
        said = await to_telegram(receiver)

    assert said == ""
    [heard] = receiver.heard
    assert heard.line == f"POST /bot{TOKEN}/sendMessage HTTP/1.1"
    body = json.loads(heard.body)
    assert (str(body["chat_id"]), body["parse_mode"]) == (CHAT, "HTML")
    shown = body["text"].replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
    assert shown.split("\r\n") == TEXT.split("\n")
    assert "<b>" not in body["text"]


async def test_a_refusal_says_why_without_the_token() -> None:
    words = b'{"ok": false, "description": "Forbidden: bot was blocked by the user"}'
    async with receiving(answer("403 Forbidden", words)) as receiver:
        said = await to_telegram(receiver)

    assert "bot was blocked by the user" in said
    assert TOKEN not in said
    assert len(receiver.heard) == 1


async def test_a_redirect_is_not_followed() -> None:
    async with receiving(answer()) as elsewhere:
        moved = answer("302 Found", headers={"location": elsewhere.url()})
        async with receiving(moved) as receiver:
            said = await to_telegram(receiver)

    assert said != ""
    assert elsewhere.connections == 0


async def test_a_server_that_is_not_there_is_a_failure() -> None:
    async with receiving(answer()) as receiver:
        gone = receiver.url("")

    said = await post("telegram", gone, TEXT, TOKEN, CHAT)

    assert said != ""
    assert TOKEN not in said


@pytest.mark.parametrize(("service", "parts", "host"), VENDORS)
async def test_each_service_asks_its_vendors_host_and_no_other(
    service: str, parts: tuple[str, ...], host: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A proxy sees where a connection would lead, and refuses it."""
    async with receiving(answer("502 Bad Gateway")) as proxy:
        for name in ("HTTPS_PROXY", "HTTP_PROXY", "https_proxy", "http_proxy"):
            monkeypatch.setenv(name, proxy.url(""))
        said = await post(service, "https://api.telegram.org", TEXT, *parts)

    assert said != ""
    assert {tuple(heard.line.split()[:2]) for heard in proxy.heard} == {("CONNECT", host)}


def test_time_is_bounded() -> None:
    for service, parts, _ in VENDORS:
        built = posting.built(service, "https://api.telegram.org", parts)
        assert built.request_timeout == (posting.CONNECT_SECONDS, posting.READ_SECONDS)
        assert built.redirects is False
        assert built.verify_certificate is True
