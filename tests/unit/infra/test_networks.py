"""The table of addresses: every edge of every range, and never wider than the library's."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handbill.infra.networks import is_allowed, is_public, parse_address

# First and last address of every closed range, and the open neighbours on both sides
# (None where the neighbour is closed too or does not exist).
EDGES_4 = [
    (None, "0.0.0.0", "0.255.255.255", "1.0.0.0"),
    ("9.255.255.255", "10.0.0.0", "10.255.255.255", "11.0.0.0"),
    ("100.63.255.255", "100.64.0.0", "100.127.255.255", "100.128.0.0"),
    ("126.255.255.255", "127.0.0.0", "127.255.255.255", "128.0.0.0"),
    ("169.253.255.255", "169.254.0.0", "169.254.255.255", "169.255.0.0"),
    ("172.15.255.255", "172.16.0.0", "172.31.255.255", "172.32.0.0"),
    ("191.255.255.255", "192.0.0.0", "192.0.0.255", "192.0.1.0"),
    ("192.0.1.255", "192.0.2.0", "192.0.2.255", "192.0.3.0"),
    ("192.31.195.255", "192.31.196.0", "192.31.196.255", "192.31.197.0"),
    ("192.52.192.255", "192.52.193.0", "192.52.193.255", "192.52.194.0"),
    ("192.88.98.255", "192.88.99.0", "192.88.99.255", "192.88.100.0"),
    ("192.167.255.255", "192.168.0.0", "192.168.255.255", "192.169.0.0"),
    ("192.175.47.255", "192.175.48.0", "192.175.48.255", "192.175.49.0"),
    ("198.17.255.255", "198.18.0.0", "198.19.255.255", "198.20.0.0"),
    ("198.51.99.255", "198.51.100.0", "198.51.100.255", "198.51.101.0"),
    ("203.0.112.255", "203.0.113.0", "203.0.113.255", "203.0.114.0"),
    ("223.255.255.255", "224.0.0.0", "239.255.255.255", None),
    (None, "240.0.0.0", "255.255.255.255", None),
    ("168.63.129.15", "168.63.129.16", "168.63.129.16", "168.63.129.17"),
]
EDGES_6 = [
    (None, "::", "1fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "2000::"),
    ("2000:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "2001::", "2001:1ff:ffff:ffff::", "2001:200::"),
    ("2001:db7:ffff:ffff:ffff:ffff:ffff:ffff", "2001:db8::", "2001:db8:ffff::", "2001:db9::"),
    ("2001:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "2002::", "2002:ffff:ffff::", "2003::"),
    ("2620:4f:7fff:ffff::", "2620:4f:8000::", "2620:4f:8000:ffff::", "2620:4f:8001::"),
    ("3ffe:ffff:ffff:ffff::", "3fff::", "3fff:fff:ffff:ffff::", "3fff:1000::"),
    ("3fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "4000::", "ffff:ffff:ffff:ffff::", None),
]

NEVER = [
    *("::1", "::127.0.0.1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:0:127.0.0.1"),
    *("64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "64:ff9b:1::808:808", "64:ff9b::a83f:8110"),
    *("2002:7f00:1::", "2002:808:808::", "2001:0:808:808::", "100::1", "5f00::1", "fc00::1"),
    *("fd00:ec2::254", "fe80::1", "fec0::1", "ff02::1", "ff0e::1", "2001:20::1", "2001:4:112::1"),
    *("169.254.169.254", "169.254.170.2", "100.100.100.200", "192.0.0.9", "192.0.0.192"),
]
ALWAYS = [
    *("1.1.1.1", "8.8.8.8", "93.184.216.34", "77.75.156.11", "223.255.255.254"),
    *("2606:4700::1111", "2a00:1450:4001::1", "2a02:6b8::2:242", "240e::1"),
    *("::ffff:8.8.8.8", "64:ff9b::808:808"),
]


def neighbours(edges: list[tuple[str | None, str, str, str | None]]) -> list[str]:
    return [text for before, _, _, after in edges for text in (before, after) if text]


@pytest.mark.parametrize(
    "text", [text for _, first, last, _ in EDGES_4 + EDGES_6 for text in (first, last)] + NEVER
)
def test_an_address_in_a_special_range_is_not_public(text: str) -> None:
    assert not is_public(ip_address(text))


@pytest.mark.parametrize("text", neighbours(EDGES_4) + neighbours(EDGES_6) + ALWAYS)
def test_an_address_beside_a_special_range_is_public(text: str) -> None:
    assert is_public(ip_address(text))


TRANSLATED = [IPv6Network("::ffff:0:0/96"), IPv6Network("64:ff9b::/96")]

special_4 = st.sampled_from([ip_address(first) for _, first, _, _ in EDGES_4])
near_4 = st.builds(
    lambda at, by: IPv4Address((int(at) + by) % 2**32), special_4, st.integers(-300, 300)
)
any_4 = st.one_of(st.ip_addresses(v=4), near_4)
wrapped = st.builds(
    lambda prefix, inner: IPv6Address(int(IPv6Address(prefix)) + int(inner)),
    st.sampled_from(["::", "::ffff:0:0", "::ffff:0:0:0", "64:ff9b::", "64:ff9b:1::"]),
    any_4,
)
any_6 = st.one_of(
    st.ip_addresses(v=6),
    st.ip_addresses(v=6, network="2000::/3"),
    st.ip_addresses(v=6, network="2001::/16"),
    wrapped,
)


@given(st.one_of(any_4, any_6))
def test_the_table_is_never_wider_than_the_librarys(address: IPv4Address | IPv6Address) -> None:
    """The library is asked about the host that is reached, not about its wrapping."""
    if any(address in network for network in TRANSLATED):
        address = IPv4Address(int(address) & 0xFFFF_FFFF)
    if is_public(address):
        assert address.is_global
        assert not address.is_multicast
        assert not address.is_reserved


@given(wrapped)
def test_a_wrapped_address_is_public_only_when_the_one_inside_is(address: IPv6Address) -> None:
    if is_public(address):
        assert is_public(IPv4Address(int(address) & 0xFFFF_FFFF))


def test_an_open_network_holds_its_addresses_in_every_form() -> None:
    networks = [ip_network("127.0.0.0/8"), ip_network("fd00::/8")]

    assert is_allowed(ip_address("127.0.0.1"), networks)
    assert is_allowed(ip_address("::ffff:127.0.0.1"), networks)
    assert is_allowed(ip_address("fd00::1"), networks)
    assert not is_allowed(ip_address("10.0.0.1"), networks)
    assert not is_allowed(ip_address("::1"), networks)


@pytest.mark.parametrize("text", ["169.254.169.254", "fd00:ec2::254", "::ffff:168.63.129.16"])
def test_no_open_network_holds_a_clouds_metadata(text: str) -> None:
    networks = [ip_network("0.0.0.0/0"), ip_network("::/0")]

    assert not is_allowed(ip_address(text), networks)


@pytest.mark.parametrize(
    "text",
    ["", "127.1", "2130706433", "0x7f.0.0.1", "010.0.0.1", "127.0.0.1.", "fe80::1%eth0", "[::1]"],
)
def test_only_the_canonical_form_is_an_address(text: str) -> None:
    assert parse_address(text) is None
