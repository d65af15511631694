"""Reads the catalogues of the translators: `web/locales/CODE/LC_MESSAGES/handbill.po`.

Only the form in which `bin/words` writes them, which is a small part of what gettext allows: a
reader of all of it takes ten times as long, while no page is answered.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator
from gettext import NullTranslations, c2py
from pathlib import Path

LOCALES = Path(__file__).parent.parent / "locales"

_FIELD = re.compile(r'(msgid|msgid_plural|msgstr)(?:\[([0-9])\])? ?(".*")')
_PLURAL = re.compile(r"^Plural-Forms: nplurals=[0-9]; plural=(.+);$", re.MULTILINE)
_ESCAPE = re.compile(r"\\(.)")
_ESCAPED = {"n": "\n", "t": "\t", "r": "\r"}

Texts = dict[str, str]
"""The fields of one message: `msgid`, `msgid_plural`, `msgstr`, `msgstr0`, `msgstr1`..."""


class Catalogue(NullTranslations):
    """Translated messages. What has no translation stays English."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self._plain: dict[str, str] = {}
        self._forms: dict[str, list[str]] = {}
        self._form_of: Callable[[int], int] = int
        for texts in _messages(text):
            self._add(texts)

    def gettext(self, message: str) -> str:
        return self._plain.get(message, message)

    def ngettext(self, singular: str, plural: str, number: int) -> str:
        forms = self._forms.get(singular)
        if forms is None:
            return super().ngettext(singular, plural, number)
        return forms[self._form_of(number)]

    def _add(self, texts: Texts) -> None:
        message = sys.intern(texts["msgid"])  # the same in every language
        if not message:
            if rule := _PLURAL.search(texts["msgstr"]):
                self._form_of = c2py(rule[1])
        elif "msgid_plural" in texts:
            forms = [text for name, text in texts.items() if name.startswith("msgstr")]
            if all(forms):
                self._forms[message] = forms
        elif texts["msgstr"]:
            self._plain[message] = texts["msgstr"]


def file_of(code: str) -> Path:
    return LOCALES / code.replace("-", "_") / "LC_MESSAGES" / "handbill.po"


def read(code: str) -> NullTranslations:
    """English stands in the source and has no file."""
    path = file_of(code)
    return Catalogue(path.read_text(encoding="utf-8")) if path.exists() else NullTranslations()


def _messages(text: str) -> Iterator[Texts]:
    for block in text.split("\n\n"):
        texts: Texts = {}
        name = ""
        for line in block.splitlines():
            if field := _FIELD.fullmatch(line):
                name = field[1] + (field[2] or "")
                texts[name] = _unquoted(field[3])
            elif line.startswith('"'):
                texts[name] += _unquoted(line)
        if texts:
            yield texts


def _unquoted(line: str) -> str:
    text = line[1:-1]
    return _ESCAPE.sub(lambda m: _ESCAPED.get(m[1], m[1]), text) if "\\" in text else text
