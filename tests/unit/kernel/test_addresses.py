"""Public addresses: what is printed is short, dense and opens on every phone."""

from __future__ import annotations

import re

import pytest

from handbill.kernel.addresses import Addresses, as_typed

ALPHANUMERIC = re.compile(r"[0-9A-Z $%*+\-./:]*")


@pytest.mark.parametrize(
    ("public_url", "short"),
    [
        ("https://pay.example", "https://PAY.EXAMPLE/L/0123456789"),
        ("https://pay.example/", "https://PAY.EXAMPLE/L/0123456789"),
        ("http://localhost:8000", "http://LOCALHOST:8000/L/0123456789"),
        ("https://shop.example/pay", "https://SHOP.EXAMPLE/PAY/L/0123456789"),
    ],
)
def test_the_printed_address_is_in_capitals_but_for_its_scheme(public_url: str, short: str) -> None:
    """Several phones do not open `HTTPS:`; the rest fits the alphanumeric mode of QR codes."""
    made = Addresses(public_url).short("0123456789")

    assert made == short
    assert ALPHANUMERIC.fullmatch(made.partition("://")[2])


@pytest.mark.parametrize(
    ("public_url", "typed"),
    [
        ("https://pay.example", "pay.example/L/0123456789"),
        ("http://localhost:8000", "localhost:8000/L/0123456789"),
        ("https://xn--80akn5b.xn--p1ai", "кафе.рф/L/0123456789"),
        ("https://xn--a.example", "xn--a.example/L/0123456789"),
    ],
)
def test_the_same_is_short_for_people_who_type_it(public_url: str, typed: str) -> None:
    assert as_typed(Addresses(public_url), "0123456789") == typed


def test_every_address_lies_below_the_public_one() -> None:
    addresses = Addresses("https://pay.example/base/")

    made = {
        addresses.link_page("i"): "/pay/link/i",
        addresses.link_qr("i"): "/pay/link/i/qr",
        addresses.product_page("i"): "/pay/product/i",
        addresses.product_qr("i"): "/pay/product/i/qr",
        addresses.payment_page("t"): "/pay/payment/t",
        addresses.status_page("t"): "/pay/status/t",
        addresses.image("images/uploads/1/a.png"): "/images/uploads/1/a.png",
        addresses.notification("fake", "t"): "/notifications/fake/t",
    }

    for address, path in made.items():
        assert address == f"https://pay.example/base{path}"
    assert (addresses.origin, addresses.scheme) == ("https://pay.example", "https")
