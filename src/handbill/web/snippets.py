"""What a merchant pastes to share a link: the same link as a letter, a button, a line of text."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

import msgspec
from msgspec import Meta

from handbill.kernel.languages import LanguageCode
from handbill.links.offer import Offer


class Snippets(msgspec.Struct, frozen=True):
    """A link, ready to be pasted. No script anywhere; all text is escaped."""

    lang: Annotated[str, Meta(description="The language of the words.")]
    email: Annotated[
        str, Meta(description="HTML for a letter: a table with inline styles, button and QR code.")
    ]
    button: Annotated[str, Meta(description="HTML for your site: an `<a>` that looks like one.")]
    markdown: str
    text: str


MakeSnippets = Callable[[Offer, LanguageCode | None], Snippets]
"""In that language, else in the link's own, else in English."""
