"""Which language a page speaks: the one that its address names, else the one that the link or the
payment was given, else the one that the browser likes best, else English.

Nothing is remembered in a cookie: an address with `?lang=` keeps its language by itself.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import NamedTuple

from starlette.requests import Request

from handbill.kernel import languages
from handbill.kernel.languages import DEFAULT, LanguageCode
from handbill.web.pages.language import Language, speak

WISHES_MAX = 1_000
WISH_BYTES_MAX = 300
"""Of what is remembered. Browsers send a few dozen bytes, and few different ones."""

REST_BYTES_MAX = 1_000
"""A personal address needs a few hundred; it stands on the page once for each language."""

_LANG = b"lang="
_REST = re.compile(rb"[!-~]+")


class Wish(NamedTuple):
    """What a request says before anything is known of the link."""

    asked: LanguageCode | None
    """In the address."""
    accepted: LanguageCode
    """By the browser, or else English."""

    def beside(self, own: LanguageCode | None) -> LanguageCode:
        """`own`: that of the link or the payment, if it has one that is offered."""
        return self.asked or own or self.accepted


class Languages:
    """`offered`: those that the operator wants spoken. English is always among them."""

    def __init__(self, offered: Collection[LanguageCode] = tuple(languages.NAMES)) -> None:
        self.offered = {
            code: name
            for code, name in languages.NAMES.items()
            if code in offered or code == DEFAULT
        }
        self._wishes: dict[tuple[bytes, bytes], Wish] = {}

    def of(self, request: Request, own: str | None = None) -> Language:
        """`own`: the setting of the link, or the language of the payment."""
        accepted = self._accepted(request.headers.get("accept-language", ""))
        code = Wish(self.asked(request), accepted).beside(self.spoken(own))
        language = speak(code) if code == accepted else speak(code).chosen
        rest = _rest(request.scope["query_string"])
        return language.beside(rest) if rest else language

    def asked(self, request: Request) -> LanguageCode | None:
        """What the address names. One that is not offered counts as not named."""
        return self.spoken(request.query_params.get("lang"))

    def spoken(self, tag: str | None) -> LanguageCode | None:
        """The language that a tag means, if it is offered."""
        code = languages.known(tag) if tag else None
        return code if code in self.offered else None

    def plain_wish(self, query: bytes, accept: bytes) -> Wish | None:
        """The same without taking the request apart; None where the address says more than a
        language. Every page that is kept passes here, so what was once read is remembered."""
        known = self._wishes.get((query, accept))
        if known is not None:
            return known
        wish = self._plain_wish(query, accept)
        if wish is not None and len(query) + len(accept) <= WISH_BYTES_MAX:
            if len(self._wishes) >= WISHES_MAX:
                self._wishes.clear()
            self._wishes[query, accept] = wish
        return wish

    def _plain_wish(self, query: bytes, accept: bytes) -> Wish | None:
        asked = None
        if query:
            asked = self.spoken(query.removeprefix(_LANG).decode("latin-1"))
            if asked is None or not query.startswith(_LANG):
                return None
        return Wish(asked, self._accepted(accept.decode("latin-1")))

    def _accepted(self, header: str) -> LanguageCode:
        return languages.preferred(header, self.offered) or DEFAULT


def _rest(query: bytes) -> str:
    """All but the language, as it came."""
    parts = [part for part in query.split(b"&") if part and not part.startswith(_LANG)]
    rest = b"&".join(parts) + b"&"
    fits = len(rest) <= REST_BYTES_MAX and _REST.fullmatch(rest)
    return rest.decode() if parts and fits else ""
