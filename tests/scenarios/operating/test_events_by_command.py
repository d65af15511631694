"""What happened, read and sent again by the operator, beside a running server."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.process import Server

UNKNOWN = "019ca9b5-8d00-7000-8000-0000000000ff"


@pytest.fixture(scope="module")
def merchant(server: Server) -> dict[str, Any]:
    """With two links, both of test money."""
    made: dict[str, Any] = server.command("merchants", "create", "Corner shop", "--json").json
    with server.client(made["api_keys"]["test"]) as shop:
        body = {"amount": {"default": 500, "currency": "RUB"}, "amount_type": "fixed"}
        for _ in range(2):
            shop.post("/api/v1/links", json={**body, "pay_config": {}}).raise_for_status()
    return made


def test_events_are_listed_by_mode_number_and_type(
    server: Server, merchant: dict[str, Any]
) -> None:
    name = str(merchant["id"])

    both = server.command("events", "list", name, "--test", "--json").json
    second = server.command("events", "list", name, "--test", "--after", "1").out.splitlines()
    live = server.command("events", "list", name, "--json").json
    closed = server.command("events", "list", name, "--test", "--type", "link.closed", "--json")

    assert [(one["type"], one["sequence"]) for one in both] == [
        *(("link.created", 1), ("link.created", 2))
    ]
    assert len(second) == 1
    assert "link.created" in second[0]
    assert both[1]["object"] in second[0]
    assert (live, closed.json) == ([], [])


def test_a_replay_is_begun(server: Server, merchant: dict[str, Any]) -> None:
    name = str(merchant["id"])

    for order in (["--failed"], ["--after", "0"], ["--after", "0", "--until", "2"]):
        done = server.command("events", "replay", name, "--test", *order)
        assert (done.code, done.err) == (0, "")
        assert done.out.startswith("Begun")


@pytest.mark.parametrize(
    ("order", "code"),
    [
        ([], 2),
        (["--until", "3"], 2),
        (["--failed", "--after", "1"], 2),
        (["--failed", "--until", "1"], 2),
        (["--failed", "--endpoint", UNKNOWN], 1),
    ],
)
def test_what_cannot_be_replayed_is_refused_in_a_line(
    server: Server, merchant: dict[str, Any], order: list[str], code: int
) -> None:
    done = server.command("events", "replay", str(merchant["id"]), "--test", *order)

    assert (done.code, done.out, len(done.err.splitlines())) == (code, "", 1)


def test_an_unknown_merchant_or_type_is_refused(server: Server) -> None:
    for words, code in (
        (["list", "999"], 1),
        (["replay", "999", "--failed"], 1),
        (["list", "1", "--type", "link.bent"], 2),
    ):
        done = server.command("events", *words)
        assert (done.code, len(done.err.splitlines())) == (code, 1)
