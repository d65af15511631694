"""Somebody at the dashboard: a browser that signs in, fills forms in, reads, and follows nothing
itself."""

from __future__ import annotations

import re
from html import unescape

import httpx2

from handbill.infra.database import Tx
from handbill.merchants import keys
from handbill.merchants.model import Scope
from tests.support.payers import Seen, seen
from tests.support.running import HTML, RunningHouse


async def dashboard_key(
    house: RunningHouse, *, test: bool = True, merchant: int | None = None
) -> str:
    """A key for links and nothing else."""

    def create(tx: Tx) -> str:
        owner = merchant or house.merchant.id
        return keys.create(tx, house.house.crypto, owner, test=test, scopes=(Scope.LINKS,))[1]

    return await house.house.db.write(create)


class Clerk:
    def __init__(self, house: RunningHouse) -> None:
        self.house = house
        self.http = house.client({**HTML, "origin": house.house.addresses.origin})

    async def sign_in(self, key: str) -> httpx2.Response:
        answer = await self.http.post("/dashboard/session", data={"key": key})
        if answer.headers.get("set-cookie", "").startswith("__Host-"):
            # Of a public address, to which this client does not go.
            self.http.headers["cookie"] = answer.headers["set-cookie"].partition(";")[0]
        return answer

    async def look(self, path: str = "") -> Seen:
        return seen(await self.http.get(f"/dashboard{path}"))

    async def post(self, path: str, *, table: bytes | str = "", **fields: str) -> httpx2.Response:
        """As a browser sends a form: with a part for a file, also where none was chosen."""
        parts = {"file": ("names.csv" if isinstance(table, bytes) else "", table, "text/csv")}
        return await self.http.post(f"/dashboard{path}", data=fields, files=parts)

    async def create(self, *, table: bytes | str = "", **fields: str) -> httpx2.Response:
        """Opens the page of a new link, fills it in and presses Create."""
        page = await self.look()
        asked = {"by": "amount", "currency": "RUB", "ticket": ticket_of(page), **fields}
        return await self.post("/links", table=table, **asked)

    async def make(self, **fields: str) -> str:
        """The same where it works: the path of the link's print page."""
        return path_of(await self.create(**fields))

    async def print(self, link: str, **fields: str) -> httpx2.Response:
        """With what the print page has chosen, and what `fields` say instead."""
        page = await self.look(link)
        chosen = {"filled": "1", "template": "table", "price": "on", "logo": "on", "level": "M"}
        which = "all" if 'name="which" value="all" checked' in page.html else "link"
        return await self.http.post(
            f"/dashboard{link}/print", data={**chosen, "which": which, **fields}
        )


def path_of(answer: httpx2.Response) -> str:
    """Where within the dashboard an answer leads."""
    assert answer.status_code == 303, answer.text
    return str(answer.headers["location"]).partition("/dashboard")[2]


def ticket_of(page: Seen) -> str:
    found = re.search(r'name="ticket" value="([^"]+)"', page.html)
    assert found is not None, page.text
    return unescape(found[1])


def faults_in(page: Seen) -> dict[str, list[str]]:
    """What stands beside each field that was refused."""
    found = re.findall(r'<div class="faults" id="([\w-]+)-fault".*?</div>', page.html, re.S)
    blocks = re.findall(r'<div class="faults" id="[\w-]+-fault".*?</div>', page.html, re.S)
    texts = [re.findall(r'<span dir="auto">(.*?)</span>', block, re.S) for block in blocks]
    return {name: [unescape(one) for one in said] for name, said in zip(found, texts, strict=True)}
