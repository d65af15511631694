"""Which of our languages a person asks for, by a tag or by the wishes of a browser."""

from __future__ import annotations

import pytest

from handbill.kernel.languages import ACCEPT_LENGTH_MAX, NAMES, known, preferred


@pytest.mark.parametrize(
    ("tag", "code"),
    [
        *((code, code) for code in NAMES),
        ("RU-ru", "ru"),
        ("de-AT-1996", "de"),
        ("pt", "pt-BR"),
        ("pt-PT", "pt-BR"),
        ("zh", "zh-Hans"),
        ("zh-CN", "zh-Hans"),
        ("zh-hans-sg", "zh-Hans"),
        ("kk-Cyrl-KZ", "kk"),
    ],
)
def test_a_tag_means_a_language_of_ours(tag: str, code: str) -> None:
    assert known(tag) == code


@pytest.mark.parametrize(
    "tag", ["", "sv", "rue", "x", "*", "-", "zh-TW", "zh-Hant-HK", "en " * 2, "a" + "-b" * 9_000]
)
def test_a_tag_of_another_language_means_none(tag: str) -> None:
    assert known(tag) is None


@pytest.mark.parametrize(
    ("accept", "code"),
    [
        ("ru-RU,ru;q=0.9,en-US;q=0.8,en;q=0.7", "ru"),
        ("de;q=0.1, fr;q=0.5, *;q=0.9", "fr"),
        ("sv, fi;q=0.9, ja;q=0.1", "ja"),
        ("kk ; q=0.5 , uk;Q=0.6", "uk"),
        ("es,tr", "es"),
        ("en;q=0, ru;q=0.001", "ru"),
        ("zh-TW,zh;q=0.9,en;q=0.8", "zh-Hans"),
    ],
)
def test_a_browser_gets_what_it_likes_best_of_what_there_is(accept: str, code: str) -> None:
    assert preferred(accept, NAMES) == code


@pytest.mark.parametrize(
    "accept",
    [
        "",
        ",,;=,",
        "*",
        "sv",
        "ru;q=0",
        "ru;q=much",
        "ru;q=0.5;level=1",
        "日本語",
        "ru," * (ACCEPT_LENGTH_MAX // 3 + 1),
        "sv," * 40 + "ru",
    ],
)
def test_what_says_nothing_that_can_be_used_is_passed_over(accept: str) -> None:
    assert preferred(accept, NAMES) is None


def test_only_what_is_offered_is_chosen() -> None:
    assert preferred("ru, de;q=0.5", {"en", "de"}) == "de"
