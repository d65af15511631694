"""Merchants and payers, who go on whatever happens to the servers.

Each asks one of the two servers at random, waits for its answer, and asks again a moment later. The
load is small on purpose: it is there to be interrupted, not to measure.
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
TRIES_MAX = 60
RACERS = 3
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

    @property
    def data(self) -> dict[str, Any]:
        return dict(msgspec.json.decode(self.body)["data"])

    @property
    def error(self) -> str:
        try:
            return str(msgspec.json.decode(self.body)["error"])
        except (msgspec.MsgspecError, KeyError, TypeError):
            return ""


class Load:
    """`start` it, `stop` it. What comes of it is in the journal."""

    def __init__(self, journal: Journal, urls: Sequence[str], key: str, seed: int) -> None:
        self._journal = journal
        self._urls = urls
        self._key = {"x-api-key": key}
        self._chance = random.Random(seed)
        self._http = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(ANSWER_SECONDS))
        self._over = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
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
        try:
            await asyncio.gather(*self._tasks)
        finally:
            await self._http.close()

    async def _repeat(self, act: Callable[[], Awaitable[None]]) -> None:
        while not self._over.is_set():
            await act()
            await asyncio.sleep(self._chance.uniform(0, 2 * PAUSE_SECONDS))

    async def _shop(self) -> None:
        await self._make_link(amount_type="fixed", minor=1_000)

    async def _payer(self) -> None:
        method = self._chance.choice(list(TAILS))
        tail = self._chance.choice(TAILS[method])
        wish = self._journal.wish_payment(self._to_pay, tail)
        await self._pay(wish, method, by_page=self._chance.random() < 0.5)

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
        answer = await self._ask("POST", "/api/v1/links", json=body, headers=self._key)
        if answer is None or answer.status != 201:
            return None
        wish.ids.add(answer.data["id"])
        return str(answer.data["id"])

    async def _pay(self, wish: Wish, method: str, *, by_page: bool) -> None:
        """By the token of a page, which makes a repeat harmless: pressed until somebody answers.
        Without one, once."""
        fields = {"method": method, "amount_minor": wish.mark}
        page = f"/pay/link/{wish.of}"
        if by_page:
            shown = await self._ask("GET", page)
            token = TOKEN.search(shown.body.decode()) if shown and shown.status == 200 else None
            if token is None:
                return
            fields["attempt"] = token[1]
        for _ in range(TRIES_MAX if by_page else 1):
            answer = await self._ask("POST", page, data=fields, headers=JSON)
            if answer is not None and answer.status == 201:
                wish.ids.add(answer.data["id"])
                await self._press(answer.data["payment_url"], wish)
                return
            if self._over.is_set():
                return
            await asyncio.sleep(PAUSE_SECONDS)

    async def _press(self, payment_url: str, wish: Wish) -> None:
        """The button of the acquirer, twice, as impatient people do; or never."""
        if wish.minor % 100 != 0 or self._chance.random() < 0.2:
            return
        for _ in range(2):
            await self._ask("POST", urlsplit(payment_url).path, data={"decision": "approve"})

    async def _ask(self, method: str, path: str, **fields: Any) -> Answer | None:
        """None: nobody knows what became of it."""
        url = self._chance.choice(self._urls) + path
        try:
            async with self._http.request(method, url, allow_redirects=False, **fields) as got:
                answer = Answer(got.status, await got.read())
        except (aiohttp.ClientError, TimeoutError):
            self._journal.answers["none"] += 1
            return None
        word = f"{answer.status} {answer.error}".strip()
        self._journal.answers[word] += 1
        if answer.status in (401, 403, 404, 422) or answer.status == 500:
            self._journal.faults.append(f"{method} {path} was answered with {word}")
        return answer
