"""The QR payload of fast payments: NSPK's shape and checksum on a host of our own."""

from __future__ import annotations

import re

import pytest

from acquirer_sandbox import sbp

PUBLISHED = (
    ("AS10003P3RH0LJ2A9ROO038L6NT5RU1M?type=01&bank=000000000001&sum=10000&cur=RUB", 0xF3D0),
    ("AD100004BAL7227F9BNP6KNE007J9B3K?type=02&bank=100000000007&sum=1&cur=RUB", 0xAB75),
    ("BD20001KFVL3DTB188K8MHAE2JQ5L627?type=02&bank=100000000004&sum=12300&cur=RUB", 0x82B1),
    ("AS2A006F0RCJU7V991SBLV4AACJGFT2P?type=01&bank=100000000004", 0xA93E),
    ("AS1A00103E2OQVDL9MBRAJHJI95EHENK?type=01&bank=100000000111", 0xD504),
)


@pytest.mark.parametrize(("link", "expected"), PUBLISHED, ids=lambda value: str(value)[:12])
def test_the_checksum_is_the_one_of_published_links(link: str, expected: int) -> None:
    assert sbp.checksum(f"https://qr.nspk.ru/{link}".encode()) == expected


def test_the_checksum_is_crc_16_ccitt_false() -> None:
    # The check value of the catalogue of parametrised CRC algorithms.
    assert sbp.checksum(b"123456789") == 0x29B1


def test_a_payload_has_the_published_shape_on_our_own_host() -> None:
    code = sbp.code()

    link = sbp.payload("http://sandbox.test/acquirer", code, 12_300)

    fields = re.fullmatch(
        r"(http://sandbox\.test/acquirer/([A-Z0-9]{32})\?type=02&bank=\d{12}&sum=12300&cur=RUB)"
        r"&crc=([0-9A-F]{4})",
        link,
    )
    assert fields
    assert fields[2] == code
    assert fields[3] == f"{sbp.checksum(fields[1].encode()):04X}"


def test_codes_do_not_repeat() -> None:
    assert len({sbp.code() for _ in range(1_000)}) == 1_000
