"""What a merchant's address can not make us do. Counted at the listener, not read off a string."""

from __future__ import annotations

import ipaddress
import itertools
import socket
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from handbill.infra.outbound import Outbound, OutboundError, Refused, Unreachable, address_fault
from tests.support.certificates import tls_pair
from tests.support.receivers import Heard, answer, receiving

pytestmark = pytest.mark.anyio

EVERYWHERE = ("0.0.0.0", "::")
PRIVATE_NAMES = {
    "private.example": ["127.0.0.1"],
    "private6.example": ["::1"],
    "mixed.example": ["93.184.216.34", "127.0.0.1"],
    "mixed6.example": ["127.0.0.1", "2606:4700::1111"],
    "mapped.example": ["::ffff:127.0.0.1"],
    "compatible.example": ["::127.0.0.1"],
    "nat64.example": ["64:ff9b::7f00:1"],
    "sixtofour.example": ["2002:7f00:1::"],
    "unspecified.example": ["0.0.0.0"],
    "unspecified6.example": ["::"],
    "scoped.example": ["fe80::1%lo"],
    "metadata.example": ["169.254.169.254"],
    "azure.example": ["168.63.129.16"],
    "127.0.0.1.nip.example": ["127.0.0.1"],
    "xn--localhost-1.example": ["127.0.0.1"],
}
TRICKS = [
    "https://127.0.0.1:{port}/",
    "http://127.0.0.1:{port}/",
    "https://127.0.0.2:{port}/",
    "https://127.255.255.254:{port}/",
    "https://0.0.0.0:{port}/",
    "https://0:{port}/",
    "https://127.1:{port}/",
    "https://127.0.1:{port}/",
    "https://2130706433:{port}/",
    "https://0x7f000001:{port}/",
    "https://0x7f.0.0.1:{port}/",
    "https://0x7f.1:{port}/",
    "https://0177.0.0.1:{port}/",
    "https://017700000001:{port}/",
    "https://127.0.0.01:{port}/",
    "https://127.0.0.1.:{port}/",
    "https://127.000.000.001:{port}/",
    "https://4294967297:{port}/",
    "https://[::1]:{port}/",
    "https://[0:0:0:0:0:0:0:1]:{port}/",
    "https://[::]:{port}/",
    "https://[::ffff:127.0.0.1]:{port}/",
    "https://[::ffff:7f00:1]:{port}/",
    "https://[::127.0.0.1]:{port}/",
    "https://[::ffff:0:127.0.0.1]:{port}/",
    "https://[64:ff9b::127.0.0.1]:{port}/",
    "https://[2002:7f00:1::]:{port}/",
    "https://[fe80::1%25lo]:{port}/",
    "https://[fe80::1%lo]:{port}/",
    "https://[::1%251]:{port}/",
    "https://localhost:{port}/",
    "https://LOCALHOST:{port}/",
    "https://localhost.:{port}/",
    "https://\u24db\u24de\u24d2\u24d0\u24db\u24d7\u24de\u24e2\u24e3:{port}/",
    "https://\u2460\u2461\u2466.0.0.1:{port}/",
    "https://127\u30020\u30020\u30021:{port}/",
    "https://\uff11\uff12\uff17.0.0.1:{port}/",
    "https://\u0661\u0662\u0667.0.0.1:{port}/",
    "https://%31%32%37.0.0.1:{port}/",
    "https://127.0.0.1%2f.example:{port}/",
    "https://127.0.0.1%00.example:{port}/",
    "https://user@127.0.0.1:{port}/",
    "https://shop.example@127.0.0.1:{port}/",
    "https://127.0.0.1:{port}@private.example:{port}/",
    "https://shop.example:443@127.0.0.1:{port}/",
    "https://shop.example\\@127.0.0.1:{port}/",
    "https://127.0.0.1:{port}\\@shop.example/",
    "https://shop.example#@127.0.0.1:{port}/",
    "https://127.0.0.1:{port}#@shop.example/",
    "https://\t127.0.0.1:{port}/",
    "https://127.0.0.1\t:{port}/",
    "\x00https://127.0.0.1:{port}/",
    " https://127.0.0.1:{port}/",
    "https:127.0.0.1:{port}/",
    "https:/127.0.0.1:{port}/",
    "https:///127.0.0.1:{port}/",
    "//127.0.0.1:{port}/",
    "HTTP://127.0.0.1:{port}/",
    "gopher://127.0.0.1:{port}/_x",
    "ftp://127.0.0.1:{port}/",
    "file://127.0.0.1:{port}/etc/passwd",
    "ws://127.0.0.1:{port}/",
    "tcp://127.0.0.1:{port}/",
    "unix://127.0.0.1:{port}/",
    "https://[::1:{port}/",
    "https://127.0.0.1:{port}:443/",
    *(f"https://{name}:{{port}}/" for name in PRIVATE_NAMES),
]


async def trick_names(host: str, port: int) -> Sequence[str]:
    """The names above, and what the system makes of strange numbers; asks no server."""
    known = PRIVATE_NAMES.get(host.lower().removesuffix("."))
    if known is not None:
        return known
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST)
    return [str(address[0]) for *_, address in found]


async def test_no_trick_with_an_address_leads_to_a_connection() -> None:
    async with receiving(answer(), EVERYWHERE) as listener:
        guarded = Outbound(guarded=True, ports=[listener.port], lookup=trick_names)
        for trick in TRICKS:
            for plain in (False, True):
                with pytest.raises((Refused, Unreachable)):
                    await guarded.send("POST", trick.format(port=listener.port), plain=plain)
        await guarded.close()

    assert len(TRICKS) >= 60
    assert listener.connections == 0


async def test_the_same_listener_hears_a_request_that_is_allowed() -> None:
    """The count above would also be nought if the listener were deaf."""
    networks = (ipaddress.ip_network("127.0.0.0/8"), ipaddress.ip_network("::1/128"))
    async with receiving(answer(), EVERYWHERE) as listener:
        guarded = Outbound(guarded=True, networks=networks, lookup=trick_names)
        for host in ("127.0.0.1", "[::1]", "private.example", "private6.example", "127.0.0.9"):
            assert (await guarded.send("GET", listener.url(host=host))).status == 200
        await guarded.close()

    assert listener.connections == 5


@pytest.mark.parametrize("second", ["127.0.0.1", "::1", "0.0.0.0"])
async def test_a_name_that_flips_its_address_leads_to_no_private_connection(second: str) -> None:
    """One loopback address plays the public server, because a test must not leave the machine."""
    answers = itertools.cycle([["127.0.0.2"], [second], ["127.0.0.2", second]])

    async def flip(host: str, port: int) -> Sequence[str]:
        return next(answers)

    networks = (ipaddress.ip_network("127.0.0.2/32"),)
    async with (
        receiving(answer(), ("127.0.0.2",)) as allowed,
        receiving(answer(), ("127.0.0.1", "::1")) as private,
    ):
        guarded = Outbound(guarded=True, networks=networks, lookup=flip)
        for _ in range(1_000):
            for port in (allowed.port, private.port):
                with suppress(OutboundError):
                    await guarded.send("POST", f"http://flip.example:{port}/")
        await guarded.close()

    assert private.connections == 0
    assert len(allowed.heard) > 300


async def test_a_peer_that_is_not_the_checked_address_is_sent_nothing() -> None:
    """Linux connects 0.0.0.0 to 127.0.0.1: the only way to reach another peer without root."""
    networks = (ipaddress.ip_network("0.0.0.0/32"),)
    async with receiving(answer()) as listener:
        guarded = Outbound(guarded=True, networks=networks)
        with pytest.raises(Refused):
            await guarded.send("POST", listener.url(host="0.0.0.0"), body=b"secret")
        await guarded.close()

    assert listener.heard == []


@pytest.mark.parametrize(
    ("url", "plain"),
    [
        ("http://93.184.216.34/", False),
        ("http://93.184.216.34:443/", False),
        ("http://93.184.216.34:22/", True),
        ("https://93.184.216.34:22/", False),
        ("https://93.184.216.34:80/", False),
        ("https://public.example:25/", False),
        ("http://public.example/", False),
    ],
)
async def test_a_public_server_is_asked_only_over_tls_and_on_web_ports(
    url: str, plain: bool
) -> None:
    async def public(host: str, port: int) -> Sequence[str]:
        return ["93.184.216.34"]

    guarded = Outbound(guarded=True, lookup=public)
    with pytest.raises(Refused):
        await guarded.send("POST", url, plain=plain)
    await guarded.close()


@pytest.mark.parametrize("host", ["pay.example", "PAY.example.", "pay.example:8443"])
async def test_our_own_public_address_is_refused_unless_its_network_is_open(host: str) -> None:
    async def ours(name: str, port: int) -> Sequence[str]:
        return ["93.184.216.34"]

    guarded = Outbound(guarded=True, own_origin="https://Pay.example", lookup=ours)
    with pytest.raises(Refused):
        await guarded.send("POST", f"https://{host}/api/v1/links")
    await guarded.close()


async def test_our_own_address_in_an_open_network_is_reached() -> None:
    networks = (ipaddress.ip_network("127.0.0.0/8"),)
    async with receiving(answer()) as receiver:
        guarded = Outbound(guarded=True, networks=networks, own_origin=receiver.url(""))
        got = await guarded.send("POST", receiver.url())
        await guarded.close()

    assert got.status == 200


# Without digits no address can come out, so that nothing is ever connected to.
letters = st.text(st.characters(exclude_categories=["Nd", "Nl", "No"]), max_size=80)


@settings(max_examples=500, deadline=None)
@given(st.one_of(letters, st.builds("https://{}/{}".format, letters, letters)))
async def test_whatever_is_typed_ends_as_refused_or_unreachable(url: str) -> None:
    async def nowhere(host: str, port: int) -> Sequence[str]:
        host.encode("ascii")
        raise OSError("no such name")

    guarded = Outbound(guarded=True, lookup=nowhere)
    address_fault(url, test=True, networks=())
    with pytest.raises((Refused, Unreachable)):
        await guarded.send("POST", url, body=b"{}")
    await guarded.close()


async def test_tls_is_asked_for_by_name_though_the_connection_goes_to_the_checked_address(
    tmp_path: Path,
) -> None:
    server, client = tls_pair(tmp_path, "shop.example")
    names: list[str | None] = []
    server.sni_callback = lambda _socket, name, _context: names.append(name)

    async def loopback(host: str, port: int) -> Sequence[str]:
        return ["127.0.0.1"]

    networks = (ipaddress.ip_network("127.0.0.0/8"),)
    async with receiving(answer(), tls=server) as receiver:
        guarded = Outbound(guarded=True, networks=networks, tls=client, lookup=loopback)
        got = await guarded.send("POST", receiver.url(host="shop.example", scheme="https"))
        with pytest.raises(Unreachable, match="certificate"):
            await guarded.send("POST", receiver.url(host="other.example", scheme="https"))
        await guarded.close()

    assert got.status == 200
    assert names == ["shop.example", "other.example"]
    heard: Heard = receiver.heard[0]
    assert heard.headers["host"] == f"shop.example:{receiver.port}"
    assert len(receiver.heard) == 1


async def test_a_certificate_that_nobody_trusts_is_refused(tmp_path: Path) -> None:
    server, _ = tls_pair(tmp_path, "shop.example")
    networks = (ipaddress.ip_network("127.0.0.0/8"),)
    async with receiving(answer(), tls=server) as receiver:
        guarded = Outbound(guarded=True, networks=networks)
        with pytest.raises(Unreachable, match="certificate"):
            await guarded.send("POST", receiver.url(scheme="https"), body=b"secret")
        await guarded.close()

    assert receiver.heard == []
