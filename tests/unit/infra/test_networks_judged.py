"""Our table of addresses beside one that is not ours: never wider, wherever it is asked.

Beside what `ssrfguard` refuses, our table refuses more on purpose: see `networks.py`.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from ipaddress import IPv4Address, IPv6Address, ip_address

import pytest
from ssrfguard import DEFAULT_DENIED

from handbill.infra.networks import Address, is_public

FEW, MANY = 4_000, 200_000
SEED = 20_261_127

WRAPPINGS = tuple(
    int(IPv6Address(prefix))
    for prefix in ("::", "::ffff:0:0", "::ffff:0:0:0", "64:ff9b::", "64:ff9b:1::", "100::")
)
"""With the IPv4 address in the last four bytes."""
KNOWN_GAPS = ("168.63.129.16", "192.0.0.9")
"""What the other table lets pass: Azure's metadata, and an anycast service by IANA's own book."""


def edges() -> list[Address]:
    """Of every range that the other table knows: its ends, and the neighbours of these."""
    found: list[Address] = []
    for block in DEFAULT_DENIED.blocks:
        ends = int(block.network.network_address), int(block.network.broadcast_address)
        kind = IPv4Address if block.network.version == 4 else IPv6Address
        last = (1 << block.network.max_prefixlen) - 1
        found += [kind(at + by) for at in ends for by in (-1, 0, 1) if 0 <= at + by <= last]
    return found


def wrapped(inner: IPv4Address) -> Iterator[IPv6Address]:
    """In every form that carries an IPv4 address: also 6to4, Teredo (inverted) and ISATAP."""
    number = int(inner)
    yield from (IPv6Address(prefix + number) for prefix in WRAPPINGS)
    yield IPv6Address((0x2002 << 112) + (number << 80))
    yield IPv6Address((0x20010000 << 96) + (number << 64) + (~number & 0xFFFF_FFFF))
    yield IPv6Address(int(IPv6Address("fe80::5efe:0:0")) + number)


def wider(addresses: Iterator[Address]) -> tuple[int, list[str]]:
    """How many were asked, and those that only our table lets pass."""
    asked, found = 0, []
    for address in addresses:
        asked += 1
        if is_public(address) and DEFAULT_DENIED.classify(address).blocked:
            found.append(str(address))
    return asked, found


def anywhere(count: int) -> Iterator[Address]:
    """At random, near an edge, and in wrappings."""
    dice, known = random.Random(SEED), edges()
    while count > 0:
        near = dice.choice(known)
        by = dice.randint(-300, 300)
        last = (1 << near.max_prefixlen) - 1
        inner = IPv4Address(dice.getrandbits(32))
        drawn: list[Address] = [
            inner,
            IPv6Address(dice.getrandbits(128)),
            IPv6Address((1 << 125) | dice.getrandbits(125)),
            type(near)(min(max(int(near) + by, 0), last)),
            *wrapped(inner),
        ]
        yield from drawn[:count]
        count -= len(drawn)


def test_no_edge_of_a_range_is_let_through_by_our_table_alone() -> None:
    known = edges()
    inner = [address for address in known if isinstance(address, IPv4Address)]

    asked, found = wider(iter([*known, *(outer for one in inner for outer in wrapped(one))]))

    assert found == []
    assert asked > 1_000


def test_no_address_at_random_is_let_through_by_our_table_alone() -> None:
    assert wider(anywhere(FEW)) == (FEW, [])


@pytest.mark.slow
def test_of_two_hundred_thousand_addresses_none_is_let_through_by_our_table_alone() -> None:
    assert wider(anywhere(MANY)) == (MANY, [])


@pytest.mark.parametrize("text", KNOWN_GAPS)
def test_what_the_other_table_lets_through_ours_does_not(text: str) -> None:
    assert not DEFAULT_DENIED.classify(text).blocked
    assert not is_public(ip_address(text))
    assert not any(is_public(outer) for outer in wrapped(IPv4Address(text)))


def test_the_two_tables_agree_on_servers_of_the_open_internet() -> None:
    """A table that refuses everything would pass all of the above."""
    dice = random.Random(SEED)
    drawn = [IPv4Address(dice.getrandbits(32)) for _ in range(FEW)]
    open_there = [address for address in drawn if not DEFAULT_DENIED.classify(address).blocked]

    closed_here = [address for address in open_there if not is_public(address)]

    assert len(open_there) > FEW // 2
    assert len(closed_here) < FEW // 1_000
