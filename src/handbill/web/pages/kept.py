"""Finished pay pages by their address and language: what changes from one copy to the next is only
the token.

A page is looked up again before it is served, unless nothing was committed since it was: then it
comes from memory alone. Pay judges everything anew, so an old page can mislead nobody into paying.
"""

from __future__ import annotations

from collections import OrderedDict

import msgspec
from starlette.types import ASGIApp, Receive, Scope, Send

from handbill.infra.database import Database, Mark
from handbill.kernel.clock import Clock, Instant
from handbill.kernel.languages import LanguageCode
from handbill.kernel.money import Money
from handbill.links import offer as offers
from handbill.links.offer import Offer, Version
from handbill.web.pages.languages import Languages
from handbill.web.pages.render import Cut
from handbill.web.pages.tickets import Tickets

KEPT_MAX = 512


class Page(msgspec.Struct, frozen=True):
    """A finished page. `total` is what it says the payer pays, where it says so."""

    link_id: str
    cut: Cut
    headers: dict[str, str]
    total: Money | None
    lang: str


class _Copy(msgspec.Struct, frozen=True):
    """A page in one language, with its headers as they are sent."""

    page: Page
    headers: list[tuple[bytes, bytes]]


class _Kept(msgspec.Struct):
    """What is kept of one address. `own`: the language that the link was given."""

    link_id: str
    version: Version
    expires_at: Instant | None
    own: LanguageCode | None
    seen: Mark
    """When it was last looked up."""
    copies: dict[str, _Copy]


class KeptPages:
    """Only for payers without a cookie: what others see depends on what they began. Only for
    addresses that say nothing but a language: what else they say may change the page."""

    def __init__(self, db: Database, clock: Clock, tickets: Tickets, languages: Languages) -> None:
        self._db = db
        self._clock = clock
        self._tickets = tickets
        self._languages = languages
        self._kept: OrderedDict[str, _Kept] = OrderedDict()
        self._count = 0

    def keep(self, scope: Scope, offer: Offer, page: Page, seen: Mark) -> None:
        """`seen` was taken before the offer was read."""
        path = scope["path"]
        if not path.islower():
            return  # another spelling of an address; there are thousands of each
        if self._languages.plain_wish(scope["query_string"], b"") is None:
            return
        link = offer.link
        version = Version(link.id, link.version, offer.merchant.updated_at)
        kept = self._kept.get(path)
        if kept is None or kept.version != version:
            self._drop(path)
            own = self._languages.spoken(link.lang)
            kept = self._kept[path] = _Kept(link.id, version, link.expires_at, own, seen, {})
        kept.seen = seen
        headers = [(name.encode(), value.encode("latin-1")) for name, value in page.headers.items()]
        headers.append((b"content-type", b"text/html; charset=utf-8"))
        self._count += page.lang not in kept.copies
        kept.copies[page.lang] = _Copy(page, headers)
        while self._count > KEPT_MAX:
            self._drop(next(iter(self._kept)))

    async def look(self, scope: Scope) -> Page | None:
        """The page, if it is still as it was kept."""
        found = self._find(scope)
        if found is None:
            return None
        kept, copy = found
        if not self._is_fresh(kept):
            seen, link_id = self._db.mark(), kept.link_id
            version, end = await self._db.point(lambda tx: offers.glance(tx, link_id))
            if end is not None or version != kept.version:
                return None
            kept.seen = seen
        return copy.page

    def door(self, otherwise: ASGIApp) -> ASGIApp:
        """Answers at once what can be answered from memory, and passes on the rest."""
        return _Door(self, otherwise)

    def ready(self, scope: Scope) -> tuple[list[tuple[bytes, bytes]], bytes] | None:
        """Headers and body of a page, without looking anything up."""
        found = self._find(scope)
        if found is None or not self._is_fresh(found[0]) or _header(scope, b"cookie"):
            return None
        page = found[1].page
        body = page.cut.with_token(self._tickets.issue(page.link_id, page.total))
        return [*found[1].headers, (b"content-length", b"%d" % len(body))], body

    def _find(self, scope: Scope) -> tuple[_Kept, _Copy] | None:
        """The copy for this request, fresh or not."""
        kept = self._kept.get(scope["path"])
        if kept is None:
            return None
        accept = _header(scope, b"accept-language")
        wish = self._languages.plain_wish(scope["query_string"], accept)
        copy = kept.copies.get(wish.beside(kept.own)) if wish is not None else None
        return None if copy is None else (kept, copy)

    def _drop(self, path: str) -> None:
        gone = self._kept.pop(path, None)
        self._count -= len(gone.copies) if gone is not None else 0

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


def _header(scope: Scope, wanted: bytes) -> bytes:
    """The first of this name, or nothing."""
    for name, value in scope["headers"]:
        if name == wanted:
            found: bytes = value
            return found
    return b""
