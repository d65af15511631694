"""The languages that payers' pages speak, and which of them a person asks for. Pure.

English is the language of the source and the one that is left when nobody asks for another.
"""

from __future__ import annotations

import re
from collections.abc import Container, Mapping
from typing import Literal

LanguageCode = Literal[
    "en", "ru", "de", "fr", "es", "pt-BR", "tr", "kk", "uk", "ar", "zh-Hans", "ja"
]
"""BCP 47, as `lang` attributes have them."""

DEFAULT: LanguageCode = "en"

NAMES: Mapping[LanguageCode, str] = {
    "en": "English",
    "ru": "Русский",
    "de": "Deutsch",
    "fr": "Français",
    "es": "Español",
    "pt-BR": "Português",
    "tr": "Türkçe",
    "kk": "Қазақша",
    "uk": "Українська",
    "ar": "العربية",
    "zh-Hans": "简体中文",
    "ja": "日本語",
}
"""Each in its own words, for somebody who reads no other."""

REVIEWED: frozenset[LanguageCode] = frozenset({"en"})
"""Those that a native speaker has read on the pages. Operators are told which are not."""

TAG_LENGTH_MAX = 35
ACCEPT_LENGTH_MAX = 1_000
RANGES_MAX = 32

# What a tag becomes that names no language of ours as it stands. Traditional Chinese does not
# become simplified: whoever asks for it names what else they read.
_SIBLINGS: Mapping[str, LanguageCode] = {
    "pt": "pt-BR",
    "zh": "zh-Hans",
    "zh-cn": "zh-Hans",
    "zh-sg": "zh-Hans",
    "zh-my": "zh-Hans",
}
_OURS: Mapping[str, LanguageCode] = {code.lower(): code for code in NAMES} | dict(_SIBLINGS)
_NEVER_SHORTENED = "zh"

_RANGE = re.compile(
    r"\s*([A-Za-z]{1,8}(?:-[A-Za-z0-9]{1,8}){0,8})\s*(?:;\s*[qQ]\s*=\s*([01](?:\.[0-9]{0,3})?)\s*)?"
)


def known(tag: str) -> LanguageCode | None:
    """The language of ours that a tag such as `pt`, `RU-ru` or `zh-CN` means, if one does."""
    wanted = tag.lower() if len(tag) <= TAG_LENGTH_MAX else ""
    while wanted:
        if wanted in _OURS and (wanted == tag.lower() or wanted != _NEVER_SHORTENED):
            return _OURS[wanted]
        wanted = wanted.rpartition("-")[0]
    return None


def preferred(accept: str, offered: Container[str]) -> LanguageCode | None:
    """What a browser's Accept-Language likes best of what is offered; the first of equals. Never
    raises: what cannot be read is passed over."""
    if len(accept) > ACCEPT_LENGTH_MAX:
        return None
    best: LanguageCode | None = None
    best_thousandths = 0
    for text in accept.split(",", RANGES_MAX)[:RANGES_MAX]:
        found = _RANGE.fullmatch(text)
        code = known(found[1]) if found else None
        if found is None or code is None or code not in offered:
            continue
        whole, _, part = (found[2] or "1").partition(".")
        thousandths = min(int(whole) * 1_000 + int(part.ljust(3, "0")), 1_000)
        if thousandths > best_thousandths:
            best, best_thousandths = code, thousandths
    return best
