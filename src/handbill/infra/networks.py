"""Which network addresses a stranger may make us connect to, by our own table.

`ipaddress.is_global` is not such a table: it lets multicast, NAT64, 6to4 and other wrapped forms of
private addresses pass. This module only judges addresses; it resolves nothing and connects nowhere.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

# https://www.iana.org/assignments/iana-ipv4-special-registry, with multicast. The few entries that
# IANA calls globally reachable (anycast of protocols, AS112) are no merchant's server either.
_SPECIAL_4 = tuple(
    IPv4Network(text)
    for text in (
        "0.0.0.0/8",  # this network
        "10.0.0.0/8",  # private
        "100.64.0.0/10",  # shared by carriers
        "127.0.0.0/8",  # loopback
        "169.254.0.0/16",  # link-local
        "172.16.0.0/12",  # private
        "192.0.0.0/24",  # protocol assignments
        "192.0.2.0/24",  # documentation
        "192.31.196.0/24",  # AS112
        "192.52.193.0/24",  # automatic multicast tunnelling
        "192.88.99.0/24",  # 6to4 relays, deprecated
        "192.168.0.0/16",  # private
        "192.175.48.0/24",  # AS112
        "198.18.0.0/15",  # benchmarks
        "198.51.100.0/24",  # documentation
        "203.0.113.0/24",  # documentation
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved, and the broadcast address
    )
)

# Everything outside 2000::/3 is no global unicast: loopback, mapped and compatible forms, unique
# local, link-local, site-local, multicast, segment routing, discard.
_GLOBAL_6 = IPv6Network("2000::/3")

# https://www.iana.org/assignments/iana-ipv6-special-registry, as far as it lies in 2000::/3.
# 6to4 and Teredo carry an IPv4 address inside. Nobody runs a server behind them any more, so they
# are refused whole instead of unwrapped.
_SPECIAL_6 = tuple(
    IPv6Network(text)
    for text in (
        "2001::/23",  # protocol assignments: Teredo, benchmarks, ORCHID, AMT, AS112, DRIP
        "2001:db8::/32",  # documentation
        "2002::/16",  # 6to4
        "2620:4f:8000::/48",  # AS112
        "3fff::/20",  # documentation
    )
)

# RFC 6052. The one wrapped form that real networks use: on hosts without IPv4 every server that
# has no IPv6 appears in it. The address inside is what counts.
_NAT64 = IPv6Network("64:ff9b::/96")

# Where clouds tell a machine its secrets. Never allowed, not even inside an allowed network;
# 168.63.129.16 is a public address by every other table.
_METADATA = frozenset(
    ip_address(text)
    for text in (
        "169.254.169.254",
        "169.254.170.2",
        "169.254.170.23",
        "100.100.100.200",
        "168.63.129.16",
        "192.0.0.192",
        "fd00:ec2::23",
        "fd00:ec2::254",
        "fd20:ce::254",
    )
)


def is_public(address: Address) -> bool:
    """Whether the address can be a server on the open internet."""
    address = unwrapped(address)
    if address in _METADATA:
        return False
    if isinstance(address, IPv4Address):
        return not any(address in network for network in _SPECIAL_4)
    return address in _GLOBAL_6 and not any(address in network for network in _SPECIAL_6)


def is_allowed(address: Address, networks: Sequence[Network]) -> bool:
    """Whether the operator has opened a network that holds the address."""
    address = unwrapped(address)
    return address not in _METADATA and any(address in network for network in networks)


@lru_cache(maxsize=500)
def parse_address(text: str) -> Address | None:
    """The address in its only canonical form, or None. `127.1`, `0x7f000001` and `010.0.0.1` are
    no addresses here, nor are scoped ones (`fe80::1%eth0`): their meaning depends on the reader."""
    if "%" in text:
        return None
    try:
        return ip_address(text)
    except ValueError:
        return None


@lru_cache(4_096)
def network_of(text: str) -> Network | None:
    """The network that somebody's address stands for, as large as one household or office usually
    gets. None for this machine itself, and for what is no address."""
    address = parse_address(text.partition("%")[0])
    if address is None:
        return None
    address = unwrapped(address)
    if address.is_loopback:
        return None
    size = 24 if isinstance(address, IPv4Address) else 56
    return ip_network((address, size), strict=False)


def unwrapped(address: Address) -> Address:
    """The IPv4 address inside a mapped or NAT64 address: the host that is really reached."""
    if isinstance(address, IPv4Address):
        return address
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFF_FFFF)
    return address
