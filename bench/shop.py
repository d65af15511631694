"""What a merchant and a payer do, over HTTP, to bring a server into the state to be measured."""

from __future__ import annotations

import asyncio
import io
import json
import re
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar
from urllib.parse import urlsplit

import aiohttp
import uvloop
from PIL import Image

from bench.servers import Server

T = TypeVar("T")

PICTURE_SIDE = 800
TOKEN = re.compile(rb'name="attempt" value="([\w.~-]+)"')


class Shop:
    """A merchant's own server: calls the API with the test key."""

    def __init__(self, server: Server, session: aiohttp.ClientSession) -> None:
        self._server = server
        self._session = session

    async def post(self, path: str, **body: Any) -> dict[str, Any]:
        """The `data` of the answer. Raises where it is not a success."""
        return dict(json.loads(await self.fetch(path, **body))["data"])

    async def fetch(self, path: str, **body: Any) -> bytes:
        """The whole of an answer that may be no JSON. Raises where it is not a success."""
        url, headers = self._server.url + path, {"x-api-key": self._server.key}
        async with self._session.post(url, headers=headers, **body) as answer:
            answer.raise_for_status()
            return await answer.read()

    async def get(self, url: str) -> bytes:
        """An address of the server, or a path on it."""
        async with self._session.get(self._at(url)) as answer:
            answer.raise_for_status()
            return await answer.read()

    async def start_paying(self, link: dict[str, Any]) -> dict[str, Any]:
        """As a script does: `id` and `payment_url` of a new payment."""
        headers, url = {"accept": "application/json"}, self._at(link["url"])
        async with self._session.post(url, json={"method": "card"}, headers=headers) as answer:
            answer.raise_for_status()
            return dict((await answer.json())["data"])

    async def approve(self, started: dict[str, Any]) -> None:
        """The payer's click on the sandbox acquirer's page."""
        url, form = self._at(started["payment_url"]), {"decision": "approve"}
        async with self._session.post(url, data=form, allow_redirects=False) as answer:
            if answer.status != 303:
                raise RuntimeError(f"the acquirer answered {answer.status}")

    def _at(self, url: str) -> str:
        """The server names itself `localhost`; asking for that name would be measured too."""
        return self._server.url + urlsplit(url).path

    async def make_link(self, **fields: Any) -> dict[str, Any]:
        body = {
            "amount": {"default": 100_000, "currency": "RUB"},
            "amount_type": "fixed",
            "pay_config": {"methods": ["card"]},
            **fields,
        }
        return await self.post("/api/v1/links", json=body)

    async def make_product(self, number: int) -> dict[str, Any]:
        """With a picture of its own."""
        form = aiohttp.FormData()
        form.add_field("image", _picture(number), filename="p.png", content_type="image/png")
        image = await self.post("/api/v1/images", data=form)
        body = {"header": f"Product {number}", "text": "As on the picture", "price": 20_000}
        return await self.post("/api/v1/products", json={**body, "image": image["url"]})

    async def make_full_link(self, products: int = 5, **fields: Any) -> dict[str, Any]:
        """A link with so many products, each with its picture."""
        made = [await self.make_product(number) for number in range(products)]
        return await self.make_link(products=[product["id"] for product in made], **fields)


def visit(server: Server, act: Callable[[Shop], Awaitable[T]]) -> T:
    """Runs `act` with a shop of its own loop."""

    async def run() -> T:
        async with aiohttp.ClientSession() as session:
            return await act(Shop(server, session))

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(run())


def _picture(number: int) -> bytes:
    """No two are alike, so that none is found again."""
    kept = io.BytesIO()
    colour = (40 * number % 256, 90, 160)
    Image.new("RGB", (PICTURE_SIDE, PICTURE_SIDE), colour).save(kept, "PNG")
    return kept.getvalue()
