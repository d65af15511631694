"""The headers of pages: nothing that is not named is loaded, framed or sent."""

from __future__ import annotations

import pytest

from handbill.web.pages.headers import page_headers


def policy(headers: dict[str, str]) -> dict[str, list[str]]:
    rules = (rule.split() for rule in headers["content-security-policy"].split(";"))
    return {name: sources for name, *sources in rules}


def test_a_page_loads_only_our_pictures_and_our_style() -> None:
    assert policy(page_headers()) == {
        "default-src": ["'none'"],
        "img-src": ["'self'"],
        "style-src": ["'self'"],
        "form-action": ["'self'"],
        "frame-ancestors": ["'none'"],
        "base-uri": ["'none'"],
    }


def test_the_form_may_lead_to_the_acquirers_of_the_link() -> None:
    hosts = ("https://pay.example", "http://127.0.0.1:9000", "https://pay.example")
    assert policy(page_headers(hosts))["form-action"] == [
        "'self'",
        "http://127.0.0.1:9000",
        "https://pay.example",
    ]


def test_only_sites_that_are_named_may_frame_a_page() -> None:
    closed, open_to_two = (
        page_headers(),
        page_headers(frame_origins=("https://shop.example", "https://a.example:8443")),
    )
    assert closed["x-frame-options"] == "DENY"
    assert policy(open_to_two)["frame-ancestors"] == [
        "https://a.example:8443",
        "https://shop.example",
    ]
    assert "x-frame-options" not in open_to_two


def test_a_page_with_a_script_may_ask_only_us() -> None:
    found = policy(page_headers(scripts=True))
    assert found["script-src"] == found["connect-src"] == ["'self'"]


@pytest.mark.parametrize(
    "origin",
    ["*", "https:", "https://a.example; script-src *", "https://a.example/path", "'unsafe-inline'",
     "https://a.example b", "javascript://a", "https://*.example", "", "https://a.example\n"],
)  # fmt: skip
def test_anything_but_an_origin_is_refused(origin: str) -> None:
    with pytest.raises(ValueError, match="not an origin"):
        page_headers((origin,))
    with pytest.raises(ValueError, match="not an origin"):
        page_headers(frame_origins=(origin,))


def test_pages_of_payers_are_not_kept_and_leave_no_trace() -> None:
    headers = page_headers(language="ja")
    assert headers["cache-control"] == "no-store"
    assert (headers["content-language"], headers["vary"]) == ("ja", "accept-language")
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cross-origin-opener-policy"] == "same-origin"
