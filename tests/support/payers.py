"""A payer with a browser of their own: looks, presses, decides, comes back; keeps cookies."""

from __future__ import annotations

import re
from html import unescape

import httpx2
import msgspec


class Seen(msgspec.Struct, frozen=True):
    """A page as a payer sees it. `text` is without markup; `state` is the page's own word."""

    status: int
    headers: httpx2.Headers
    html: str
    text: str

    @property
    def token(self) -> str:
        return self._one(r'name="attempt" value="([^"]+)"')

    @property
    def state(self) -> str:
        """Of a payment or an end; `pay` where there is something to pay."""
        found = re.search(r'data-state="([^"]+)"', self.html)
        return found[1] if found else "pay"

    @property
    def buttons(self) -> dict[str, str]:
        """What each button and each link that looks like one says -> what it sends or opens."""
        found = re.findall(r'<a class="button[^"]*" href="([^"]+)">(.*?)</a>', self.html, re.S)
        found += re.findall(
            r'<button class="button[^"]*"[^>]* value="([^"]+)">(.*?)</button>', self.html
        )
        return {_plain(words): unescape(value) for value, words in found}

    @property
    def form(self) -> str:
        """Where the only form of the page goes."""
        return unescape(self._one(r'<form [^>]*action="([^"]+)"'))

    @property
    def amount(self) -> str:
        """The sum that stands out."""
        return _plain(self._one(r'<p class="total[^"]*"[^>]*>(.*?)</p>'))

    @property
    def typed(self) -> str:
        """What stands in the amount field."""
        return unescape(self._one(r'<input id="amount"[^>]* value="([^"]*)"'))

    def _one(self, pattern: str) -> str:
        found = re.search(pattern, self.html, re.S)
        if found is None:
            raise AssertionError(f"the page has no {pattern}:\n{self.text}")
        return found[1]


class Payer:
    """One browser. `http` keeps the cookies and follows nothing by itself."""

    def __init__(self, http: httpx2.AsyncClient) -> None:
        self.http = http

    async def look(self, address: str) -> Seen:
        return seen(await self.http.get(address))

    async def press(self, address: str, token: str, **fields: str) -> httpx2.Response:
        """Pay, on a page that was opened before."""
        return await self.http.post(address, data={"attempt": token, **fields})

    async def pay(self, address: str, method: str = "card", **fields: str) -> httpx2.Response:
        """Opens the page and presses the button of a method at once."""
        page = await self.look(address)
        return await self.press(address, page.token, method=method, **fields)

    async def begin(self, address: str, method: str = "card", **fields: str) -> str:
        """The same, where it works: the address that the payer is sent to."""
        answer = await self.pay(address, method, **fields)
        assert answer.status_code == 303, answer.text
        return str(answer.headers["location"])

    async def decide(self, acquirer: str, decision: str) -> str:
        """Presses a button of the acquirer: the address that the payer is sent to."""
        answer = await self.http.post(acquirer, data={"decision": decision})
        assert answer.status_code == 303, answer.text
        return str(answer.headers["location"])


def seen(answer: httpx2.Response) -> Seen:
    return Seen(answer.status_code, answer.headers, answer.text, _plain(answer.text))


def _plain(html: str) -> str:
    body = html.partition("<body")[2].partition(">")[2] or html
    body = re.sub(r"<(\w+)[^>]* hidden>.*?</\1>", "", body, flags=re.S)  # which nobody sees
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]*>", " ", body))).strip().replace("₽ ", "₽")
