"""The words of the pages are sound in every language, and operators know who has read them."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from babel.messages import Catalog, Message

from bin import words
from handbill.kernel.languages import NAMES, REVIEWED
from handbill.web.pages.catalogues import file_of
from tests.architecture.tree import ROOT

PLACEHOLDER = re.compile(r"%\((\w+)\)[sd]")
ROW = re.compile(r"^\| `([\w-]+)` \| ([^,|]+)[^|]*\| (yes|no) \|$", re.MULTILINE)

each_language = pytest.mark.parametrize("code", words.TRANSLATED)


def translated(code: str) -> Iterator[tuple[Message, str, str]]:
    """Each translation of a catalogue, with the English text that it stands for."""
    for message in words.read(code):
        if not message.id:
            continue
        english = words.in_forms(message.id)
        for place, text in enumerate(words.in_forms(message.string)):
            if text:
                yield message, english[min(place, len(english) - 1)], text


@pytest.fixture(scope="module")
def source() -> Catalog:
    return words.extract()


@each_language
def test_every_catalogue_has_the_messages_of_the_source_and_no_other(
    source: Catalog, code: str
) -> None:
    assert file_of(code).read_text() == words.updated(source, code), "run bin/words"


@each_language
def test_no_message_is_missing(source: Catalog, code: str) -> None:
    assert [message.id for message in words.missing(code, source)] == []


@each_language
def test_no_translation_is_a_guess(code: str) -> None:
    catalogue = words.read(code)
    assert [message.id for message in catalogue if message.fuzzy and message.id] == []
    assert list(catalogue.obsolete) == []


@each_language
def test_every_translation_has_the_placeholders_of_its_message(code: str) -> None:
    for _, english, text in translated(code):
        assert sorted(PLACEHOLDER.findall(text)) == sorted(PLACEHOLDER.findall(english)), text
        rest = [PLACEHOLDER.sub("", one).replace("%%", "") for one in (english, text)]
        assert ("%" in rest[1]) == ("%" in rest[0]), text
        assert "<" not in text, text


@each_language
def test_every_plural_has_the_forms_of_the_language(code: str) -> None:
    catalogue = words.read(code)
    for message, _, _ in translated(code):
        if not isinstance(message.id, str):
            forms = words.in_forms(message.string)
            assert len(forms) == catalogue.num_plurals, message.id
            assert all(forms), message.id


@each_language
def test_no_translation_is_much_longer_than_its_message(code: str) -> None:
    """Buttons have a line, and pages a budget of bytes."""
    long = [text for _, english, text in translated(code) if len(text) > 2 * len(english) + 12]
    assert long == []


@each_language
def test_no_translation_has_stray_space_or_loses_its_end(code: str) -> None:
    for _, english, text in translated(code):
        assert text == text.strip(), repr(text)
        assert "  " not in text, repr(text)
        assert english.endswith(".") == text.endswith((".", "。")), repr(text)


def test_operators_are_told_which_languages_a_speaker_has_reviewed() -> None:
    page = (ROOT / "docs" / "reference" / "languages.md").read_text()
    told = [(code, name.strip(), answer) for code, name, answer in ROW.findall(page)]
    assert told == [(c, name, "yes" if c in REVIEWED else "no") for c, name in NAMES.items()]
