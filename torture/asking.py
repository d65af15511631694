"""How clients ask: one of the two servers at random, and again with the same key or token until
somebody answers."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

import aiohttp
import msgspec

from torture.journal import Journal, Wish

ANSWER_SECONDS = 12
PAUSE_SECONDS = 0.1
INSISTENCE = 1_000
"""Tries: for longer than a request that was cut off in the middle may count as running."""
AGAIN = 0.1
NEVER = frozenset({401, 403, 404, 422, 500})
"""No client here gives a reason for them."""
REFUSALS = frozenset({"not_refundable", "invalid"})
"""Of a refund, where the rest is on its way back already."""


class Answer(msgspec.Struct, frozen=True):
    status: int
    body: bytes
    is_replay: bool

    @property
    def data(self) -> dict[str, Any]:
        return dict(msgspec.json.decode(self.body)["data"])

    @property
    def error(self) -> str:
        try:
            return str(msgspec.json.decode(self.body)["error"])
        except (msgspec.MsgspecError, KeyError, TypeError):
            return ""


Send = Callable[[], Awaitable[Answer | None]]
"""The same request each time. None: nobody knows what became of it."""


class Asker:
    """What comes of it is in the journal."""

    def __init__(
        self, journal: Journal, urls: Sequence[str], key: str, chance: random.Random
    ) -> None:
        self._journal = journal
        self._urls = urls
        self._key = {"x-api-key": key}
        self._chance = chance
        self._http = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(ANSWER_SECONDS))
        self._open: list[tuple[Wish, Send]] = []
        self.is_over = False

    async def close(self) -> None:
        await self._http.close()

    async def ask(
        self, method: str, path: str, *, may_refuse: bool = False, **fields: Any
    ) -> Answer | None:
        """`may_refuse`: 422 is an answer too."""
        url = self._chance.choice(self._urls) + path
        try:
            async with self._http.request(method, url, allow_redirects=False, **fields) as got:
                replayed = "idempotent-replayed" in got.headers
                answer = Answer(got.status, await got.read(), replayed)
        except (aiohttp.ClientError, TimeoutError):
            self._journal.answers["none"] += 1
            return None
        word = f"{answer.status} {answer.error}".strip()
        self._journal.answers[word] += 1
        if answer.status in NEVER and not (may_refuse and answer.status == 422):
            self._journal.faults.append(f"{method} {path} was answered with {word}")
        return answer

    async def open_endpoint(self, url: str) -> str:
        """Has every event told to this address; gives the secret that signs."""
        body = {"url": url, "events": ["*"], "format": "event"}
        made = await self.ask("POST", "/api/v1/webhook_endpoints", json=body, headers=self._key)
        assert made is not None
        return str(made.data["secret"])

    def with_key(
        self, wish: Wish, path: str, body: Mapping[str, Any], *, may_refuse: bool = False
    ) -> Send:
        """The merchant's request, under a key of its own."""
        fields = {"json": body, "headers": {**self._key, "idempotency-key": wish.mark}}
        return lambda: self.ask("POST", path, may_refuse=may_refuse, **fields)

    async def once(self, wish: Wish, send: Send) -> Answer | None:
        """The answer, where it acknowledges."""
        answer = await send()
        if answer is None:
            return None
        if answer.error in REFUSALS:
            wish.is_refused = True
        if answer.status != 201:
            return None
        wish.ids.add(answer.data["id"])
        return answer

    async def wait_for(self, wish: Wish, send: Send) -> Answer | None:
        """Sends until somebody acknowledges; None where the request is refused, or the
        storm is over before that."""
        while not self.is_over and not wish.is_refused:
            answer = await self.once(wish, send)
            if answer is not None:
                if answer.is_replay or self._chance.random() < AGAIN:
                    await self._compare(wish, answer, send)
                return answer
            await asyncio.sleep(PAUSE_SECONDS)
        if not wish.is_refused:
            self._open.append((wish, send))
        return None

    async def insist(self) -> None:
        """Whatever nobody has answered yet is asked again, as before, until somebody does."""
        for wish, send in self._open:
            for _ in range(INSISTENCE):
                if await self.once(wish, send) or wish.is_refused:
                    break
                await asyncio.sleep(PAUSE_SECONDS)
            else:
                self._journal.faults.append(f"{wish.mark} is not answered, however often asked")

    async def _compare(self, wish: Wish, answer: Answer, send: Send) -> None:
        """Sent again after its answer: the same object, and under a key the same bytes."""
        again = await self.once(wish, send)
        if again is not None and again.is_replay and again.body != answer.body:
            self._journal.faults.append(f"{wish.mark} was answered anew: {again.body!r}")
