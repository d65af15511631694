"""Notice channels by command, beside a running server."""

from __future__ import annotations

import json
import subprocess
from typing import Any

import pytest

from tests.support.process import HANDBILL, Server

UNKNOWN = "019ca9b5-8d00-7000-8000-0000000000ff"
TOKEN = "123456789:AAFakeFakeFakeFakeFakeFakeFakeFake01"


@pytest.fixture(scope="module")
def merchant(server: Server) -> str:
    made: dict[str, Any] = server.command("merchants", "create", "Corner shop", "--json").json
    return str(made["id"])


def add(
    server: Server, merchant: str, secret: str, *order: str
) -> subprocess.CompletedProcess[str]:
    command = [*HANDBILL, "notices", "add", merchant, "--data", str(server.folder), *order]
    return subprocess.run(command, input=secret + "\n", capture_output=True, text=True, timeout=60)


def test_a_channel_is_added_listed_tried_and_removed(server: Server, merchant: str) -> None:
    done = add(
        server, merchant, TOKEN, "--telegram", "-1001", "--event", "payment.charged", "--json"
    )
    assert (done.returncode, done.stderr) == (0, "")
    [made] = json.loads(done.stdout)
    assert (made["kind"], made["target"], made["test"]) == ("telegram", "-1001", False)
    assert TOKEN not in done.stdout

    listed = server.command("notices", "list", merchant).out.splitlines()
    assert len(listed) == 1
    assert made["id"] in listed[0]

    removed = server.command("notices", "remove", made["id"])
    assert (removed.code, removed.err) == (0, "")
    assert server.command("notices", "list", merchant, "--json").json == []


@pytest.mark.parametrize(
    ("secret", "order", "code"),
    [
        ("", [], 2),
        (TOKEN, ["--telegram", "-1001", "--address"], 2),
        ("nonsense", ["--telegram", "-1001"], 2),
        ("file:///etc/passwd", ["--address"], 2),
        ("", ["--email", "anna@shop.example"], 1),
    ],
)
def test_what_cannot_be_added_is_refused_in_a_line(
    server: Server, merchant: str, secret: str, order: list[str], code: int
) -> None:
    done = add(server, merchant, secret, *order)
    assert (done.returncode, done.stdout, len(done.stderr.splitlines())) == (code, "", 1)


@pytest.mark.parametrize("order", ["test", "remove"])
@pytest.mark.parametrize("channel", ["nonsense", UNKNOWN])
def test_a_channel_that_is_not_there_is_not_found(server: Server, order: str, channel: str) -> None:
    done = server.command("notices", order, channel)
    assert (done.code, done.out, len(done.err.splitlines())) == (1, "", 1)
