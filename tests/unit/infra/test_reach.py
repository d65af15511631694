"""Which public addresses a phone somewhere else can open."""

from __future__ import annotations

import pytest

from handbill.infra.reach import WORDS, Obstacle, obstacle


@pytest.mark.parametrize(
    "url",
    [
        "https://pay.example.com",
        "https://pay.example.com:8443",
        "https://PAY.EXAMPLE.COM",
        "https://pay.example.com.",
        "https://xn--80aawfgc1a.xn--p1ai",
        "https://кафе.рф",
        "https://8.8.8.8",
        "https://[2a00:1450:4001:80b::200e]",
        "https://testing.com",
        "https://mylocal.shop",
    ],
)
def test_what_a_phone_can_open(url: str) -> None:
    assert obstacle(url) is None


@pytest.mark.parametrize(
    ("url", "found"),
    [
        ("http://pay.example.com", Obstacle.NOT_HTTPS),
        ("http://8.8.8.8", Obstacle.NOT_HTTPS),
        ("http://localhost:8000", Obstacle.THIS_MACHINE),
        ("https://localhost", Obstacle.THIS_MACHINE),
        ("https://shop.localhost", Obstacle.THIS_MACHINE),
        ("https://127.0.0.1", Obstacle.THIS_MACHINE),
        ("https://127.8.8.8", Obstacle.THIS_MACHINE),
        ("https://[::1]", Obstacle.THIS_MACHINE),
        ("https://[::ffff:127.0.0.1]", Obstacle.THIS_MACHINE),
        ("http://192.168.1.10:8000", Obstacle.PRIVATE_NETWORK),
        ("https://10.0.0.1", Obstacle.PRIVATE_NETWORK),
        ("https://172.16.0.1", Obstacle.PRIVATE_NETWORK),
        ("https://169.254.1.1", Obstacle.PRIVATE_NETWORK),
        ("https://100.64.0.1", Obstacle.PRIVATE_NETWORK),
        ("https://0.0.0.0", Obstacle.PRIVATE_NETWORK),
        ("https://240.0.0.1", Obstacle.PRIVATE_NETWORK),
        ("https://[fe80::1]", Obstacle.PRIVATE_NETWORK),
        ("https://[fd12::1]", Obstacle.PRIVATE_NETWORK),
        ("https://[2001:db8::1]", Obstacle.PRIVATE_NETWORK),
        ("https://cashbox", Obstacle.LOCAL_NAME),
        ("https://cashbox.local", Obstacle.LOCAL_NAME),
        ("https://cashbox.local.", Obstacle.LOCAL_NAME),
        ("https://Cashbox.LAN", Obstacle.LOCAL_NAME),
        ("https://pay.internal", Obstacle.LOCAL_NAME),
        ("https://pay.test", Obstacle.LOCAL_NAME),
        ("https://pay.example", Obstacle.LOCAL_NAME),
        ("https://nas.home.arpa", Obstacle.LOCAL_NAME),
        ("https://127.1", Obstacle.NO_ADDRESS),
        ("https://0x7f000001", Obstacle.NO_ADDRESS),
        ("https://010.0.0.1", Obstacle.NO_ADDRESS),
        ("https://anna@pay.example.com", Obstacle.NO_ADDRESS),
        ("https://pay..example.com", Obstacle.NO_ADDRESS),
        ("https://pay.example.com:0", Obstacle.NO_ADDRESS),
        ("https://pay.example.com:port", Obstacle.NO_ADDRESS),
        ("https://[", Obstacle.NO_ADDRESS),
        ("https://", Obstacle.NO_ADDRESS),
        ("", Obstacle.NO_ADDRESS),
    ],
)
def test_what_keeps_a_phone_from_it(url: str, found: Obstacle) -> None:
    assert obstacle(url) is found


def test_every_obstacle_has_words() -> None:
    assert WORDS.keys() == set(Obstacle)
