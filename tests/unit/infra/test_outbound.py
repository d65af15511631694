"""Requests that arrive, answers that do not, and what each of the three failures promises."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import AsyncIterator
from ipaddress import ip_network

import pytest

from handbill.infra.outbound import NoAnswer, Outbound, Refused, Unreachable
from tests.support.receivers import answer, raw_answer, receiving, silence

pytestmark = pytest.mark.anyio

LOOPBACK = (ip_network("127.0.0.0/8"), ip_network("::1/128"))


@pytest.fixture
async def trusted() -> AsyncIterator[Outbound]:
    outbound = Outbound(guarded=False)
    yield outbound
    await outbound.close()


@pytest.fixture
async def guarded() -> AsyncIterator[Outbound]:
    outbound = Outbound(guarded=True, networks=LOOPBACK)
    yield outbound
    await outbound.close()


@pytest.fixture(params=["trusted", "guarded"])
async def outbound(
    request: pytest.FixtureRequest, trusted: Outbound, guarded: Outbound
) -> Outbound:
    return trusted if request.param == "trusted" else guarded


async def test_a_request_arrives_as_it_was_given_and_so_does_the_answer(
    outbound: Outbound,
) -> None:
    script = answer("201 Created", b'{"ok":true}', {"X-Kind": "a", "x-kind": "b"})
    async with receiving(script) as receiver:
        got = await outbound.send(
            "POST", receiver.url("/a?b=c%20d"), headers={"X-Key": "k"}, body=b"\x00body"
        )

    assert (got.status, got.body) == (201, b'{"ok":true}')
    assert got.headers["x-kind"] == "a, b"
    heard = receiver.heard[0]
    assert heard.line == "POST /a?b=c%20d HTTP/1.1"
    assert heard.body == b"\x00body"
    assert heard.headers["x-key"] == "k"
    assert heard.headers["user-agent"].startswith("Handbill/")
    assert heard.headers["accept-encoding"] == "identity"


@pytest.mark.parametrize("status", ["301 Moved", "302 Found", "307 Temporary", "308 Permanent"])
async def test_a_redirect_is_an_answer_and_is_not_followed(outbound: Outbound, status: str) -> None:
    async with (
        receiving(answer()) as elsewhere,
        receiving(answer(status, headers={"location": elsewhere.url()})) as receiver,
    ):
        got = await outbound.send("POST", receiver.url(), body=b"{}")

    assert got.status == int(status[:3])
    assert elsewhere.connections == 0


async def test_proxies_of_the_environment_are_not_used(
    outbound: Outbound, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with receiving(answer()) as proxy, receiving(answer()) as receiver:
        for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy.url("/"))
        await outbound.send("GET", receiver.url())

    assert (proxy.connections, len(receiver.heard)) == (0, 1)


async def test_cookies_are_not_kept(outbound: Outbound) -> None:
    async with receiving(answer(headers={"set-cookie": "a=b; Path=/"})) as receiver:
        await outbound.send("GET", receiver.url(host="localhost"))
        await outbound.send("GET", receiver.url(host="localhost"))

    assert [("cookie" in heard.headers) for heard in receiver.heard] == [False, False]


async def test_a_closed_port_is_unreachable(outbound: Outbound) -> None:
    async with receiving(answer()) as receiver:
        url = receiver.url("/secret-path")

    with pytest.raises(Unreachable) as caught:
        await outbound.send("POST", url, headers={"x-key": "secret-key"})

    assert "secret" not in str(caught.value)


async def test_a_name_without_an_address_is_unreachable() -> None:
    async def nobody(host: str, port: int) -> list[str]:
        raise OSError("unknown")

    outbound = Outbound(guarded=False, lookup=nobody)
    with pytest.raises(Unreachable, match="resolved"):
        await outbound.send("GET", "https://shop.example/")
    await outbound.close()


async def test_a_resolver_that_hangs_is_unreachable() -> None:
    async def hang(host: str, port: int) -> list[str]:
        await asyncio.Event().wait()
        return []

    outbound = Outbound(guarded=True, lookup=hang)
    with pytest.raises(Unreachable, match="time"):
        await outbound.send("GET", "https://shop.example/", timeout_seconds=0.05)
    await outbound.close()


async def test_a_server_that_says_nothing_gives_no_answer(outbound: Outbound) -> None:
    over = asyncio.Event()
    async with receiving(silence(over)) as receiver:
        with pytest.raises(NoAnswer, match="time"):
            await outbound.send("POST", receiver.url(), body=b"{}", timeout_seconds=0.1)
        over.set()

    assert len(receiver.heard) == 1


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"HTTP/1.1 200 OK\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n12345",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\n12345\r\n",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n",
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b"HTTP/1.1 two hundred\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"x: " + b"a" * 100_000 + b"\r\n\r\n",
        b"\x00" * 1_000,
    ],
)
async def test_a_torn_or_senseless_answer_is_no_answer(outbound: Outbound, raw: bytes) -> None:
    async with receiving(raw_answer(raw)) as receiver:
        with pytest.raises(NoAnswer) as caught:
            await outbound.send("POST", receiver.url("/secret-path"), body=b"{}")

    assert "secret" not in str(caught.value)


async def test_a_trusted_answer_that_is_too_long_is_not_read_by_half(trusted: Outbound) -> None:
    async with receiving(answer(body=b"a" * 1_001)) as receiver:
        with pytest.raises(NoAnswer, match="1000"):
            await trusted.send("GET", receiver.url(), body_max=1_000)
        whole = await trusted.send("GET", receiver.url(), body_max=1_001)

    assert len(whole.body) == 1_001


async def test_a_guarded_answer_is_cut_at_two_kibibytes(guarded: Outbound) -> None:
    async with receiving(answer(body=b"a" * 50_000_000)) as receiver:
        got = await guarded.send("POST", receiver.url(), body=b"{}")

    assert (got.status, got.body) == (200, b"a" * 2_048)


async def test_a_trusted_answer_in_an_encoding_that_was_not_asked_for_is_no_answer(
    trusted: Outbound,
) -> None:
    script = answer(body=gzip.compress(b"a" * 1_000_000), headers={"content-encoding": "gzip"})
    async with receiving(script) as receiver:
        with pytest.raises(NoAnswer, match="compressed"):
            await trusted.send("GET", receiver.url())


async def test_a_guarded_bomb_stays_packed(guarded: Outbound) -> None:
    packed = gzip.compress(b"a" * 1_000_000)
    script = answer(body=packed, headers={"content-encoding": "gzip"})
    async with receiving(script) as receiver:
        got = await guarded.send("POST", receiver.url(), body=b"{}")

    assert got.body == packed[:2_048]


async def test_a_closed_client_sends_nothing(outbound: Outbound) -> None:
    async with receiving(answer()) as receiver:
        await outbound.send("GET", receiver.url())
        await outbound.close()
        with pytest.raises(Unreachable):
            await outbound.send("GET", receiver.url())

    assert len(receiver.heard) == 1


async def test_the_trusted_client_may_go_anywhere_that_can_be_read(trusted: Outbound) -> None:
    async with receiving(answer()) as receiver:
        assert (await trusted.send("GET", receiver.url())).status == 200
        with pytest.raises(Refused):
            await trusted.send("GET", "file:///etc/passwd")
