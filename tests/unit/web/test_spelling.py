"""A name that is nearly right is recognised; one that is not, is left alone."""

from __future__ import annotations

import pytest

from handbill.web.spelling import distance, meant

NAMES = ["amount", "expires_at", "max_payments", "title", "min", "notify_url"]


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("expire_at", "expires_at"),
        ("expiresAt", "expires_at"),
        ("maxPayments", "max_payments"),
        ("notifyUrl", "notify_url"),
        ("aomunt", "amount"),
        ("Title", "title"),
        ("mn", "min"),
    ],
)
def test_a_typo_finds_its_name(typed: str, name: str) -> None:
    assert meant(typed, NAMES) == name


@pytest.mark.parametrize("typed", ["colour", "x", "", "amounts_of_all", "tag"])
def test_another_word_finds_none(typed: str) -> None:
    assert meant(typed, NAMES) is None


def test_the_nearest_of_several_wins() -> None:
    assert meant("titl", ["tile", "title"]) == "title"


@pytest.mark.parametrize(
    ("left", "right", "edits"),
    [
        ("a", "a", 0),
        ("ab", "ba", 2),
        ("abc", "abd", 1),
        ("abc", "abcde", 2),
        ("abcdef", "ghijkl", 3),
    ],
)
def test_edits_are_counted(left: str, right: str, edits: int) -> None:
    assert distance(left, right) == edits
    assert distance(right, left) == edits
