"""A day of business with people whose names are planted: then everything that was written is
searched for them, before and after they are erased."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2
import pytest

from handbill import inbox
from handbill.infra.database import Tx, open_database
from handbill.kernel.clock import SystemClock
from handbill.merchants import accounts
from handbill.payments.store import Reference
from handbill.providers.contract import Notification
from tests.support.process import JSON, Server, serving, until
from tests.support.receivers import answer, receiving
from tests.support.searching import tables_with

pytestmark = pytest.mark.anyio

EMAIL, PHONE, NAME = "zaphod@planted.example", "+7 999 123-45-67", "Zaphod Plantedov"
PLANTED = ("zaphod", "planted", PHONE, "999123")
HASHES = [hashlib.sha256(text.encode()).hexdigest() for text in (EMAIL, PHONE, NAME)]
CUSTOMER = {"email": EMAIL, "phone": PHONE, "name": NAME}
SECONDS = 20


@contextmanager
def started(folder: Path, url: str) -> Iterator[Server]:
    options = ("--log-format", "json", "--rate-limit", "0")
    with serving(folder, *options, environment={"HANDBILL_DATABASE_URL": url}) as server:
        yield server


def order(shop: httpx2.Client, **params: object) -> httpx2.Response:
    given = {"type": "payment", "amount": 1_000, "currency": "RUB", "customer": CUSTOMER}
    headers = {"idempotency-key": f"key-{params.get('txid')}"}
    return shop.post("/api/v1/transactions", json={"params": {**given, **params}}, headers=headers)


def decide(server: Server, page_url: str, decision: str) -> None:
    """A browser of its own that opens the page of a payment, pays, and comes back."""
    browser = server.client()
    browser.headers.update({"user-agent": NAME, "accept-language": EMAIL})
    page = httpx2.URL(browser.get(httpx2.URL(page_url).path).headers["location"]).path
    pressed = browser.post(page, data={"method": "card"}, headers=JSON)
    assert pressed.status_code == 201, pressed.text
    acquirer = httpx2.URL(pressed.json()["data"]["payment_url"]).raw_path.decode()
    decided = browser.post(acquirer, data={"decision": decision})
    browser.get(httpx2.URL(decided.headers["location"]).path)


def type_where_one_can(server: Server, link_id: str) -> None:
    """What a payer types is an amount, or is refused; a browser may send anything besides."""
    browser = server.client(cookies={"payer": NAME})
    for fields in ({"amount": NAME, "method": "card"}, {"method": EMAIL}, {"attempt": PHONE}):
        browser.post(f"/pay/link/{link_id}", data=fields, headers=JSON)
    browser.get(f"/pay/link/{link_id}?name={EMAIL}")
    browser.get(f"/{EMAIL}")
    browser.post("/notifications/sandbox/nobody", content=NAME.encode())


async def a_day(server: Server, url: str) -> None:
    """Payments, declines, refunds, refusals, webhooks, notifications. The merchant's server and the
    acquirer write the payer's name, each in its own text."""
    words = server.first_words
    async with receiving(answer(body=f"Thank you, {NAME}".encode())) as receiver:
        with server.client(words.test_key) as shop:
            shop.patch("/api/v1/merchant", json={"notify_url": receiver.url("/hook")})
            made = []
            for txid in ("charged", "declined", "left"):
                first = order(shop, txid=txid)
                assert first.status_code == 201, first.text
                made.append(first.json()["data"]["payment_url"])
                assert order(shop, txid=txid).status_code in (200, 201)
            assert order(shop, txid="charged", amount=2).status_code in (409, 422)
            assert order(shop, txid="wrong", currency=NAME).status_code == 422
            assert shop.get(f"/api/v1/transactions?txid={EMAIL}").status_code == 200
        await asyncio.to_thread(decide, server, made[0], "approve")
        await asyncio.to_thread(decide, server, made[1], "decline_generic")
        await asyncio.to_thread(type_where_one_can, server, words.link_id)
        async with asyncio.timeout(SECONDS):
            await receiver.has_heard(1)
        with server.client(words.test_key) as shop:
            [paid] = shop.get("/api/v1/transactions?status=charged").json()["data"]
            refunded = shop.post(f"/api/v1/transactions/{paid['id']}/refunds", json={})
            assert refunded.status_code == 201, refunded.text
        async with asyncio.timeout(SECONDS):
            await receiver.has_heard(2)
    await write_as_acquirer(url)
    # What the merchant's server answered is written down a moment after it was read.
    await asyncio.to_thread(until, lambda: "deliveries" not in tables_with(url, "pending"), SECONDS)


async def write_as_acquirer(url: str) -> None:
    """As some acquirers do, about the payment that was charged."""

    def write(tx: Tx) -> None:
        known = tx.get(
            Reference,
            "SELECT account_id, reference FROM attempts WHERE status = 'charged' LIMIT 1",
        )
        hint = Notification("event 1", known.reference)
        account = accounts.get(tx, known.account_id)
        inbox.receive(tx, account, hint, {"user-agent": NAME}, EMAIL.encode())

    db = open_database(url, SystemClock())
    await db.write(write)
    db.close()


def files(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())


async def test_a_payer_stands_in_one_table_until_erased_and_then_nowhere(
    empty_database_url: str, tmp_path: Path
) -> None:
    url = empty_database_url
    with started(tmp_path / "data", url) as server:
        await a_day(server, url)

        where = {"payers", "notifications", "delivery_attempts"}
        assert tables_with(url, *PLANTED) == where
        assert tables_with(url, *HASHES) == set()

        done = await asyncio.to_thread(
            server.command, "payers", "erase", "--email", EMAIL.upper(), "--yes", "--json"
        )

        sqlite = url.startswith("sqlite")
        assert done.json == {"payers": 3, "payments": 3, "scrubbed": sqlite}, done.err
        assert tables_with(url, *PLANTED) == set()
        if sqlite:
            written = files(Path(url.removeprefix("sqlite:///")).parent)
            assert b"planted" not in written.lower()
        assert not any(word in server.payer.get("/metrics").text.lower() for word in PLANTED)
        with server.client(server.first_words.test_key) as shop:
            assert order(shop, txid="afterwards", customer=None).status_code == 201
        server.stop()
        assert not any(word in server.err.lower() for word in PLANTED)
        assert not any(digest in server.err for digest in HASHES)
