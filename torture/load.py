"""Merchants and payers, who go on whatever happens to the servers.

Each asks one of the two servers at random and asks again, with the same key or the same token,
until somebody answers. The load is small on purpose: it is there to be interrupted, not to measure.
"""

from __future__ import annotations

import asyncio
import random
import re
from collections.abc import Awaitable, Callable, Sequence
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import msgspec

from torture.journal import Journal, Wish

ANSWER_SECONDS = 12
PAUSE_SECONDS = 0.1
INSISTENCE = 1_000
"""Tries: for longer than a request that was cut off in the middle may count as running."""
RACERS = 3
AGAIN = 0.1
JSON = {"accept": "application/json"}
TOKEN = re.compile(r'name="attempt" value="([\w.~-]+)"')

TAILS = {
    "card": (61, 61, 61, 62, 63, 64, 71, 72, 91, 92, 0),
    "sbp": (81, 81, 61, 82, 83, 91, 92),
}
"""How payments end, by the last digits of their amounts: see docs/reference/sandbox.md. 0 waits for
a button."""


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


class Load:
    """`start` it, `stop` it, `insist`. What comes of it is in the journal."""

    def __init__(self, journal: Journal, urls: Sequence[str], key: str, seed: int) -> None:
        self._journal = journal
        self._urls = urls
        self._key = {"x-api-key": key}
        self._chance = random.Random(seed)
        self._http = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(ANSWER_SECONDS))
        self._over = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self._open: list[tuple[Wish, Send]] = []
        self._notify_url = ""
        self._to_pay = ""

    async def start(self, notify_url: str, *, shops: int = 2, payers: int = 4) -> None:
        self._notify_url = notify_url
        made = await self._make_link(amount_type="dynamic", minor=0)
        assert made is not None
        self._to_pay = made
        work: list[Callable[[], Awaitable[None]]] = [self._shop] * shops
        work += [self._payer] * payers + [self._racers]
        self._tasks = [asyncio.create_task(self._repeat(one)) for one in work]

    async def stop(self) -> None:
        """Lets everybody finish what they are doing. Raises what one of them raised."""
        self._over.set()
        await asyncio.gather(*self._tasks)

    async def insist(self) -> None:
        """Whatever nobody has answered yet is asked again, as before, until somebody does."""
        for wish, send in self._open:
            for _ in range(INSISTENCE):
                if self._take(wish, await send()):
                    break
                await asyncio.sleep(PAUSE_SECONDS)
            else:
                self._journal.faults.append(f"{wish.mark} is not answered, however often asked")

    async def close(self) -> None:
        await self._http.close()

    async def _repeat(self, act: Callable[[], Awaitable[None]]) -> None:
        while not self._over.is_set():
            await act()
            await asyncio.sleep(self._chance.uniform(0, 2 * PAUSE_SECONDS))

    async def _shop(self) -> None:
        await self._make_link(amount_type="fixed", minor=1_000)

    async def _payer(self) -> None:
        """Through the page, whose token makes a repeat harmless; or as a script, once."""
        method = self._chance.choice(list(TAILS))
        tail = self._chance.choice(TAILS[method])
        fields = {"method": method}
        page, by_page = f"/pay/link/{self._to_pay}", self._chance.random() < 0.6
        if by_page:
            shown = await self._ask("GET", page)
            token = TOKEN.search(shown.body.decode()) if shown and shown.status == 200 else None
            if token is None:
                return
            fields["attempt"] = token[1]
        wish = self._journal.wish_payment(self._to_pay, tail)
        fields["amount_minor"] = wish.mark

        async def send() -> Answer | None:
            return await self._ask("POST", page, data=fields, headers=JSON)

        answer = await (self._wait_for(wish, send) if by_page else self._once(wish, send))
        if answer is not None:
            await self._press(answer.data["payment_url"], wish)

    async def _racers(self) -> None:
        """Several payers press Pay on a link that keeps one payment."""
        link = await self._make_link(amount_type="fixed", minor=161, max_payments=1)
        if link is None:
            return
        self._journal.limits[link] = 1
        page = f"/pay/link/{link}"
        await asyncio.gather(
            *(self._ask("POST", page, data={"method": "card"}, headers=JSON) for _ in range(RACERS))
        )

    async def _make_link(self, *, amount_type: str, minor: int, **fields: object) -> str | None:
        """Its id, where somebody acknowledged it."""
        wish = self._journal.wish_link()
        body = {
            "amount": {"default": minor, "currency": "RUB"},
            "amount_type": amount_type,
            "pay_config": {},
            "metadata": {"mark": wish.mark},
            "notify_url": self._notify_url,
            **fields,
        }
        answer = await self._wait_for(wish, self._with_key(wish, "/api/v1/links", body))
        return None if answer is None else str(answer.data["id"])

    def _with_key(self, wish: Wish, path: str, body: dict[str, Any]) -> Send:
        headers = {**self._key, "idempotency-key": wish.mark}

        async def send() -> Answer | None:
            return await self._ask("POST", path, json=body, headers=headers)

        return send

    async def _wait_for(self, wish: Wish, send: Send) -> Answer | None:
        """Sends until somebody answers; None where the storm is over before that."""
        while not self._over.is_set():
            answer = await self._once(wish, send)
            if answer is not None:
                if answer.is_replay or self._chance.random() < AGAIN:
                    await self._compare(wish, answer, send)
                return answer
            await asyncio.sleep(PAUSE_SECONDS)
        self._open.append((wish, send))
        return None

    async def _once(self, wish: Wish, send: Send) -> Answer | None:
        answer = await send()
        return answer if self._take(wish, answer) else None

    def _take(self, wish: Wish, answer: Answer | None) -> bool:
        if answer is None or answer.status != 201:
            return False
        wish.ids.add(answer.data["id"])
        return True

    async def _compare(self, wish: Wish, answer: Answer, send: Send) -> None:
        """Sent again after its answer: the same object, and under a key the same bytes."""
        again = await send()
        if not self._take(wish, again) or again is None:
            return
        if again.is_replay and again.body != answer.body:
            self._journal.faults.append(f"{wish.mark} was answered anew: {again.body!r}")

    async def _press(self, payment_url: str, wish: Wish) -> None:
        """The button of the acquirer, twice, as impatient people do; or never."""
        if wish.minor % 100 != 0 or self._chance.random() < 0.2:
            return
        for _ in range(2):
            await self._ask("POST", urlsplit(payment_url).path, data={"decision": "approve"})

    async def _ask(self, method: str, path: str, **fields: Any) -> Answer | None:
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
        if answer.status in (401, 403, 404, 422, 500):
            self._journal.faults.append(f"{method} {path} was answered with {word}")
        return answer
