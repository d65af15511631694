"""Shops that make links as fast as they are answered, from threads of the test. Everything that a
server acknowledged is kept, because acknowledged is a promise."""

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
        self.refusals: list[str] = []
        self.over = threading.Event()

    def make_links(self, url: str, key: str, **fields: object) -> None:
        """Until it is over or the server is gone."""
        with httpx2.Client(base_url=url, headers={"x-api-key": key}, timeout=30) as shop:
            while not self.over.is_set():
                try:
                    made = shop.post("/api/v1/links", json={**BODY, **fields})
                except httpx2.TransportError:
                    return
                if made.status_code == 201:
                    self.links.append(made.json()["data"]["id"])
                else:
                    self.refusals.append(made.text)


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
