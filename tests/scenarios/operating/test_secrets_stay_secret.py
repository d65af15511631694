"""What is shown once is shown nowhere else: not in the log, not in the database, not in a backup of
somebody who has the database alone."""

from __future__ import annotations

import asyncio
import json
import re
import socket
from collections.abc import Iterator

import httpx2
import pytest

from tests.support.process import JSON, Server, serving, until
from tests.support.receivers import answer, receiving

pytestmark = pytest.mark.anyio

SECRET_KEY = "planted-installation-key-0123456789abcdef"
METRICS_TOKEN = "planted-token-for-metrics-0123456789abc"
CUSTOMER = {"email": "e-mail", "phone": "telephone", "name": "name"}
SECONDS = 20


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("secrets") / "data"
    secrets = ("--secret-key", SECRET_KEY, "--metrics-token", METRICS_TOKEN)
    with serving(folder, *secrets, "--log-format", "json") as running:
        yield running


@pytest.fixture(scope="module")
def planted(server: Server) -> dict[str, str]:
    words = server.first_words
    made = server.command(
        *("merchants", "create", "Shop", "--json"),
        environment={"HANDBILL_SECRET_KEY": SECRET_KEY},
    ).json
    return {
        "installation key": SECRET_KEY,
        "test key": words.test_key,
        "live key": words.live_key,
        "webhook secret": words.webhook_secret,
        "webhook secret in base64": words.webhook_secret.removeprefix("whsec_"),
        "second test key": made["api_keys"]["test"],
        "second webhook secret": made["webhook_secret"],
        "payer's cookie": "planted-cookie-of-a-payer",
        "contact": "planted-card-4111111111111111",
        "second live key": made["api_keys"]["live"],
        "metrics token": METRICS_TOKEN,
        "card": "4000 0566 5566 5556",
        "card in one piece": "5555555555554444",
        "e-mail": "planted.payer@mail.example",
        "name": "Planted Payer-Name",
        "telephone": "+79990001122",
        "bearer": "planted-bearer-token.of~somebody",
        "idempotency key": "planted-idempotency-key-77",
        "parameter": "planted-parameter-of-an-address",
        "metadata": "planted-metadata-of-a-merchant",
    }


async def live_a_little(server: Server, planted: dict[str, str]) -> list[str]:
    """Whatever makes a server write: payments, refusals, nonsense, a merchant that is down. Gives
    the tokens of the payers' pages."""
    link = f"/pay/link/{server.first_words.link_id}"
    tokens = []
    async with receiving(answer("500 Oops")) as failing:
        with server.client(planted["test key"]) as shop:
            shop.patch("/api/v1/merchant", json={"notify_url": failing.url("/hook")})
            shop.post("/api/v1/links", content=b'{"amount": {"default": ' + b"1" * 40)
            shop.get("/api/v1/links?cursor=nonsense")
            shop.delete(f"/api/v1/links/{planted['live key']}")
            live_worse_than_that(server, shop, planted)
        with server.client(planted["live key"] + "x") as stranger:
            stranger.get("/api/v1/links")
        browser = server.client(cookies={"payer": planted["payer's cookie"]})
        for decision in ("approve", "decline_generic", "cancel"):
            pressed = browser.post(link, data={"method": "card"}, headers=JSON).json()["data"]
            acquirer = httpx2.URL(pressed["payment_url"]).raw_path.decode()
            decided = browser.post(acquirer, data={"decision": decision})
            status = httpx2.URL(decided.headers["location"]).path
            tokens.append(status.rpartition("/")[2])
            browser.get(status)
        browser.post("/notifications/sandbox/" + planted["live key"], content=b"{}")
        browser.get("/" + planted["second test key"])
        browser.post(link, data={"method": planted["contact"]})
        with socket.create_connection(("127.0.0.1", server.port), timeout=SECONDS) as line:
            line.sendall(f"NONSENSE {planted['live key']}\r\n\r\n".encode())
            assert line.recv(4_096).startswith(b"HTTP/1.1 400 ")
        async with asyncio.timeout(SECONDS):
            await failing.has_heard(1)
    return tokens


def live_worse_than_that(server: Server, shop: httpx2.Client, planted: dict[str, str]) -> None:
    """Secrets where they do not belong: in addresses, headers, amounts and names."""
    customer = {name: planted[word] for name, word in CUSTOMER.items()}
    params = {"type": "payment", "amount": 1000, "currency": "RUB", "customer": customer}
    shop.post("/api/v1/transactions", json={"params": {**params, "amount": planted["card"]}})
    shop.post("/api/v1/transactions", json={"params": {**params, "returnUrl": planted["e-mail"]}})
    headers = {"idempotency-key": planted["idempotency key"] * 20}
    shop.post("/api/v1/links", json={"title": planted["metadata"]}, headers=headers)
    for word in ("card", "card in one piece", "e-mail", "second live key", "parameter"):
        shop.get("/api/v1/transactions", params={"txid": planted[word], planted[word]: "x"})
        shop.get(f"/pay/status/{planted[word]}")
        shop.get(f"/pay/link/{planted[word]}?{planted[word]}")
        shop.get("/nowhere", headers={"authorization": f"Bearer {planted['bearer']}"})
    forged = {"via": "1.1 somebody", "authorization": f"Bearer {planted['metrics token']}"}
    assert server.payer.get("/metrics", headers=forged).status_code == 200
    forged = {**forged, "authorization": f"Bearer {planted['bearer']}"}
    assert server.payer.get("/metrics", headers=forged).status_code == 401
    named = server.payer.get("/", headers={"x-request-id": planted["parameter"]})
    assert planted["parameter"] not in named.headers["x-request-id"]


async def test_nothing_secret_is_written_anywhere(server: Server, planted: dict[str, str]) -> None:
    tokens = await live_a_little(server, planted)
    until(lambda: "webhook_attempted" in server.err, SECONDS)
    server.stop()

    log = server.err + "\n".join(server.out.splitlines()[-1:])
    lines = [json.loads(line) for line in server.err.splitlines()]
    assert {"event", "level", "timestamp"} <= set.intersection(*map(set, lines))
    assert "uvicorn.error" in {line.get("logger") for line in lines}  # of libraries, too
    for name, secret in planted.items():
        assert secret not in log, name
    for token in tokens:
        assert len(token) >= 22
        assert token not in log

    assert len(planted) >= 20
    requests = [line for line in lines if line["event"] == "request"]
    assert len({line["request_id"] for line in requests}) == len(requests) >= 40
    assert {line["route"] for line in requests} >= {"/pay/status/{token}", "/api/v1/links", "none"}
    assert any("merchant" in line for line in requests)

    stored = b"".join(path.read_bytes() for path in server.folder.rglob("*") if path.is_file())
    for name, secret in planted.items():
        assert secret.encode() not in stored, name
    assert not re.search(rb"hb_(test|live)_\w{36}", stored)
    assert b"whsec_" not in stored
