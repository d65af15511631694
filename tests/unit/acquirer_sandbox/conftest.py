"""The sandbox acquirer without its server: a shop that calls the API, a payer with a browser."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx2
import msgspec
import pytest

from acquirer_sandbox import create_app, handlers
from acquirer_sandbox.shops import OpenedShop, open_shop
from handbill.infra.database import Database
from handbill.infra.jobs import Worker
from handbill.infra.outbound import Answer, Unreachable
from handbill.kernel.clock import HOUR, ManualClock

BASE_URL = "http://sandbox.test/acquirer"


class Postman:
    """Stands where `Outbound` does: keeps what is sent, and answers with `answers` in turn, then
    with 200. An answer of 0 is a shop that is not there."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, dict[str, str], bytes]] = []
        self.answers: list[int] = []

    async def send(
        self, _method: str, url: str, *, headers: dict[str, str], body: bytes, **_: Any
    ) -> Answer:
        self.sent.append((url, headers, body))
        status = self.answers.pop(0) if self.answers else 200
        if status == 0:
            raise Unreachable("the connection was refused")
        return Answer(status, {}, b"")

    @property
    def told(self) -> list[str]:
        """The types of what was sent, in order."""
        return [msgspec.json.decode(body)["type"] for _, _, body in self.sent]


class Till:
    """A shop's program: the API with the shop's key, a fresh idempotency key for each request."""

    def __init__(self, http: httpx2.AsyncClient, shop: OpenedShop, clock: ManualClock) -> None:
        self.http = http
        self.shop = shop
        self._clock = clock
        self._keys = 0

    async def post(self, path: str, body: object, key: str | None = None) -> httpx2.Response:
        self._keys += 1
        headers = {
            "authorization": f"Bearer {self.shop.secret_key}",
            "idempotency-key": key or f"{self.shop.id}-{self._keys}",
        }
        content = body if isinstance(body, bytes) else msgspec.json.encode(body)
        return await self.http.post(path, content=content, headers=headers)

    async def get(self, path: str) -> httpx2.Response:
        headers = {"authorization": f"Bearer {self.shop.secret_key}"}
        return await self.http.get(path, headers=headers)

    def order(self, **changes: Any) -> dict[str, Any]:
        return {
            "amount": 1000,
            "currency": "RUB",
            "method": "card",
            "attempt_id": "attempt-1",
            "description": "Coffee",
            "return_url": "https://shop.test/status/1",
            "notification_url": "https://shop.test/notifications",
            "expires_at": self._clock.now() + HOUR,
        } | changes

    async def create(self, **changes: Any) -> dict[str, Any]:
        answer = await self.post("/v1/payments", self.order(**changes))
        assert answer.status_code == 200, answer.text
        payment: dict[str, Any] = answer.json()
        return payment

    async def status(self, payment: dict[str, Any]) -> str:
        return str((await self.get(f"/v1/payments/{payment['id']}")).json()["status"])


def refusal(answer: httpx2.Response) -> tuple[int, str]:
    """Status and code of an answer that says no."""
    return answer.status_code, answer.json()["error"]["code"]


class Payer:
    """A browser without script: opens a payment's address and presses buttons there."""

    def __init__(self, http: httpx2.AsyncClient) -> None:
        self._http = http

    async def open(self, payment: dict[str, Any]) -> httpx2.Response:
        return await self._http.get(payment["payment_url"] or payment["qr_payload"])

    async def press(self, payment: dict[str, Any], decision: str) -> httpx2.Response:
        address = payment["payment_url"] or payment["qr_payload"]
        return await self._http.post(address, data={"decision": decision})


@asynccontextmanager
async def browse(db: Database) -> AsyncIterator[httpx2.AsyncClient]:
    """The application below a path of its own, as the house mounts it."""
    app = create_app(db, BASE_URL)

    async def mounted(scope: Any, receive: Any, send: Any) -> None:
        scope["path"] = scope["path"].removeprefix("/acquirer")
        await app(scope, receive, send)

    transport = httpx2.ASGITransport(app=mounted)
    async with httpx2.AsyncClient(transport=transport, base_url=BASE_URL) as client:
        yield client


@pytest.fixture
async def http(db: Database) -> AsyncIterator[httpx2.AsyncClient]:
    async with browse(db) as client:
        yield client


@pytest.fixture
async def till(db: Database, http: httpx2.AsyncClient, clock: ManualClock) -> Till:
    return Till(http, await db.write(lambda tx: open_shop(tx, "Coffee <House>")), clock)


@pytest.fixture
async def rival(db: Database, http: httpx2.AsyncClient, clock: ManualClock) -> Till:
    """Another shop at the same acquirer."""
    return Till(http, await db.write(lambda tx: open_shop(tx, "Tea House")), clock)


@pytest.fixture
def payer(http: httpx2.AsyncClient) -> Payer:
    return Payer(http)


@pytest.fixture
def postman() -> Postman:
    return Postman()


@pytest.fixture
def worker(db: Database, clock: ManualClock, postman: Postman) -> Worker:
    outbound: Any = postman
    return Worker(db, handlers(outbound), clock)


def named(scenario: str) -> dict[str, Any]:
    """An order that asks for a scenario."""
    method = "sbp" if scenario.startswith("sbp") else "card"
    return {"method": method, "metadata": {"sandbox_scenario": scenario}}


async def settle(worker: Worker) -> None:
    """Everything that is due happens."""
    while await worker.step():
        pass
