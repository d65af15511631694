"""Finished pay pages by their address: what changes from one copy to the next is only the token.

A page is looked up again before it is served, unless nothing was committed since it was: then it
comes from memory alone. Pay judges everything anew, so an old page can mislead nobody into paying.
"""

from __future__ import annotations

from collections import OrderedDict

import msgspec
from starlette.types import ASGIApp, Receive, Scope, Send

from handbill.infra.database import Database, Mark
from handbill.kernel.clock import Clock, Instant
from handbill.kernel.money import Money
from handbill.links import offer as offers
from handbill.links.offer import Offer, Version
from handbill.web.pages.render import Cut
from handbill.web.pages.tickets import Tickets

KEPT_MAX = 512


class Page(msgspec.Struct, frozen=True):
    """A finished page. `total` is what it says the payer pays, where it says so."""

    link_id: str
    cut: Cut
    headers: dict[str, str]
    total: Money | None


class _Kept(msgspec.Struct):
    page: Page
    version: Version
    expires_at: Instant | None
    seen: Mark
    """When it was last looked up."""
    headers: list[tuple[bytes, bytes]]
    """Those of the page, as they are sent."""


class KeptPages:
    """Only for payers without a cookie: what others see depends on what they began."""

    def __init__(self, db: Database, clock: Clock, tickets: Tickets) -> None:
        self._db = db
        self._clock = clock
        self._tickets = tickets
        self._kept: OrderedDict[str, _Kept] = OrderedDict()

    def keep(self, path: str, offer: Offer, page: Page, seen: Mark) -> None:
        """`seen` was taken before the offer was read."""
        if not path.islower():
            return  # another spelling of an address; there are thousands of each
        link = offer.link
        version = Version(link.id, link.version, offer.merchant.updated_at)
        headers = [(name.encode(), value.encode("latin-1")) for name, value in page.headers.items()]
        headers.append((b"content-type", b"text/html; charset=utf-8"))
        self._kept[path] = _Kept(page, version, link.expires_at, seen, headers)
        if len(self._kept) > KEPT_MAX:
            self._kept.popitem(last=False)

    async def look(self, path: str) -> Page | None:
        """The page, if it is still as it was kept."""
        kept = self._kept.get(path)
        if kept is None:
            return None
        if not self._is_fresh(kept):
            seen, link_id = self._db.mark(), kept.page.link_id
            version, end = await self._db.point(lambda tx: offers.glance(tx, link_id))
            if end is not None or version != kept.version:
                return None
            kept.seen = seen
        return kept.page

    def door(self, otherwise: ASGIApp) -> ASGIApp:
        """Answers at once what can be answered from memory, and passes on the rest."""
        return _Door(self, otherwise)

    def ready(self, scope: Scope) -> tuple[list[tuple[bytes, bytes]], bytes] | None:
        """Headers and body of a page, without looking anything up."""
        kept = self._kept.get(scope["path"])
        if kept is None or not self._is_fresh(kept) or _has_cookie(scope):
            return None
        page = kept.page
        body = page.cut.with_token(self._tickets.issue(page.link_id, page.total))
        return [*kept.headers, (b"content-length", b"%d" % len(body))], body

    def _is_fresh(self, kept: _Kept) -> bool:
        if kept.expires_at is not None and kept.expires_at <= self._clock.now():
            return False
        return self._db.is_unchanged(kept.seen)


class _Door:
    def __init__(self, pages: KeptPages, otherwise: ASGIApp) -> None:
        self._pages = pages
        self._otherwise = otherwise

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        found = self._pages.ready(scope)
        if found is None:
            await self._otherwise(scope, receive, send)
            return
        headers, body = found
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})


def _has_cookie(scope: Scope) -> bool:
    return any(name == b"cookie" for name, _ in scope["headers"])
