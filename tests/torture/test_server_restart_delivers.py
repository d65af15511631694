"""A webhook that could not be delivered before a restart is delivered after it: at least once, and
recognisably the same."""

from __future__ import annotations

import asyncio
import socket
from pathlib import Path

import pytest
from standardwebhooks import Webhook

from handbill.infra.database import open_database
from handbill.kernel.clock import SystemClock
from tests.support.books import judge_books
from tests.support.load import BODY
from tests.support.process import Server, pay, serving, until
from tests.support.receivers import Receiver, answer

pytestmark = [pytest.mark.slow, pytest.mark.anyio]

SECONDS = 60


@pytest.mark.parametrize("end", [Server.stop, Server.kill], ids=["stopped", "killed"])
async def test_a_merchant_who_was_down_gets_its_webhook_after_the_restart(
    tmp_path: Path, end
) -> None:
    shop_door = socket.socket()
    shop_door.bind(("127.0.0.1", 0))  # nobody else's, and shut: it refuses until it listens
    receiver = Receiver(answer())
    receiver.port = shop_door.getsockname()[1]

    with serving(tmp_path / "data") as server:
        words = server.first_words
        with server.client(words.test_key) as shop:
            body = {**BODY, "notify_url": receiver.url()}
            link = shop.post("/api/v1/links", json=body).json()["data"]["id"]
        payment = pay(server, link)
        until(lambda: "webhook_attempted" in server.err, SECONDS)
        assert "verdict=retry" in server.err
        end(server)

    async with await asyncio.start_server(receiver.serve, sock=shop_door):
        with serving(tmp_path / "data"):
            async with asyncio.timeout(SECONDS):
                await receiver.has_heard(1)

    [webhook] = receiver.heard
    event = Webhook(words.webhook_secret).verify(webhook.body, webhook.headers)
    assert (event["id"], event["status"]) == (payment, "charged")
    database = open_database(f"sqlite:///{tmp_path}/data/handbill.db", SystemClock())
    assert sum(head.sequence for head in (await judge_books(database)).values()) == 1
    database.close()
