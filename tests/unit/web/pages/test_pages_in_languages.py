"""Every page in every language: small in bytes, and in the script of its readers."""

from __future__ import annotations

import re
from html import unescape

import pytest

from handbill.kernel.languages import NAMES, LanguageCode
from handbill.web.pages.assets import Assets
from handbill.web.pages.end_words import ENDS
from handbill.web.pages.language import speak
from handbill.web.pages.render import Renderer, end_page
from tests.browser.samples import gallery

HTML_BYTES_MAX = 15 * 1024
SCRIPTS = {
    "ru": "[\u0400-\u04ff]",
    "kk": "[\u0400-\u04ff]",
    "uk": "[\u0400-\u04ff]",
    "ar": "[\u0600-\u06ff]",
    "zh-Hans": "[\u4e00-\u9fff]",
    "ja": "[\u3040-\u30ff\u4e00-\u9fff]",
}


@pytest.fixture(scope="module")
def renderer() -> Renderer:
    return Renderer(Assets())


@pytest.mark.parametrize("code", NAMES)
def test_every_page_stays_small(renderer: Renderer, code: LanguageCode) -> None:
    sizes = {name: len(render(renderer, speak(code))) for name, render in gallery().items()}
    assert [name for name, size in sizes.items() if size > HTML_BYTES_MAX] == []


@pytest.mark.parametrize("code", SCRIPTS)
def test_an_end_speaks_the_script_of_its_language(renderer: Renderer, code: LanguageCode) -> None:
    language = speak(code)
    for state in ENDS:
        html = renderer.end(end_page(state, language), language).decode()
        main = unescape(re.sub("<[^>]*>", " ", html.partition("<main>")[2].partition("</main>")[0]))
        assert re.search(SCRIPTS[code], main), state
        assert re.findall("[A-Za-z]{2,}", main) == [], state
