"""The language of a page: what its address says, then the link, then the browser, then English."""

from __future__ import annotations

import pytest
from starlette.requests import Request

from handbill.web.pages.languages import WISH_BYTES_MAX, WISHES_MAX, Languages, Wish


def request(query: str = "", accept: str = "") -> Request:
    headers = [(b"accept-language", accept.encode())] if accept else []
    return Request({"type": "http", "query_string": query.encode(), "headers": headers})


@pytest.mark.parametrize(
    ("query", "own", "accept", "code"),
    [
        ("lang=ja", "de", "ru", "ja"),
        ("a=1&lang=zh-CN", "de", "ru", "zh-Hans"),
        ("lang=sv", "de", "ru", "de"),
        ("lang=", None, "ru", "ru"),
        ("", "de", "ru", "de"),
        ("", "sv", "ru", "ru"),
        ("", None, "sv", "en"),
        ("", None, "", "en"),
    ],
)
def test_the_first_who_says_something_that_is_there_decides(
    query: str, own: str | None, accept: str, code: str
) -> None:
    assert Languages().of(request(query, accept), own).code == code


def test_what_is_not_offered_is_not_spoken_and_english_always_is() -> None:
    few = Languages(["de"])

    assert list(few.offered) == ["en", "de"]
    assert few.of(request("lang=ru", "ja, de;q=0.1"), "kk").code == "de"
    assert few.of(request("lang=ru", "ja"), "kk").code == "en"


def test_addresses_carry_a_language_that_the_browser_would_not_get_by_itself() -> None:
    languages = Languages()

    assert languages.of(request("", "ru")).onward("/x") == "/x"
    assert languages.of(request("lang=ru", "ru")).onward("/x") == "/x"
    assert languages.of(request("lang=ru", "de")).onward("/x") == "/x?lang=ru"
    assert languages.of(request("", "de"), "ru").onward("/x?y=1") == "/x?y=1&lang=ru"


def test_only_an_address_that_says_nothing_but_a_language_is_plain() -> None:
    languages = Languages()

    assert languages.plain_wish(b"", b"ru") == Wish(None, "ru")
    assert languages.plain_wish(b"lang=pt", b"ru") == Wish("pt-BR", "ru")
    for query in (b"lang=sv", b"lang=", b"lang=ru&x=1", b"x=1&lang=ru", b"ru", b"amount=5"):
        assert languages.plain_wish(query, b"ru") is None


@pytest.mark.parametrize(
    ("query", "rest"),
    [
        ("", ""),
        ("lang=de", ""),
        ("amount=5&lang=de&sig=x", "amount=5&sig=x&"),
        ("a=%22&b", "a=%22&b&"),
        ("a=" + "x" * 1_000, ""),
        ("a=\u00e9", ""),
    ],
)
def test_what_else_an_address_says_is_kept_for_other_languages(query: str, rest: str) -> None:
    languages = Languages()
    assert languages.of(request(query)).rest == rest
    assert languages.of(request()).rest == ""


def test_what_strangers_send_is_remembered_within_bounds() -> None:
    languages = Languages()
    for number in range(2 * WISHES_MAX):
        languages.plain_wish(b"", b"ru;q=0.5, x%d" % number)
    languages.plain_wish(b"", b"ru, " * WISH_BYTES_MAX)

    remembered = languages._wishes
    assert 0 < len(remembered) <= WISHES_MAX
    assert max(len(query) + len(accept) for query, accept in remembered) <= WISH_BYTES_MAX
