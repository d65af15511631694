"""Where payers may be sent back to: only where the merchant said beforehand."""

from __future__ import annotations

import pytest

from handbill.links.rules import return_url_fault

ORIGINS = ("https://shop.example", "https://shop.example:8443", "https://[2001:db8::1]")

OPEN_REDIRECTS = [
    "",
    "shop.example",
    "//evil.example",
    "/thanks",
    "javascript:alert(1)",
    "data:text/html,x",
    "ftp://shop.example/",
    "http://shop.example/",
    "HTTP://shop.example/",
    "https:shop.example",
    "https:///shop.example",
    "https://",
    "https://evil.example/",
    "https://evil.example/https://shop.example",
    "https://evil.example?https://shop.example",
    "https://evil.example#https://shop.example",
    "https://shop.example.evil.example/",
    "https://shop.example@evil.example/",
    "https://shop.example:443@evil.example/",
    "https://user:word@shop.example/",
    "https://@shop.example/",
    "https://evil.example\\@shop.example/",
    "https://shop.example\\.evil.example/",
    "https:\\\\shop.example",
    "https://shop.example%2eevil.example/",
    "https://shop.example%00.evil.example/",
    "https://shop.example\n.evil.example/",
    "https://shop.example\t/",
    " https://shop.example/",
    "https://shop.example /",
    "https://shop.example:8444/",
    "https://shop.example:99999/",
    "https://shop.example:http/",
    "https://sub.shop.example/",
    "https://shop.exampl\u0435/",  # the last letter is Cyrillic
    "https://shop。example/",
    "https://[2001:db8::2]/",
    "https://[::1/",
    "http://localhost/",
    "http://127.0.0.1/",
    "https://shop.example/" + "x" * 2_048,
]


@pytest.mark.parametrize("url", OPEN_REDIRECTS)
def test_live_nobody_is_sent_anywhere_else(url: str) -> None:
    assert return_url_fault(url, False, ORIGINS)


@pytest.mark.parametrize(
    "url",
    [
        "https://shop.example",
        "https://shop.example/thanks?order=7#top",
        "https://SHOP.example/thanks",
        "https://shop.example:443/",
        "https://shop.example:8443/",
        "https://[2001:db8::1]/",
        "https://shop.example/thanks/{PAYMENT_ID}",
        "https://shop.example/спасибо",
    ],
)
def test_live_the_merchants_own_origins_are_fine(url: str) -> None:
    assert return_url_fault(url, False, ORIGINS) is None


@pytest.mark.parametrize(
    "url",
    [
        "https://anywhere.example/",
        "http://localhost:3000/thanks",
        "http://shop.localhost/",
        "http://127.0.0.1:8080/",
        "http://[::1]:8080/",
    ],
)
def test_in_test_mode_every_https_address_and_this_machine_are_fine(url: str) -> None:
    assert return_url_fault(url, True, ()) is None


@pytest.mark.parametrize(
    "url", ["http://shop.example/", "http://192.168.1.1/", "http://localhost.evil.example/"]
)
def test_in_test_mode_too_plain_http_stays_on_this_machine(url: str) -> None:
    assert return_url_fault(url, True, ())
