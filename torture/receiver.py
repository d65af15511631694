"""The merchant's own server: takes webhooks, believes the signature alone, and keeps what it took.

Now and then it has a bad moment and answers 503: then the webhook has not arrived. The same one may
come twice; it must then say the same.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Mapping
from typing import Any

import msgspec
from aiohttp import web
from standardwebhooks import Webhook, WebhookVerificationError

BAD_MOMENTS = 0.03


class Paid(msgspec.Struct, frozen=True):
    """A payment that the merchant was told of as charged."""

    id: str
    minor: int


class Inbox:
    """What came to one address. `taken`: what was acknowledged, by event. `faults`: what must never
    come. `secret` is to be set before the first webhook."""

    def __init__(self) -> None:
        self.url = ""
        self.secret = ""
        self.times = 0
        self.taken: dict[str, dict[str, Any]] = {}
        self.faults: list[str] = []
        self._messages: dict[str, bytes] = {}

    def take(self, headers: Mapping[str, str], body: bytes) -> dict[str, Any] | None:
        """What it says, where nothing was known of it."""
        message = headers.get("webhook-id", "")
        try:
            Webhook(self.secret).verify(body, {k.lower(): v for k, v in headers.items()})
        except WebhookVerificationError as error:
            self.faults.append(f"webhook {message} is not from its sender: {error}")
            return None
        self.times += 1
        if self._messages.setdefault(message, body) != body:
            self.faults.append(f"webhook {message} came again and said something else")
        told: dict[str, Any] = msgspec.json.decode(body)
        is_new = told["event_id"] not in self.taken
        self.taken[told["event_id"]] = told
        return told if is_new else None


class Receiver:
    """`own` is the address that links name, `endpoint` one that hears of everything."""

    def __init__(self, seed: int) -> None:
        self.own = Inbox()
        self.endpoint = Inbox()
        self.charged: asyncio.Queue[Paid] = asyncio.Queue(1_000)
        """What the merchant may give back, as far as it has heard."""
        self._moments = random.Random(seed)
        self._runner: web.AppRunner | None = None

    async def open(self) -> None:
        app = web.Application()
        app.router.add_post("/own", self._take_own)
        app.router.add_post("/endpoint", self._take_everything)
        self._runner = web.AppRunner(app, access_log=None, handle_signals=False)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        host, port = self._runner.addresses[0][:2]
        self.own.url = f"http://{host}:{port}/own"
        self.endpoint.url = f"http://{host}:{port}/endpoint"

    async def close(self) -> None:
        if self._runner is not None:
            await self._runner.cleanup()

    async def _take_own(self, request: web.Request) -> web.Response:
        body = await request.read()
        if self._is_busy():
            return web.Response(status=503)
        told = self.own.take(request.headers, body)
        if told is not None and told["status"] == "charged" and not self.charged.full():
            self.charged.put_nowait(Paid(told["id"], told["amount"]))
        return web.Response()

    async def _take_everything(self, request: web.Request) -> web.Response:
        body = await request.read()
        if self._is_busy():
            return web.Response(status=503)
        self.endpoint.take(request.headers, body)
        return web.Response()

    def _is_busy(self) -> bool:
        return self._moments.random() < BAD_MOMENTS
