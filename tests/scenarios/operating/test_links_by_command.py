"""`handbill links`: addresses for one payer, made beside a running server."""

from __future__ import annotations

from pathlib import Path

import httpx2
import msgspec

from tests.support.process import Server

UNKNOWN = "019ca9b5-8d00-7000-8000-0000000000ff"


def test_an_address_that_the_command_makes_opens_at_the_server(server: Server) -> None:
    link = server.first_words.link_id
    made = server.command(
        *("links", "personal", link, "--reference", "INV 1", "--email", "anna@example.com"),
        *("--public-url", server.url),
    )
    address = made.out.strip()

    assert (made.code, made.err) == (0, "")
    assert address.startswith(f"{server.url}/pay/link/{link}?sig=")
    assert "&reference=INV%201&email=" in address
    assert httpx2.get(address).status_code == 200
    assert httpx2.get(address.replace("INV%201", "INV%202")).status_code == 403


def test_many_are_made_at_once(server: Server, tmp_path: Path) -> None:
    link, orders = server.first_words.link_id, tmp_path / "orders.jsonl"
    orders.write_bytes(b"".join(b'{"reference": "INV-%d"}\n' % n for n in range(500)))

    done = server.command("links", "personal", link, "--each", str(orders))

    made = [msgspec.json.decode(line) for line in done.out.splitlines()]
    assert [one["reference"] for one in made] == [f"INV-{n}" for n in range(500)]
    assert len({one["url"] for one in made}) == 500


def test_what_cannot_be_made_is_said_so(server: Server, tmp_path: Path) -> None:
    link, orders = server.first_words.link_id, tmp_path / "orders.jsonl"
    orders.write_text('{"reference": "a"}\n{"reference": "b", "emial": "anna@example.com"}\n')
    for arguments, code, words in (
        ((link,), 2, "--amount or reference"),
        ((link, "--email", "anna"), 2, "--email must be"),
        ((link, "--expires", "soon"), 2, "--expires must be"),
        ((link, "--expires", "1"), 2, "--expires must be in the future"),
        ((link, "--each", str(orders)), 2, "line 2: "),
        ((UNKNOWN, "--reference", "x"), 1, "no such link"),
        (("nonsense", "--reference", "x"), 1, "no such link"),
    ):
        done = server.command("links", "personal", *arguments)
        assert (done.code, words in done.err) == (code, True), done.err


def test_a_snippet_is_printed_as_the_api_gives_it(server: Server) -> None:
    link = server.first_words.link_id
    key = {"x-api-key": server.first_words.test_key}
    told = httpx2.get(f"{server.url}/api/v1/links/{link}/snippets?lang=fr", headers=key).json()

    public = server.first_words.link_url.partition("/pay/")[0]
    asked = ("links", "snippet", link, "--lang", "fr", "--public-url", public)
    made = server.command(*asked, "--json").json

    assert made == told["data"]
    assert server.command(*asked, "--kind", "button").out == made["button"] + "\n"
    refused = server.command("links", "snippet", link, "--lang", "xx")
    assert (refused.code, "--lang must be one of" in refused.err) == (2, True)
