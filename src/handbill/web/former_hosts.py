"""Hosts that this installation had before: what is printed or bookmarked there leads to the present
address, and a form that was opened there still works.

A caller without a page, such as a shop or an acquirer, is answered where it calls: many drop a key
or a body on the way to another host.
"""

from __future__ import annotations

from collections.abc import Awaitable, Collection

from starlette.responses import RedirectResponse, Response
from starlette.types import Message, Scope, Send

from handbill.kernel.addresses import Addresses, plain_host

ANSWERED_THERE = frozenset({"api", "notifications", "healthz", "readyz", "metrics"})
"""First words of addresses that programs ask for."""


class FormerHosts:
    def __init__(self, hosts: Collection[str], addresses: Addresses) -> None:
        self._hosts = frozenset(hosts)
        self._addresses = addresses

    def is_at(self, scope: Scope) -> bool:
        """Whether the request came to one of them."""
        if not self._hosts:
            return False
        host = next((value for name, value in scope["headers"] if name == b"host"), b"")
        return plain_host(host.decode("latin-1")) in self._hosts

    def moved(self, scope: Scope, word: str) -> Response | None:
        """Where to look instead; None where the request is to be answered. `word`: the first one of
        its address."""
        # Behind the host the path begins with a slash, or it would become a part of the host.
        is_page = scope["path"].startswith("/") and word not in ANSWERED_THERE
        if scope["method"] not in ("GET", "HEAD") or not is_page:
            return None
        url = self._addresses.here(scope["raw_path"], scope["query_string"])
        return RedirectResponse(url, 308, {"referrer-policy": "no-referrer"})

    def leading_on(self, send: Send) -> Send:
        """For the answer to a form that was opened there. Its page allows itself to be led to that
        host and to acquirers, and browsers hold it to that: so the answer is no redirect, but a
        page that opens the next one."""

        def led_on(message: Message) -> Awaitable[None]:
            if message["type"] == "http.response.start":
                where = dict(message["headers"]).get(b"location", b"")
                if where.startswith(f"{self._addresses.base}/".encode()):
                    kept = [pair for pair in message["headers"] if pair[0] != b"location"]
                    kept.append((b"refresh", b"0;url=" + where))
                    kept.append((b"content-type", b"text/html; charset=utf-8"))
                    message = {**message, "status": 200, "headers": kept}
            return send(message)

        return led_on
