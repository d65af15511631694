"""`handbill till`: a till is opened, and its PIN is set, beside a running server."""

from __future__ import annotations

import io
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import httpx2
import pytest

from tests.support.process import Done, Server
from tests.unit.qr.reading import rasterised_terminal, read_picture

MERCHANT = "1"
INK, END = "\x1b[38;5;16;48;5;231m", "\x1b[0m"
"""What a terminal is sent around each line of a code, and a pipe is not."""


def set_pin(server: Server, monkeypatch: pytest.MonkeyPatch, pin: str, *words: str) -> Done:
    monkeypatch.setattr(sys, "stdin", io.StringIO(f"{pin}\n"))
    return server.command("till", "pin", MERCHANT, *words)


def public_url(server: Server) -> str:
    """As the server calls itself by default."""
    return server.url.replace("127.0.0.1", "localhost")


def open_till(server: Server, *words: str) -> Done:
    return server.command("till", "open", MERCHANT, "--public-url", public_url(server), *words)


@contextmanager
def signed_in(server: Server, key: str) -> Iterator[httpx2.Client]:
    with server.client() as browser:
        headers = {"origin": public_url(server)}
        answer = browser.post("/till/session", data={"key": key}, headers=headers)
        assert answer.status_code == 303
        yield browser


def test_the_address_opens_a_till_and_its_code_says_the_same(server: Server) -> None:
    said = open_till(server).out.splitlines()
    address = next(line for line in said if "/till#hb_test_" in line)
    drawn = [f"{INK}{line}{END}" for line in said if line and set(line) <= set(" ▀▄█")]
    assert read_picture(rasterised_terminal("\n".join(drawn))).text == address

    page, key = address.split("#")
    assert page == f"{public_url(server)}/till"
    with signed_in(server, key) as browser:
        assert "New sale" in browser.get("/till").text


def test_a_revoked_key_opens_no_till(server: Server) -> None:
    made = open_till(server, "--live", "--json").json
    assert made["key"].startswith("hb_live_")
    assert made["url"] == f"{public_url(server)}/till#{made['key']}"
    listed = server.command("keys", "list", MERCHANT, "--json").json
    assert [key["scopes"] for key in listed if key["id"] == made["id"]] == [["till"]]
    with signed_in(server, made["key"]) as browser:
        assert "New sale" in browser.get("/till").text
        assert server.command("keys", "revoke", made["id"]).code == 0
        assert "New sale" not in browser.get("/till").text


def test_the_pin_is_read_and_not_shown(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    done = set_pin(server, monkeypatch, "4821")
    assert (done.code, done.out) == (0, "The PIN is set.\n")
    with server.client(server.first_words.test_key) as shop:
        merchant = shop.get("/api/v1/merchant")
        assert merchant.json()["data"]["till_pin_set"] is True
        server.command("till", "pin", MERCHANT, "--remove")
        assert shop.get("/api/v1/merchant").json()["data"]["till_pin_set"] is False


@pytest.mark.parametrize("pin", ["", "123", "four"])
def test_what_is_no_pin_is_refused(
    server: Server, monkeypatch: pytest.MonkeyPatch, pin: str
) -> None:
    done = set_pin(server, monkeypatch, pin)
    assert (done.code, done.err) == (2, "handbill: till_pin must have 4 to 8 digits\n")


def test_a_merchant_that_is_not_there_gets_no_till(server: Server) -> None:
    for words in (("open", "999"), ("pin", "999", "--remove")):
        assert server.command("till", *words).code == 1
