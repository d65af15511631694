"""Turns views into HTML. Autoescape is on for every template and a missing value is an error.

The page of a link is the same for everybody but for its one-shot token. It is rendered once and
cut around the places of the token, so that serving it again is joining a few byte strings.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec
from jinja2 import Environment, FileSystemLoader, StrictUndefined, pass_context
from jinja2.runtime import Context
from markupsafe import Markup

from handbill.kernel.languages import NAMES, LanguageCode
from handbill.web.pages.assets import Assets
from handbill.web.pages.end_words import ENDS
from handbill.web.pages.language import Language, countdown, english
from handbill.web.pages.views import (
    ChallengePage,
    EndPage,
    HomePage,
    InboxPage,
    PayPage,
    StatusPage,
)
from handbill.web.pages.words import BUTTONS, STATUSES

TEMPLATES = Path(__file__).parent.parent / "templates"


class Cut(msgspec.Struct, frozen=True):
    """A page around the places of its one-shot token: at least one."""

    pieces: tuple[bytes, ...]

    def with_token(self, token: str) -> bytes:
        """`token` must be safe in an attribute: letters, digits, `-`, `_`, `.`, `~`."""
        return token.encode("ascii").join(self.pieces)


class Renderer:
    """One for the process. Templates are compiled when they are first used, then kept."""

    def __init__(self, assets: Assets, offered: Mapping[LanguageCode, str] = NAMES) -> None:
        """`offered`: the languages that a payer may choose, by their own names."""
        # Random, so that no merchant's text can hold it.
        self._token_place = f"attempt-{secrets.token_hex(16)}"
        self._environment = Environment(
            loader=FileSystemLoader(TEMPLATES),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
            extensions=["jinja2.ext.i18n"],
        )
        self._environment.globals.update(
            gettext=_gettext,
            ngettext=_ngettext,
            asset=assets.url,
            buttons=BUTTONS,
            statuses=STATUSES,
            countdown=countdown,
            languages=offered,
            token_place=self._token_place,
        )
        # The i18n extension adds this attribute at run time; the stubs do not know it.
        self._environment.newstyle_gettext = True  # type: ignore[attr-defined]

    def pay(self, view: PayPage, language: Language | None = None) -> Cut:
        """The page of a link or a product, without its token."""
        html = self._html("pay.html", view, language)
        pieces = html.encode().split(self._token_place.encode())
        if len(pieces) == 1:
            raise RuntimeError("the pay page must hold its token")
        return Cut(tuple(pieces))

    def status(self, view: StatusPage, language: Language | None = None) -> bytes:
        return self._html("status.html", view, language).encode()

    def end(self, view: EndPage, language: Language | None = None) -> bytes:
        return self._html("end.html", view, language).encode()

    def challenge(self, view: ChallengePage, language: Language | None = None) -> bytes:
        return self._html("challenge.html", view, language).encode()

    def inbox(self, view: InboxPage, language: Language | None = None) -> bytes:
        return self._html("inbox.html", view, language).encode()

    def home(self, view: HomePage, language: Language | None = None) -> bytes:
        return self._html("home.html", view, language).encode()

    def render(self, template: str, view: msgspec.Struct, language: Language) -> bytes:
        """Any other page, by the name of its template."""
        return self._html(template, view, language).encode()

    def snippet(self, name: str, view: msgspec.Struct, language: Language) -> str:
        """HTML for somebody else's letter or site: `email`, `button`."""
        return self._html(f"snippets/{name}.html", view, language)

    def _html(self, template: str, view: msgspec.Struct, language: Language | None) -> str:
        return self._environment.get_template(template).render(
            view=view, language=language or english()
        )


def end_page(state: str, language: Language | None = None, **known: Any) -> EndPage:
    """The view of an end state. `known` is what else is known of it: `seller`, `what`,
    `button_url`, `words` (a merchant's own closing words), `next_step`, `test`...

    Raises KeyError for a state that has no words.
    """
    found, words = ENDS[state], (language or english()).gettext
    button = words(found.button) if found.button and known.get("button_url") else ""
    view: dict[str, Any] = {
        "words": words(found.words),
        "money": words(found.money) if found.money else "",
        "next_step": words(found.next_step) if found.next_step else "",
        "button": button,
    }
    return EndPage(
        state=state,
        http_status=found.http_status,
        title=words(found.title),
        **(view | known),
    )


def taken_page(free_in_seconds: int, language: Language | None = None, **known: Any) -> EndPage:
    """Somebody is paying: says when the place is free again, and looks again by itself."""
    words = language or english()
    known["next_step"] = words.gettext(
        "If they do not finish, it is your turn in %(time)s. This page looks again by itself."
    ) % {"time": countdown(free_in_seconds)}
    # Often enough to be right, seldom enough to be read.
    known["refresh_seconds"] = max(1, min(free_in_seconds, 15))
    return end_page("taken", language, **known)


def again_in(seconds: int, language: Language) -> str:
    """For a browser or a payer who can do nothing but wait."""
    minutes = -(-seconds // 60)
    words = language.ngettext(
        "Try again in %(num)d minute, or from another network.",
        "Try again in %(num)d minutes, or from another network.",
        minutes,
    )
    return words % {"num": minutes}


def blocked_page(seconds: int, language: Language | None = None) -> EndPage:
    """Too many refusals: says how long nothing begins."""
    return end_page("blocked", language, next_step=again_in(seconds, language or english()))


@pass_context
def _gettext(context: Context, message: str, **values: object) -> str:
    return _filled(context, context["language"].gettext(message), values)


@pass_context
def _ngettext(context: Context, singular: str, plural: str, number: int, **values: object) -> str:
    text = context["language"].ngettext(singular, plural, number)
    return _filled(context, text, {"num": number, **values})


def _filled(context: Context, text: str, values: Mapping[str, object]) -> str:
    """Values are escaped on their way in; the catalogue's own words are trusted."""
    marked = Markup(text) if context.eval_ctx.autoescape else text
    # Always through `%`: the compiler has doubled every `%` of a constant message.
    return marked % values
