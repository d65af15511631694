"""Somebody at a till: a browser that signs in, types, presses, reads and follows nothing itself."""

from __future__ import annotations

import re
from html import unescape

import httpx2

from handbill.infra.database import Tx
from handbill.merchants import keys
from handbill.merchants.model import Scope
from tests.support.payers import Seen, seen
from tests.support.running import HTML, RunningHouse


async def till_key(house: RunningHouse, *, test: bool = True, merchant: int | None = None) -> str:
    """A key that opens a till and can do nothing else."""

    def create(tx: Tx) -> str:
        owner = merchant or house.merchant.id
        return keys.create(tx, house.house.crypto, owner, test=test, scopes=(Scope.TILL,))[1]

    return await house.house.db.write(create)


class Cashier:
    def __init__(self, house: RunningHouse) -> None:
        self.house = house
        self.http = house.client({**HTML, "origin": house.url})

    async def sign_in(self, key: str) -> httpx2.Response:
        return await self.http.post("/till/session", data={"key": key})

    async def look(self, path: str = "") -> Seen:
        return seen(await self.http.get(f"/till{path}"))

    async def post(self, path: str, **fields: str) -> httpx2.Response:
        return await self.http.post(f"/till{path}", data=fields)

    async def ring_up(self, amount: str = "", **counts: int) -> httpx2.Response:
        """Opens the page of a new sale, fills it in and presses Charge. `counts` by product id."""
        page = await self.look()
        items = {f"item-{product}": str(count) for product, count in counts.items()}
        return await self.post("/sales", ticket=ticket_of(page), amount=amount, **items)

    async def sell(self, amount: str = "", **counts: int) -> str:
        """The same where it works: the path of the sale."""
        return path_of(await self.ring_up(amount, **counts))

    async def refund(self, sale: str, pin: str, amount: str | None = None) -> httpx2.Response:
        page = await self.look(f"{sale}/refund")
        fields = {"ticket": ticket_of(page), "amount": amount or page.typed, "pin": pin}
        return await self.post(f"{sale}/refund", **fields)

    async def payer_page(self, sale: str) -> str:
        """What the code of a sale leads to."""
        id_ = sale.removeprefix("/sales/")
        [payment] = [one for one in await self.house.payments() if one["id"] == id_]
        return str(payment["payment_url"]).replace("/status/", "/payment/")

    async def paid(self, sale: str, decision: str = "approve") -> str:
        """A payer scans the code of the sale and pays: the address of their status page."""
        payer = self.house.new_payer()
        status = await payer.decide(await payer.begin(await self.payer_page(sale)), decision)
        await self.house.settle()
        return status


def path_of(answer: httpx2.Response) -> str:
    """Where within the till an answer leads."""
    assert answer.status_code == 303, answer.text
    return str(answer.headers["location"]).partition("/till")[2]


def ticket_of(page: Seen) -> str:
    found = re.search(r'name="ticket" value="([^"]+)"', page.html)
    assert found is not None, page.text
    return unescape(found[1])


def mark_in(page: Seen) -> tuple[str, str] | None:
    """Shape and word of the first mark on a page."""
    found = re.search(r'mark-shape-(\w+)".*?translate="no">(\w+)<', page.html, re.S)
    return (found[1], found[2]) if found else None
