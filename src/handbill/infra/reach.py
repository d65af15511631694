"""Whether a phone somewhere else can open a public address, as far as the address itself tells.

Judges the text: nothing is resolved or asked. A name that looks public and leads nowhere is not
found out here; one that cannot be public is.
"""

from __future__ import annotations

from enum import StrEnum
from urllib.parse import SplitResult, urlsplit

from handbill.infra.networks import is_public, parse_address, unwrapped


class Obstacle(StrEnum):
    """What keeps a phone from an address."""

    NO_ADDRESS = "no_address"
    NOT_HTTPS = "not_https"
    THIS_MACHINE = "this_machine"
    PRIVATE_NETWORK = "private_network"
    LOCAL_NAME = "local_name"


WORDS: dict[Obstacle, str] = {
    Obstacle.NO_ADDRESS: "it is no plain address of a server",
    Obstacle.NOT_HTTPS: "it is not https: others can read and change what travels to it",
    Obstacle.THIS_MACHINE: "on a phone it means the phone itself",
    Obstacle.PRIVATE_NETWORK: "it is an address inside a network, not of the internet",
    Obstacle.LOCAL_NAME: "its name is known inside a network only",
}

# Names that the internet never knows: https://www.iana.org/assignments/special-use-domain-names,
# `internal` by a resolution of ICANN of 2024, and those that RFC 6762, appendix G, found in use.
_LOCAL_ENDINGS = (
    *("local", "localhost", "internal", "test", "example", "invalid", "onion", "alt"),
    *("home.arpa", "intranet", "private", "corp", "home", "lan"),
)


def obstacle(url: str) -> Obstacle | None:
    """None where nothing in the address speaks against it."""
    parts = _split(url)
    host = parts.hostname if parts is not None else None
    if parts is None or not host or "@" in parts.netloc:
        return Obstacle.NO_ADDRESS
    return _of_host(host) or (None if parts.scheme == "https" else Obstacle.NOT_HTTPS)


def _split(url: str) -> SplitResult | None:
    try:
        parts = urlsplit(url)
        return parts if parts.port != 0 else None
    except ValueError:
        return None


def _of_host(host: str) -> Obstacle | None:
    address = parse_address(host)
    if address is not None:
        if unwrapped(address).is_loopback:
            return Obstacle.THIS_MACHINE
        return None if is_public(address) else Obstacle.PRIVATE_NETWORK
    name = host.lower().removesuffix(".")
    if name == "localhost" or name.endswith(".localhost"):
        return Obstacle.THIS_MACHINE
    if not all(name.split(".")) or _is_number(name):
        return Obstacle.NO_ADDRESS
    is_local = "." not in name or name.endswith(tuple(f".{ending}" for ending in _LOCAL_ENDINGS))
    return Obstacle.LOCAL_NAME if is_local else None


def _is_number(name: str) -> bool:
    """`127.1`, `0x7f.1`, `010.0.0.1`: browsers read these as addresses, each in its own way."""
    last = name.rpartition(".")[2]
    return last.isdigit() or last.startswith("0x")
