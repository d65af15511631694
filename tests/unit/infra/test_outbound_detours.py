"""The roads by which a request could come back to us, or to a neighbour, after its address was
judged: a redirect, a proxy of the environment, another name of our own machine."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from ipaddress import ip_address, ip_network
from pathlib import Path

import pytest

from handbill.infra.gate import Gate, Resolver
from handbill.infra.networks import Address
from handbill.infra.outbound import Outbound, Refused
from tests.support.receivers import answer, receiving

pytestmark = pytest.mark.anyio

ROOT = Path(__file__).parents[3]
OPEN = (ip_network("127.0.0.2/32"),)
OWN = "93.184.216.34"
OTHER = "93.184.216.35"
PROXIES = ("http_proxy", "https_proxy", "all_proxy", "ws_proxy")


@pytest.mark.parametrize("status", ["300", "301", "302", "303", "305", "307", "308"])
@pytest.mark.parametrize(
    "location",
    [
        "http://127.0.0.1:{port}/",
        "//127.0.0.1:{port}/",
        "http://localhost:{port}/",
        "http://[::ffff:127.0.0.1]:{port}/",
    ],
)
async def test_a_redirect_leads_nowhere(status: str, location: str) -> None:
    async with receiving(answer()) as canary:
        where = location.format(port=canary.port)
        headers = {"Location": where, "Refresh": f"0; url={where}", "Proxy": where}
        async with receiving(answer(f"{status} Moved", headers=headers), ("127.0.0.2",)) as first:
            guarded = Outbound(guarded=True, networks=OPEN)
            got = await guarded.send("POST", first.url(host="127.0.0.2"), body=b"{}")
            await guarded.close()

    assert (got.status, len(first.heard), canary.connections) == (int(status), 1, 0)


@pytest.mark.parametrize("guarded", [True, False], ids=["guarded", "trusted"])
async def test_a_proxy_of_the_environment_is_not_asked(
    guarded: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with receiving(answer()) as canary, receiving(answer(), ("127.0.0.2",)) as receiver:
        for name in PROXIES:
            monkeypatch.setenv(name, canary.url(""))
            monkeypatch.setenv(name.upper(), canary.url(""))
        monkeypatch.delenv("no_proxy", raising=False)
        monkeypatch.delenv("NO_PROXY", raising=False)
        outbound = Outbound(guarded=guarded, networks=OPEN)
        got = await outbound.send("POST", receiver.url(host="127.0.0.2"), body=b"secret")
        await outbound.close()

    assert (got.status, len(receiver.heard), canary.connections) == (200, 1, 0)


NAMES = {
    "pay.example": [OWN, "2606:4700::1111"],
    "nickname.example": [OWN],
    "mapped.example": [f"::ffff:{OWN}"],
    "nat64.example": ["64:ff9b::5db8:d822"],
    "six.example": ["2606:4700::1111"],
    "other.example": [OTHER],
    "mixed.example": [OTHER, OWN],
}

CLOSED = [name for name in NAMES if name != "other.example"]


async def names(host: str, port: int) -> Sequence[str]:
    return NAMES[host]


@pytest.mark.parametrize("host", [*CLOSED, OWN, "[2606:4700::1111]", f"[::ffff:{OWN}]"])
async def test_our_own_public_addresses_are_closed_under_any_name(host: str) -> None:
    guarded = Outbound(guarded=True, own_origin="https://pay.example", lookup=names)

    with pytest.raises(Refused):
        await guarded.send("POST", f"https://{host}/hook", timeout_seconds=1)

    await guarded.close()


async def test_another_public_address_is_not_ours() -> None:
    """Asked of the resolver: a test must not connect to it."""

    async def ours() -> set[Address]:
        return {ip_address(OWN)}

    found = await Resolver(Gate(public=True), names, ours).resolve("other.example", 443)

    assert [one["host"] for one in found] == [OTHER]


async def test_a_name_of_ours_that_does_not_resolve_here_closes_nothing() -> None:
    async def only_others(host: str, port: int) -> Sequence[str]:
        if host == "pay.example":
            raise OSError("no such name")
        return ["127.0.0.2"]

    async with receiving(answer(), ("127.0.0.2",)) as receiver:
        guarded = Outbound(
            guarded=True, networks=OPEN, own_origin="https://pay.example", lookup=only_others
        )
        got = await guarded.send("POST", receiver.url(host="shop.example"))
        await guarded.close()

    assert got.status == 200


@pytest.mark.slow
def test_a_public_address_that_this_machine_has_is_sent_nothing() -> None:
    """In a network of its own, where a public address can be given to the machine."""
    done = subprocess.run(
        [
            *("unshare", "--net", "--map-root-user", "sh", "-c"),
            'ip link set lo up && ip address add "$1/32" dev lo && shift && exec "$@"',
            *("sh", OWN, sys.executable, "-m", "tests.support.own_address", OWN),
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
    )

    assert done.stdout.splitlines() == ["refused", "heard 0"], done.stderr
