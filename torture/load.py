"""Merchants and payers, who go on whatever happens to the servers.

The load is small on purpose: it is there to be interrupted, not to measure.
"""

from __future__ import annotations

import asyncio
import random
import re
from collections.abc import Awaitable, Callable, Sequence
from urllib.parse import urlsplit

from torture.asking import Answer, Asker
from torture.journal import Journal, Wish
from torture.receiver import Paid, Receiver

PAUSE_SECONDS_MAX = 0.2
SHOPS, PAYERS, RACERS = 2, 4, 3
NEVER_PRESSED = 0.2
PARTS = ((100,), (30, 40), (60, 60), (100, 100))
"""Refunds of one payment that are asked for at once, in per cent: not all of them find enough."""
HEARD_SECONDS = 0.5
JSON = {"accept": "application/json"}
TOKEN = re.compile(r'name="attempt" value="([\w.~-]+)"')

TAILS = {
    "card": (61, 61, 62, 63, 64, 71, 72, 91, 92, 93, 31, 32, 33, 36, 41, 44, 51, 52, 53, 54, 0),
    "sbp": (81, 81, 61, 82, 83, 91, 92, 31, 32, 41, 44, 51, 52, 54),
}
"""How payments end, by the last digits of their amounts: see docs/reference/sandbox.md. 0 waits for
a button."""


class Load:
    """`start` it, then `stop` it and `close` it."""

    def __init__(
        self, journal: Journal, receiver: Receiver, urls: Sequence[str], key: str, seed: int
    ) -> None:
        self._journal = journal
        self._receiver = receiver
        self._chance = random.Random(seed)
        self._asker = Asker(journal, urls, key, self._chance)
        self._tasks: list[asyncio.Task[None]] = []
        self._to_pay = ""

    async def start(self) -> None:
        everything = self._receiver.endpoint
        everything.secret = await self._asker.open_endpoint(everything.url)
        made = await self._make_link(amount_type="dynamic", minor=0)
        assert made is not None
        self._to_pay = made
        work: list[Callable[[], Awaitable[None]]] = [self._shop] * SHOPS
        work += [self._payer] * PAYERS + [self._racers, self._refunder]
        self._tasks = [asyncio.create_task(self._repeat(one)) for one in work]

    async def stop(self) -> None:
        """Lets everybody finish what they are doing, and has what is still open answered. Raises
        what one of them raised."""
        self._asker.is_over = True
        await asyncio.gather(*self._tasks)
        await self._asker.insist()

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._asker.close()

    async def _repeat(self, act: Callable[[], Awaitable[None]]) -> None:
        while not self._asker.is_over:
            await act()
            await asyncio.sleep(self._chance.uniform(0, PAUSE_SECONDS_MAX))

    async def _shop(self) -> None:
        await self._make_link(amount_type="fixed", minor=1_000)

    async def _payer(self) -> None:
        """Through the page, whose token makes a repeat harmless; or as a script, once."""
        method = self._chance.choice(list(TAILS))
        tail = self._chance.choice(TAILS[method])
        fields = {"method": method}
        page, by_page = f"/pay/link/{self._to_pay}", self._chance.random() < 0.6
        if by_page:
            shown = await self._asker.ask("GET", page)
            token = TOKEN.search(shown.body.decode()) if shown and shown.status == 200 else None
            if token is None:
                return
            fields["attempt"] = token[1]
        wish = self._journal.wish_payment(self._to_pay, tail)
        fields["amount_minor"] = wish.mark

        async def send() -> Answer | None:
            return await self._asker.ask("POST", page, data=fields, headers=JSON)

        answer = await (self._asker.wait_for if by_page else self._asker.once)(wish, send)
        if answer is not None:
            await self._press(answer.data["payment_url"], wish)

    async def _racers(self) -> None:
        """Several payers press Pay on a link that keeps one payment."""
        link = await self._make_link(amount_type="fixed", minor=161, max_payments=1)
        if link is None:
            return
        self._journal.limits[link] = 1
        page, form = f"/pay/link/{link}", {"method": "card"}
        presses = [self._asker.ask("POST", page, data=form, headers=JSON) for _ in range(RACERS)]
        await asyncio.gather(*presses)

    async def _refunder(self) -> None:
        """Gives back what the merchant has heard of: all, parts, and more than there is."""
        try:
            async with asyncio.timeout(HEARD_SECONDS):
                paid = await self._receiver.charged.get()
        except TimeoutError:
            return
        parts = self._chance.choice(PARTS)
        await asyncio.gather(*(self._refund(paid, part) for part in parts))

    async def _refund(self, paid: Paid, per_cent: int) -> None:
        wish = self._journal.wish_refund(paid.id, paid.minor * per_cent // 100)
        body = {"amount": wish.minor, "reason": wish.mark}
        path = f"/api/v1/transactions/{paid.id}/refunds"
        send = self._asker.with_key(wish, path, body, may_refuse=True)
        await self._asker.wait_for(wish, send)

    async def _make_link(self, *, amount_type: str, minor: int, **fields: object) -> str | None:
        """Its id, where somebody acknowledged it."""
        wish = self._journal.wish_link()
        body = {
            "amount": {"default": minor, "currency": "RUB"},
            "amount_type": amount_type,
            "pay_config": {},
            "metadata": {"mark": wish.mark},
            "notify_url": self._receiver.own.url,
            **fields,
        }
        send = self._asker.with_key(wish, "/api/v1/links", body)
        answer = await self._asker.wait_for(wish, send)
        return None if answer is None else str(answer.data["id"])

    async def _press(self, payment_url: str, wish: Wish) -> None:
        """The button of the acquirer, twice, as impatient people do; or never."""
        if wish.minor % 100 or self._chance.random() < NEVER_PRESSED:
            return
        form = {"decision": "approve"}
        for _ in range(2):
            await self._asker.ask("POST", urlsplit(payment_url).path, data=form)
