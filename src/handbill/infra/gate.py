"""Where an outgoing request may go: the reading of an address, and the gate that judges what its
name resolves to and what was connected to.

Sends nothing; `outbound.py` does.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Awaitable, Callable, Collection, Sequence
from contextvars import ContextVar
from typing import Any

import aiohttp
import msgspec
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from handbill.infra.networks import (
    Address,
    Network,
    is_allowed,
    is_public,
    parse_address,
    unwrapped,
)

URL_LENGTH_MAX = 2_048
PUBLIC_PORTS = {"https": (443, 8443), "http": (80, 8080)}
CONNECT_SECONDS = 5.0
# Below the 5 s after which common servers hang up: a request that meets the hang-up half-way has
# an unknown end, and for money that means asking.
KEEP_ALIVE_SECONDS = 4.0

Lookup = Callable[[str, int], Awaitable[Sequence[str]]]
"""All addresses of a name, as text. Raises OSError where there are none."""


class OutboundError(Exception):
    """Base of the three ways in which a request gets no answer. The words name no address and no
    header: both may hold secrets."""


class Refused(OutboundError):
    """The address may not be asked. Nothing was sent."""


Own = Callable[[], Awaitable[Collection[Address]]]
"""Our own public addresses, as they are now. Never raises."""


class Gate(msgspec.Struct, frozen=True):
    """Which addresses a request may reach: any (`everywhere`), public ones, opened networks."""

    everywhere: bool = False
    public: bool = False
    networks: tuple[Network, ...] = ()

    def opens(self, address: Address | None) -> bool:
        """Whether the address is open whatever it is: the operator says so."""
        return self.everywhere or (address is not None and is_allowed(address, self.networks))

    def check(self, address: Address | None, own: Collection[Address] = ()) -> None:
        """Raises Refused. `own`: our own addresses, closed unless their network is open."""
        if self.opens(address):
            return
        if address is None or not (self.public and is_public(address)):
            raise Refused("the address is private, or its scheme or port is not allowed")
        if unwrapped(address) in own:
            raise Refused("the address is that of this installation, whose network is not open")


class Resolver(AbstractResolver):
    """Gives the connector only addresses that passed: what is checked is what is used."""

    def __init__(self, gate: Gate, lookup: Lookup, own: Own) -> None:
        self._gate = gate
        self._lookup = lookup
        self._own = own

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        texts, own = await asyncio.gather(self._lookup(host, port), self._own())
        found = [(text, parse_address(text)) for text in texts]
        if not found:
            raise OSError("the name has no address")
        # Every answer must pass, not only one: a name with a private address is a trick or a fault.
        for _, address in found:
            self._gate.check(address, own)
        return [
            ResolveResult(
                hostname=host,
                host=text,
                port=port,
                family=socket.AF_INET6 if ":" in text else socket.AF_INET,
                proto=0,
                flags=socket.AI_NUMERICHOST | socket.AI_NUMERICSERV,
            )
            for text, _ in found
        ]

    async def close(self) -> None:
        """Holds nothing."""


class Progress:
    """How far a request has come."""

    __slots__ = ("connected",)

    def __init__(self) -> None:
        self.connected = False


PROGRESS: ContextVar[Progress] = ContextVar("progress")
"""Of the request that this task is sending. The client's own way to tell costs a tenth of it."""


class Connector(aiohttp.TCPConnector):
    """Looks once more, at the peer that was really reached, before the request goes out."""

    def __init__(self, gate: Gate, lookup: Lookup, own: Own, tls: ssl.SSLContext | None) -> None:
        super().__init__(
            resolver=Resolver(gate, lookup, own),
            use_dns_cache=False,
            ssl=tls or True,
            limit=0,
            keepalive_timeout=KEEP_ALIVE_SECONDS,
        )
        self._gate = gate
        self._own = own

    async def connect(
        self,
        req: aiohttp.ClientRequest,
        traces: list[Any],
        timeout: aiohttp.ClientTimeout,
    ) -> aiohttp.connector.Connection:
        literal = parse_address(req.url.raw_host or "")
        if literal is not None and not self._gate.opens(literal):  # no resolver is asked about it
            self._gate.check(literal, await self._own())
        connection = await super().connect(req, traces, timeout)
        PROGRESS.get().connected = True
        transport = connection.transport
        peer, here = _ends(transport)
        try:
            # Who is connected to the address it has itself is connected to this machine.
            self._gate.check(peer, () if here is None else (unwrapped(here),))
        except Refused:
            connection.close()
            raise
        return connection


def address_fault(url: str, *, test: bool, networks: Sequence[Network]) -> str | None:
    """What is wrong with an address that a merchant typed, in words for its field, or None.

    Asks no resolver. A name may turn out to be private later: then the request is refused.
    """
    if len(url) > URL_LENGTH_MAX:
        return f"must be at most {URL_LENGTH_MAX} characters"
    try:
        parsed = parse_url(url)
    except Refused as refusal:
        return f"must be a web address: {refusal}"
    if has_credentials(parsed):
        return "must not hold a user name or a password"
    if "#" in url:
        return "must not have a fragment (#)"
    if parsed.scheme != "https" and not test:
        return "must begin with https:// (http:// is for test keys)"
    literal = parse_address("127.0.0.1" if _is_loopback(parsed) else parsed.raw_host or "")
    if literal is not None and is_allowed(literal, networks):
        return None
    if literal is not None and not is_public(literal):
        return "must not point into a private network"
    # A name may lie in an opened network, where every port will do.
    may_be_inside = literal is None and bool(networks)
    if parsed.port not in PUBLIC_PORTS[parsed.scheme] and not may_be_inside:
        ports = " or ".join(str(port) for port in PUBLIC_PORTS[parsed.scheme])
        return f"must use port {ports}"
    return None


def parse_url(url: str) -> URL:
    """The only reading of an address: it is judged and used as this value. Raises Refused."""
    # Parsers silently drop or translate these, each in its own way.
    if "\\" in url or any(c.isspace() or ord(c) < 0x20 or ord(c) == 0x7F for c in url):
        raise Refused("it holds a space, a control character or a backslash")
    try:
        parsed = URL(url)
    except ValueError:
        raise Refused("it cannot be read") from None
    if parsed.scheme not in PUBLIC_PORTS:
        raise Refused("it must begin with https://")
    host = parsed.raw_host or ""
    if parse_address(host) is None and not _is_name(host):
        raise Refused("its host is neither a name nor a plain address")
    if not parsed.port:
        raise Refused("its port is not usable")
    return parsed


def has_credentials(url: URL) -> bool:
    return url.user is not None or url.password is not None


def host_of(url: URL) -> str:
    """For comparing: lower case, without the dot of a fully qualified name."""
    return (url.raw_host or "").lower().removesuffix(".")


def _ends(transport: asyncio.Transport | None) -> tuple[Address | None, Address | None]:
    """The other's address, and ours."""
    if transport is None:
        return None, None
    ends = (transport.get_extra_info(end) for end in ("peername", "sockname"))
    peer, here = (parse_address(str(end[0])) if end else None for end in ends)
    return peer, here


def _is_loopback(url: URL) -> bool:
    """RFC 6761: these names never leave the machine."""
    host = host_of(url)
    return host == "localhost" or host.endswith(".localhost")


def _is_name(host: str) -> bool:
    labels = host.removesuffix(".").split(".")
    if len(host) > 253 or not all(1 <= len(label) <= 63 for label in labels):
        return False
    if not all(c.isascii() and (c.isalnum() or c in "-_.") for c in host):
        return False
    # `127.1`, `2130706433`, `0x7f.1`: addresses to some readers. No name ends in a number.
    last = labels[-1]
    return not (last.isdigit() or last.lower().startswith("0x"))
