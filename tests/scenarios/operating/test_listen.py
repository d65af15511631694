"""`handbill listen` prints what reaches the inbox, and sends it on just as it came."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable

import msgspec
import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from tests.support.process import Server, listening, pay, until
from tests.support.receivers import Heard, Receiver, answer, receiving

pytestmark = pytest.mark.anyio

SECONDS = 20
SIGNED = ("webhook-id", "webhook-timestamp", "webhook-signature")


async def heard(receiver: Receiver, count: int) -> list[Heard]:
    async with asyncio.timeout(SECONDS):
        await receiver.has_heard(count)
    return receiver.heard


def says(printed: Callable[[], str], words: str, count: int = 1) -> str:
    """All that was printed, once the words are in it so often."""
    return until(lambda: printed() if printed().count(words) >= count else "", SECONDS)


def test_what_arrives_is_printed_with_its_verdict(server: Server) -> None:
    with listening(server) as printed:
        payment = pay(server, server.first_words.link_id)
        out = says(printed, payment)

    assert re.search(r"^\S+\+00:00  signature verified$", out, re.MULTILINE)
    for name in (*SIGNED, "content-type"):
        assert re.search(rf"^  {name}: \S+", out, re.MULTILINE)
    body = msgspec.json.decode(out.strip().splitlines()[-1])
    assert (body["id"], body["status"]) == (payment, "charged")


def test_a_forged_one_is_told_apart(server: Server) -> None:
    with listening(server) as printed:
        server.payer.post("/sandbox/inbox", content=b'{"forged": true}')
        out = says(printed, "forged")

    assert "SIGNATURE NOT VERIFIED" in out


def test_it_begins_with_what_comes_now_or_with_all_that_is_kept(server: Server) -> None:
    earlier = pay(server, server.first_words.link_id)
    until(lambda: earlier in server.payer.get("/sandbox/inbox").text, SECONDS)

    with listening(server) as printed:
        later = pay(server, server.first_words.link_id)
        only_new = says(printed, later)
    with listening(server, "--all") as printed:
        everything = says(printed, later)

    assert earlier not in only_new
    assert everything.index(earlier) < everything.index(later)


async def test_what_is_sent_on_passes_a_readers_own_check(server: Server) -> None:
    reader = Webhook(server.first_words.webhook_secret)
    async with receiving(answer("204 No Content")) as receiver:
        with listening(server, "--forward-to", receiver.url("/hook")) as printed:
            payment = pay(server, server.first_words.link_id)
            [webhook] = await heard(receiver, 1)
            await asyncio.to_thread(says, printed, f"-> {receiver.url('/hook')}: 204")

    assert webhook.line.startswith("POST /hook ")
    event = reader.verify(webhook.body, webhook.headers)
    assert (event["id"], event["status"], event["test"]) == (payment, "charged", True)
    assert webhook.headers["content-type"] == "application/json"
    with pytest.raises(WebhookVerificationError):
        reader.verify(webhook.body.replace(b"charged", b"Charged"), webhook.headers)


def test_an_address_where_nobody_listens_does_not_end_it(server: Server) -> None:
    with listening(server, "--forward-to", "http://127.0.0.1:9/hook") as printed:
        for count in (1, 2):
            pay(server, server.first_words.link_id)
            says(printed, "-> http://127.0.0.1:9/hook: ", count)
