"""Finished pay pages by their address and language: what changes from one copy to the next is only
the token.

A page is looked up again before it is served, unless nothing was committed since it was: then it
comes from memory alone. Pay judges everything anew, so an old page can mislead nobody into paying.
"""

from __future__ import annotations

from collections import OrderedDict

import msgspec
from starlette.requests import Request
from starlette.types import Scope

from handbill.infra.database import Database, Mark
from handbill.kernel.clock import Clock, Instant
from handbill.kernel.languages import LanguageCode
from handbill.kernel.money import Money
from handbill.links import offer as offers
from handbill.links.offer import Offer, Version
from handbill.web.entrance import Ready
from handbill.web.pages.languages import Languages
from handbill.web.pages.render import Cut
from handbill.web.pages.tickets import Tickets

KEPT_MAX = 512


class Page(msgspec.Struct, frozen=True):
    """A finished page. `total` is what it says the payer pays, where it says so; `consent` is the
    mark of what they agree to; `code` that by which they came."""

    link_id: str
    code: str
    cut: Cut
    headers: dict[str, str]
    total: Money | None
    lang: str
    consent: str = ""


class _Copy(msgspec.Struct, frozen=True):
    """A page in one language, with its headers as they are sent."""

    page: Page
    headers: list[tuple[bytes, bytes]]


class _Kept(msgspec.Struct):
    """What is kept of one address. `own`: the language that the link was given. `route` is the
    template of the address; `code` is in it, where the page is at a code."""

    route: str
    link_id: str
    code: str | None
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

    def keep(self, scope: Scope, route: str, offer: Offer, page: Page, seen: Mark) -> None:
        """`seen` was taken before the offer was read."""
        path, link = scope["path"], offer.link
        code = offer.scanned.code if offer.scanned is not None else None
        if not path.islower() or (code is not None and not path.endswith(code.lower())):
            return  # another spelling of an address; there are thousands of each
        if self._languages.plain_wish(scope["query_string"], b"") is None:
            return
        version = offers.version_of(offer)
        kept = self._kept.get(path)
        if kept is None or kept.version != version:
            self._drop(path)
            own = self._languages.spoken(link.lang)
            kept = _Kept(route, link.id, code, version, link.expires_at, own, seen, {})
            self._kept[path] = kept
        kept.seen = seen
        headers = [(name.encode(), value.encode("latin-1")) for name, value in page.headers.items()]
        headers.append((b"content-type", b"text/html; charset=utf-8"))
        self._count += page.lang not in kept.copies
        kept.copies[page.lang] = _Copy(page, headers)
        while self._count > KEPT_MAX:
            self._drop(next(iter(self._kept)))

    async def look(self, request: Request) -> Page | None:
        """The page, if it is still as it was kept."""
        scope = request.scope
        kept = self._kept.get(scope["path"])
        if kept is None:
            return None
        accept = request.headers.get("accept-language", "").encode("latin-1")
        copy = self._copy(kept, scope["query_string"], accept)
        if copy is None:
            return None
        if not self._is_fresh(kept):
            seen, link_id, code = self._db.mark(), kept.link_id, kept.code
            version, end = await self._db.point(lambda tx: offers.glance(tx, link_id, code))
            if end is not None or version != kept.version:
                return None
            kept.seen = seen
        return copy.page

    def ready(self, scope: Scope) -> Ready | None:
        """A copy with a token of its own, without looking anything up and before any router: on a
        busy day nearly every page is answered here, so it counts microseconds."""
        kept = self._kept.get(scope["path"])
        if kept is None or scope["method"] != "GET" or not self._is_fresh(kept):
            return None
        accept = b""
        for name, value in scope["headers"]:
            if name == b"cookie":
                return None
            if name == b"accept-language":
                accept = accept or value
        copy = self._copy(kept, scope["query_string"], accept)
        if copy is None:
            return None
        page = copy.page
        body = self.copy_of(page)
        return Ready(kept.route, [*copy.headers, (b"content-length", b"%d" % len(body))], body)

    def copy_of(self, page: Page) -> bytes:
        """With a token of its own."""
        token = self._tickets.issue(page.link_id, page.total, page.consent, page.code)
        return page.cut.with_token(token)

    def _copy(self, kept: _Kept, query: bytes, accept: bytes) -> _Copy | None:
        """In the language of this request, fresh or not."""
        wish = self._languages.plain_wish(query, accept)
        return kept.copies.get(wish.beside(kept.own)) if wish is not None else None

    def _drop(self, path: str) -> None:
        gone = self._kept.pop(path, None)
        self._count -= len(gone.copies) if gone is not None else 0

    def _is_fresh(self, kept: _Kept) -> bool:
        if kept.expires_at is not None and kept.expires_at <= self._clock.now():
            return False
        return self._db.is_unchanged(kept.seen)
