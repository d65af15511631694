"""Shops that make links as fast as they are answered, and payers who pay them, from threads of the
test. Everything that a server acknowledged is kept, because acknowledged is a promise."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import httpx2

BODY = {
    "amount": {"default": 1000, "currency": "RUB"},
    "amount_type": "fixed",
    "pay_config": {"methods": ["card"]},
}


class Load:
    """What was acknowledged so far, and every answer that was not an acknowledgement."""

    def __init__(self) -> None:
        self.links: list[str] = []
        self.payments: list[str] = []
        self.refusals: list[str] = []
        self.over = threading.Event()

    def make_links(self, url: str, key: str, **fields: object) -> None:
        """Until it is over or the server is gone."""

        def once(shop: httpx2.Client) -> None:
            made = shop.post("/api/v1/links", json={**BODY, **fields})
            if made.status_code == 201:
                self.links.append(made.json()["data"]["id"])
            else:
                self.refusals.append(made.text)

        self._repeat(url, {"x-api-key": key}, once)

    def pay(self, url: str, link_id: str) -> None:
        """The same, for a link whose scenario needs no button."""

        def once(payer: httpx2.Client) -> None:
            paid = payer.post(f"/pay/link/{link_id}", data={"method": "card"})
            if paid.status_code == 201:
                self.payments.append(paid.json()["data"]["id"])
            else:
                self.refusals.append(paid.text)

        self._repeat(url, {"accept": "application/json"}, once)

    def _repeat(
        self, url: str, headers: dict[str, str], once: Callable[[httpx2.Client], None]
    ) -> None:
        with httpx2.Client(base_url=url, headers=headers, timeout=30) as client:
            while not self.over.is_set():
                try:
                    once(client)
                except httpx2.TransportError:
                    return


@contextmanager
def loaded(*work: Callable[[Load], None]) -> Iterator[Load]:
    """Each piece of work in a thread of its own, until the `with` statement ends."""
    load = Load()
    threads = [threading.Thread(target=one, args=(load,), daemon=True) for one in work]
    for thread in threads:
        thread.start()
    try:
        yield load
    finally:
        load.over.set()
        for thread in threads:
            thread.join()
