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


class Receiver:
    """`taken`: what was acknowledged, by `webhook-id`. `faults`: what must never come."""

    def __init__(self, seed: int) -> None:
        self.taken: dict[str, dict[str, Any]] = {}
        self.times = 0
        self.faults: list[str] = []
        self.secret = ""
        """To be set before the first webhook comes."""
        self.charged: asyncio.Queue[Paid] = asyncio.Queue(1_000)
        """What the merchant may give back, as far as it has heard."""
        self._moments = random.Random(seed)
        self._runner: web.AppRunner | None = None
        self.url = ""

    async def open(self) -> None:
        app = web.Application()
        app.router.add_post("/hook", self._take)
        self._runner = web.AppRunner(app, access_log=None, handle_signals=False)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        host, port = self._runner.addresses[0][:2]
        self.url = f"http://{host}:{port}/hook"

    async def close(self) -> None:
        if self._runner is not None:
            await self._runner.cleanup()

    def by_event(self) -> dict[str, dict[str, Any]]:
        """What was taken, by the id of its event."""
        return {told["event_id"]: told for told in self.taken.values()}

    async def _take(self, request: web.Request) -> web.Response:
        body = await request.read()
        if self._moments.random() < BAD_MOMENTS:
            return web.Response(status=503)
        self.take(request.headers, body)
        return web.Response()

    def take(self, headers: Mapping[str, str], body: bytes) -> None:
        message = headers.get("webhook-id", "")
        try:
            Webhook(self.secret).verify(body, {k.lower(): v for k, v in headers.items()})
        except WebhookVerificationError as error:
            self.faults.append(f"webhook {message} is not from its sender: {error}")
            return
        told = msgspec.json.decode(body)
        known = self.taken.setdefault(message, told)
        self.times += 1
        if known != told:
            self.faults.append(f"webhook {message} came again and said something else")
        if known is told and told["status"] == "charged" and not self.charged.full():
            self.charged.put_nowait(Paid(told["id"], told["amount"]))
