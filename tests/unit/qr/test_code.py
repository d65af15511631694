"""Addresses as modules: how small, how strong, how they are cut into segments."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handbill.kernel.addresses import Addresses
from handbill.kernel.ids import CROCKFORD
from handbill.qr.code import QUIET_ZONE, Level, make
from handbill.qr.formats import png
from tests.unit.qr.reading import Read, open_png, read_picture

LABELS = st.from_regex(r"[a-z0-9]([a-z0-9-]{0,12}[a-z0-9])?", fullmatch=True)
HOSTS = st.lists(LABELS, min_size=1, max_size=4).map(".".join)
PORTS = st.none() | st.integers(1, 65_535)
CODES = st.text(CROCKFORD, min_size=10, max_size=10)


@given(st.sampled_from(["http", "https"]), HOSTS, PORTS, CODES)
def test_every_short_address_comes_back_letter_by_letter(
    scheme: str, host: str, port: int | None, code: str
) -> None:
    port_part = "" if port is None else f":{port}"
    address = Addresses(f"{scheme}://{host}{port_part}").short(code)

    made = make(address)

    assert read_picture(open_png(png(made))) == Read(address, made.version, "M")


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_host_of_24_characters_fits_version_3(scheme: str) -> None:
    host = "pay.a-shop-somewhere.org"
    assert len(host) == 24

    code = make(Addresses(f"{scheme}://{host}").short("ABCDEFGHJK"))

    assert (code.version, code.level) == (3, "M")


def test_capitals_after_a_small_scheme_make_a_smaller_code_than_small_letters() -> None:
    dense = make("https://PAY.A-SHOP-SOMEWHERE.ORG/L/ABCDEFGHJK")
    plain = make("https://pay.a-shop-somewhere.org/L/abcdefghjk")

    assert dense.version < plain.version


@pytest.mark.parametrize(
    "text",
    [
        "http://[::1]:8000/L/ABCDEFGHJK",
        "https://PAY.EXAMPLE/UNDER_SCORE/L/ABCDEFGHJK",
        "https://qr.nspk.ru/AS10003P3RH0LJ2A9ROO038L6NT5RU1M?type=01&bank=000000000001&crc=F3D0",
        "LNBC20M1PVJLUEZPP5QQQSYQCYQ5RQWZQFQQQSYQCYQ5RQWZQFQQQSYQCYQ5RQWZQFQYPQ",
        "https://",
        "7",
    ],
)
def test_text_outside_the_dense_alphabet_comes_back_unchanged_too(text: str) -> None:
    assert read_picture(open_png(png(make(text)))).text == text


@pytest.mark.parametrize("level", ["L", "M", "Q", "H"])
def test_the_level_is_the_one_that_was_asked_for(level: Level) -> None:
    code = make("http://LOCALHOST:8000/L/ABCDEFGHJK", level)

    assert code.level == level
    assert read_picture(open_png(png(code))).level == level


def test_rows_hold_ones_and_zeros_without_the_quiet_zone() -> None:
    code = make("http://LOCALHOST:8000/L/ABCDEFGHJK")

    assert len(code.rows) == 17 + 4 * code.version
    assert {len(row) for row in code.rows} == {len(code.rows)}
    assert set(b"".join(code.rows)) == {0, 1}
    assert code.side == len(code.rows) + 2 * QUIET_ZONE


def test_text_that_no_code_holds_is_refused() -> None:
    with pytest.raises(ValueError, match="Data too large"):
        make("https://" + "A" * 5_000)
