"""Which texts can be the address of a letter."""

from __future__ import annotations

import pytest

from handbill.kernel.mailboxes import is_mailbox


@pytest.mark.parametrize(
    "text",
    ["anna@example.com", "a.b+c'd@sub.example.co.uk", "x@xn--80a1acny.xn--p1ai", "1@a.io"],
)
def test_addresses(text: str) -> None:
    assert is_mailbox(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "anna",
        "anna@",
        "@example.com",
        "anna@example",
        "anna@@example.com",
        "anna@example..com",
        "anna@-example.com",
        ".anna@example.com",
        "an..na@example.com",
        "anna @example.com",
        "anna@example.com ",
        "anna@example.com\n",
        "anna@example.com,eva@example.com",
        "<anna@example.com>",
        '"anna"@example.com',
        "anna@[127.0.0.1]",
        "анна@example.com",
        "a" * 65 + "@example.com",
        "a@" + "a." * 130 + "com",
    ],
)
def test_texts_that_are_none(text: str) -> None:
    assert not is_mailbox(text)
