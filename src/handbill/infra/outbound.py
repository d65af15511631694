"""The only way out: HTTP requests to acquirers (*trusted*) and to addresses that merchants typed
(*guarded*).

Guarded requests reach public servers only. The address is judged where it is connected to, so a
name that changes its answer between check and use gains nothing. Nobody else opens connections.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

import aiohttp
import msgspec
from yarl import URL

from handbill import __version__
from handbill.infra.gate import (
    CONNECT_SECONDS,
    PROGRESS,
    PUBLIC_PORTS,
    Connector,
    Gate,
    Lookup,
    OutboundError,
    Progress,
    Refused,
    address_fault,
    has_credentials,
    host_of,
    parse_url,
)
from handbill.infra.networks import Address, Network, parse_address, unwrapped

__all__ = [
    "Answer",
    "NoAnswer",
    "Outbound",
    "OutboundError",
    "Refused",
    "Unreachable",
    "address_fault",
]

USER_AGENT = f"Handbill/{__version__}"
GUARDED_BODY_MAX = 2_048
RESOLVING_MAX = 32
ROUTES_MAX = 500


class Unreachable(OutboundError):
    """No connection came about. Nothing was sent."""


class NoAnswer(OutboundError):
    """Sent, or perhaps sent, but no complete readable answer came: the outcome is unknown."""


class Answer(msgspec.Struct, frozen=True):
    """Any status, redirects too: they are never followed. Header names are in lower case."""

    status: int
    headers: dict[str, str]
    body: bytes


class Outbound:
    """One client with its connections. Belongs to the loop of its first `send`.

    `networks` are open to guarded requests beside the public internet, on any port and over plain
    HTTP. `own_origin` is our own public address: guarded requests come back to us, by this name or
    by any other, only inside `networks`. `ports` adds to the public ports, `tls` brings a private
    authority's certificate.
    """

    def __init__(
        self,
        *,
        guarded: bool,
        networks: Sequence[Network] = (),
        own_origin: str | None = None,
        ports: Collection[int] = (),
        tls: ssl.SSLContext | None = None,
        lookup: Lookup | None = None,
    ) -> None:
        self._guarded = guarded
        self._networks = tuple(networks)
        self._own_host = host_of(URL(own_origin)) if own_origin else None
        self._ports = frozenset(ports)
        self._tls = tls
        self._threads: ThreadPoolExecutor | None = None
        self._lookup = lookup or self._ask_system
        self._sessions: dict[Gate, aiohttp.ClientSession] = {}
        self._routes: dict[tuple[str, bool], tuple[URL, aiohttp.ClientSession]] = {}
        self._closed = False

    async def send(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes = b"",
        timeout_seconds: float = 15.0,
        body_max: int = 65_536,
        plain: bool = False,
    ) -> Answer:
        """Raises Refused, Unreachable or NoAnswer.

        A body over `body_max` is NoAnswer from a trusted server: half an answer must not be read.
        A guarded one is cut at 2 KiB, because only its owner looks at it. `plain` lets a guarded
        request go to a public server over HTTP (test mode).
        """
        target, session = self._route(url, plain)
        progress = Progress()
        PROGRESS.set(progress)
        try:
            async with (
                asyncio.timeout(timeout_seconds),
                session.request(
                    method,
                    target,
                    headers={"user-agent": USER_AGENT, "accept-encoding": "identity"}
                    | {name.lower(): value for name, value in (headers or {}).items()},
                    data=body or None,
                    allow_redirects=False,
                ) as response,
            ):
                return await self._read(response, body_max)
        except (aiohttp.ClientError, OSError) as error:  # TimeoutError is an OSError
            # `from None`: the client's own words hold the whole address.
            if progress.connected:
                raise NoAnswer(_after_connecting(error)) from None
            raise Unreachable(_before_connecting(error)) from None

    async def close(self) -> None:
        """Ends all connections; requests on the way end as NoAnswer, later ones as Unreachable."""
        self._closed = True
        for session in self._sessions.values():
            await session.close()
        self._sessions.clear()
        self._routes.clear()
        if self._threads is not None:
            self._threads.shutdown(wait=False, cancel_futures=True)

    def _route(self, url: str, plain: bool) -> tuple[URL, aiohttp.ClientSession]:
        """The only reading of an address, and the session that may take it there. Kept, because
        webhooks go to the same few; an address that is refused is judged again every time."""
        if self._closed:
            raise Unreachable("the server is stopping")
        known = self._routes.get((url, plain))
        if known is None:
            target = parse_url(url)
            known = target, self._session(self._gate(target, plain))
            if len(self._routes) >= ROUTES_MAX:
                self._routes.clear()
            self._routes[url, plain] = known
        return known

    def _gate(self, url: URL, plain: bool) -> Gate:
        """Where this URL may lead. Raises Refused when the URL itself already says no."""
        if not self._guarded:
            return Gate(everywhere=True)
        if has_credentials(url):
            raise Refused("an address must not hold a user name or a password")
        public = (
            (url.scheme == "https" or plain)
            and (url.port in PUBLIC_PORTS[url.scheme] or url.port in self._ports)
            and host_of(url) != self._own_host
        )
        gate = Gate(public=public, networks=self._networks)
        literal = parse_address(url.raw_host or "")
        if literal is not None:  # the client asks no resolver about these
            gate.check(literal)
        return gate

    async def _own(self) -> Collection[Address]:
        """Asked anew for each connection, as the other's name is."""
        if not self._guarded or self._own_host is None:
            return ()
        try:
            found = await self._lookup(self._own_host, 443)
        except OSError:  # a name that only the world outside knows
            return ()
        return {unwrapped(known) for text in found if (known := parse_address(text))}

    def _session(self, gate: Gate) -> aiohttp.ClientSession:
        """Connections are kept by gate: a request never finds one that it could not have made."""
        session = self._sessions.get(gate)
        if session is None:
            session = self._sessions[gate] = aiohttp.ClientSession(
                connector=Connector(gate, self._lookup, self._own, self._tls),
                cookie_jar=aiohttp.DummyCookieJar(),
                trust_env=False,
                # Not decompressed: a few kilobytes could become gigabytes.
                auto_decompress=False,
                timeout=aiohttp.ClientTimeout(total=None, connect=CONNECT_SECONDS),
            )
        return session

    async def _read(self, response: aiohttp.ClientResponse, body_max: int) -> Answer:
        if self._guarded:
            body_max = min(body_max, GUARDED_BODY_MAX)
        elif response.headers.get("content-encoding", "identity") != "identity":
            raise NoAnswer("the answer is compressed, which was not asked for")
        body = bytearray()
        async for chunk in response.content.iter_any():
            body += chunk
            if len(body) > body_max:
                response.close()
                if not self._guarded:
                    raise NoAnswer(f"the answer is longer than {body_max} bytes")
                break
        headers: dict[str, str] = {}
        for name, value in response.headers.items():
            key = name.lower()
            headers[key] = f"{headers[key]}, {value}" if key in headers else value
        return Answer(response.status, headers, bytes(body[:body_max]))

    async def _ask_system(self, host: str, port: int) -> Sequence[str]:
        # Threads of our own: names that do not answer must not use up the loop's few.
        if self._threads is None:
            self._threads = ThreadPoolExecutor(RESOLVING_MAX, thread_name_prefix="resolver")
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, _resolved, host, port)


def _resolved(host: str, port: int) -> list[str]:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_ADDRCONFIG)
    except UnicodeError:  # its own idea of what a name is
        raise OSError("not a name") from None
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


def _before_connecting(error: Exception) -> str:
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return "the name cannot be resolved"
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        return "the certificate is not valid for this address"
    if isinstance(error, aiohttp.ClientSSLError):
        return "no TLS connection came about"
    if isinstance(error, TimeoutError):
        return "no connection in time"
    return "the connection was refused"


def _after_connecting(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return "no complete answer in time"
    if isinstance(error, aiohttp.ClientPayloadError | aiohttp.ServerDisconnectedError):
        return "the connection ended before the answer was complete"
    if isinstance(error, aiohttp.ClientResponseError):
        return "the answer is not HTTP"
    return "the connection broke"
