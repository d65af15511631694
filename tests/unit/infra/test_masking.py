"""What reads like a secret is taken out of a text; what only looks a little like one stays."""

from __future__ import annotations

import pytest

from handbill.infra.masking import mask

KEY = "hb_live_4GqPz8yYk2LwRt6VnXc1BdFh9JmSa3ZQrTuWxE"


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        (f"key {KEY}, revoked", "key hb_live_***, revoked"),
        ("hb_test_abc", "hb_test_***"),
        ("secret whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw=!", "secret whsec_***!"),
        ("Authorization: Bearer eyJhbGciOi.x-y_z~+/=", "Authorization: Bearer ***"),
        ('{"authorization": "bearer abc"}', '{"authorization": "bearer ***"}'),
        ("postgresql://shop:pa:ss@db/shop", "postgresql://shop:***@db/shop"),
        ("GET /pay/status/q8Zs-x_2 HTTP/1.1", "GET /pay/status/*** HTTP/1.1"),
        ("/pay/payment/q8Zs/qr.svg", "/pay/payment/***/qr.svg"),
        ("POST /notifications/sandbox/q8Zs?x=1", "POST /notifications/sandbox/***?x=1"),
        ("GET /pay/link/1?email=a%40b.c&sig=x-_9&x=1", "GET /pay/link/1?email=***&sig=***&x=1"),
        (f"bot 123456789:{'Ab_-5' * 7}/sendMessage", "bot 123456789:***/sendMessage"),
        ("4111111111111111", "***"),
        ("card 4111 1111 1111 1111, 12/30", "card ***, 12/30"),
        ("5555-5555-5555-4444", "***"),
        ("to anna.o'neil+shop@mail.example.org.", "to anna.o'***."),
        ("two: a@b.example b@c.example", "two: *** ***"),
    ],
)
def test_secrets_are_masked(text: str, masked: str) -> None:
    assert mask(text) == masked


@pytest.mark.parametrize(
    "text",
    [
        "",
        "4111111111111112",  # no check digit
        "1772359200000",  # an instant
        "019ca8d7-2d00-7d36-9e8c-c23afd234f10",
        "/pay/link/019ca8d7-2d00-7d36-9e8c-c23afd234f10",
        "sqlite:///data/handbill.db",
        "http://localhost:8000/docs",
        "bearer",
        "@decorator",
    ],
)
def test_other_text_stays_as_it_is(text: str) -> None:
    assert mask(text) == text


def test_a_long_text_takes_no_longer_than_its_length() -> None:
    """No pattern looks again and again at the same letters."""
    for text in (
        "a" * 200_000,
        "a@" * 100_000,
        "://a:" * 50_000,
        "12345:" * 30_000,
        "1 " * 100_000,
        "hb_live_" * 9,
    ):
        mask(text)
