"""What is said to a merchant who types an address for notifications; no resolver is asked."""

from __future__ import annotations

from ipaddress import ip_network

import pytest

from handbill.infra.gate import address_fault
from handbill.infra.networks import Network

LOOPBACK = (ip_network("127.0.0.0/8"), ip_network("::1/128"))


def fault(url: str, *, test: bool = False, networks: tuple[Network, ...] = ()) -> str | None:
    return address_fault(url, test=test, networks=networks)


@pytest.mark.parametrize(
    "url",
    [
        "https://shop.example/hooks/handbill?token=a%20b&x=1",
        "https://shop.example:8443/",
        "https://SHOP.example./hook",
        "https://\u043c\u0430\u0433\u0430\u0437\u0438\u043d.\u0440\u0444/hook",
        "https://93.184.216.34/hook",
        "https://[2606:4700::1111]/hook",
        "https://shop.example/" + "a" * 2_027,
    ],
)
def test_a_public_https_address_is_taken(url: str) -> None:
    assert fault(url) is None


def test_plain_http_is_for_test_keys() -> None:
    assert fault("http://shop.example/hook", test=True) is None
    assert "https://" in (fault("http://shop.example/hook") or "")


@pytest.mark.parametrize(
    ("url", "word"),
    [
        ("https://shop.example/" + "a" * 2_028, "2048"),
        ("https://user@shop.example/", "user name"),
        ("https://:secret@shop.example/", "user name"),
        ("https://shop.example/#part", "fragment"),
        ("https://shop.example/#", "fragment"),
        ("https://shop.example:22/", "port 443 or 8443"),
        ("https://10.0.0.1/hook", "private"),
        ("https://[::1]/hook", "private"),
        ("https://[::ffff:127.0.0.1]/hook", "private"),
        ("https://localhost/hook", "private"),
        ("https://shop.localhost./hook", "private"),
        ("ftp://shop.example/", "https://"),
        ("shop.example/hook", "https://"),
        ("javascript:alert(1)", "https://"),
        ("", "https://"),
        ("https://", "host"),
        ("https:///hook", "host"),
        ("https://127.1/", "host"),
        ("https://0x7f.1/", "host"),
        ("https://2130706433/", "host"),
        ("https://[fe80::1%25eth0]/", "host"),
        ("https://a..b/", "host"),
        ("https://%31%32%37.0.0.1/", "host"),
        ("https://shop.example:0/", "port"),
        ("https://shop.example:70000/", "read"),
        ("https://shop.example\\@10.0.0.1/", "backslash"),
        ("https://shop.example/a b", "space"),
        ("https://shop.example/\r\nx: y", "space"),
        ("https://sh\top.example/", "space"),
        ("https://shop.example/\x00", "control"),
    ],
)
def test_any_other_address_is_refused_in_words_that_name_the_fault(url: str, word: str) -> None:
    words = fault(url)

    assert words is not None
    assert words.startswith("must ")
    assert word in words


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:9000/", "http://[::1]:9000/", "http://localhost:9000/hook"]
)
def test_an_opened_network_takes_any_port_and_plain_http(url: str) -> None:
    assert fault(url, test=True, networks=LOOPBACK) is None
    assert fault(url, test=True) is not None


def test_a_name_may_lie_in_an_opened_network() -> None:
    assert fault("http://shop.lan:8080/", test=True, networks=LOOPBACK) is None
    assert fault("http://shop.lan:9000/", test=True, networks=LOOPBACK) is None
    assert "port" in (fault("http://shop.lan:9000/", test=True) or "")


def test_an_opened_network_opens_no_other() -> None:
    assert "private" in (fault("https://10.0.0.1/", networks=LOOPBACK) or "")
    assert "port" in (fault("https://93.184.216.34:9000/", networks=LOOPBACK) or "")
