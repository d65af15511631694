"""Makes what a merchant pastes into letters and sites: see `web/snippets.py`."""

from __future__ import annotations

import re

import msgspec

from handbill.kernel.addresses import Addresses
from handbill.kernel.languages import DEFAULT, LanguageCode
from handbill.links.offer import Offer
from handbill.web.pages.accents import accent
from handbill.web.pages.language import Language, MoneyText, in_language, speak
from handbill.web.pages.render import Renderer
from handbill.web.pages.sharing import heading_of, total_of, what_to_do
from handbill.web.snippets import Snippets

OWN_COLOR = "#0b5b48"
"""`--accent` of page.css, where the merchant has no colour."""
GROUND = "#ffffff"
CODE_PIXELS = 160
CODE_PIXELS_DRAWN = 2 * CODE_PIXELS
"""So that it is sharp on a screen with two pixels for one."""

# What Markdown reads (CommonMark 0.31, 2.4: any of these may stand behind a backslash).
_MARKS = re.compile(r"([!-/:-@\[-`{-~])")


class Snippet(msgspec.Struct, frozen=True):
    """What the templates are given."""

    url: str
    code_url: str
    title: str
    seller: str
    action: str
    amount: MoneyText | None
    color: str
    ink: str
    code_pixels: int = CODE_PIXELS
    test: bool = False


class SnippetMaker:
    def __init__(self, addresses: Addresses, renderer: Renderer) -> None:
        self._addresses = addresses
        self._renderer = renderer

    def make(self, offer: Offer, lang: LanguageCode | None) -> Snippets:
        """A language that is asked for stands in the addresses too."""
        language = speak(lang or offer.link.lang or DEFAULT)
        view = self._view(offer, language, lang)
        return Snippets(
            lang=language.code,
            email=self._renderer.snippet("email", view, language),
            button=self._renderer.snippet("button", view, language),
            markdown=_markdown(view),
            text=_text(view, language),
        )

    def _view(self, offer: Offer, language: Language, lang: LanguageCode | None) -> Snippet:
        url = self._addresses.link_page(offer.link.id)
        total = total_of(offer)
        tokens = accent(offer.merchant.color or OWN_COLOR, GROUND)
        return Snippet(
            url=in_language(url, lang) if lang is not None else url,
            code_url=f"{self._addresses.link_qr(offer.link.id)}?size={CODE_PIXELS_DRAWN}",
            title=_line(heading_of(offer, language)),
            seller=_line(offer.merchant.name),
            action=what_to_do(offer, language),
            amount=language.money(total) if total is not None else None,
            color=tokens.accent,
            ink=tokens.on_accent,
            test=offer.link.test,
        )


def _markdown(view: Snippet) -> str:
    words = f"{view.action} · {view.title} · {view.seller}"
    escaped = _MARKS.sub(r"\\\1", words)
    return f"[{escaped}]({view.url})"


def _text(view: Snippet, language: Language) -> str:
    lines = [view.title, view.seller, view.action, view.url]
    if view.test:
        lines.insert(0, language.gettext("Test: no money moves"))
    return "\n".join(lines) + "\n"


def _line(text: str) -> str:
    """A title may have been typed with line breaks."""
    return " ".join(text.split())
