"""`handbill print`: from a link to a file of cards, beside a running server."""

from __future__ import annotations

from pathlib import Path

import httpx2

from tests.support.paper import codes_on, text_on
from tests.support.process import Server, serving

PUBLIC = ("--public-url", "https://pay.example.com")
UNKNOWN = "019ca9b5-8d00-7000-8000-0000000000ff"


def test_cards_are_printed_in_one_step(server: Server, tmp_path: Path) -> None:
    link, cards = server.first_words.link_id, tmp_path / "cards.pdf"
    done = server.command(
        *("print", link, "--new", "Table 1..3", "--lang", "fr", "-o", str(cards), *PUBLIC)
    )

    assert (done.code, done.err) == (0, "")
    assert done.out.startswith("table, fr: 3 codes of ")
    codes = codes_on(cards.read_bytes())
    assert len(set(codes)) == 3
    assert all(f"Table {number}" in text_on(cards.read_bytes()) for number in (1, 2, 3))
    key = {"x-api-key": server.first_words.test_key}
    made = httpx2.get(f"{server.url}/api/v1/links/{link}/placements", headers=key).json()["data"]
    assert [f"https://PAY.EXAMPLE.COM/L/{one['code']}" for one in made] == codes
    assert made[0]["print"]["stale"] is False
    assert [path.name for path in tmp_path.iterdir()] == ["cards.pdf"]

    again = tmp_path / "again.pdf"
    chosen = ("--placements", "Table 3", "--placements", "Table 1", "--no-price")
    done = server.command("print", link, *chosen, "-o", str(again), "--json", *PUBLIC)
    assert done.json["codes"] == 2
    assert codes_on(again.read_bytes()) == [codes[2], codes[0]]
    every = server.command("print", link, "--placements", "all", "--check", "--json", *PUBLIC)
    assert (every.json["codes"], every.json["pages"]) == (3, 3)


def test_a_product_is_printed_by_its_id(server: Server, tmp_path: Path) -> None:
    key = {"x-api-key": server.first_words.test_key}
    [product] = httpx2.get(f"{server.url}/api/v1/products", headers=key).json()["data"]
    sheet = tmp_path / "coffee.pdf"
    done = server.command("print", product["id"], "-o", str(sheet), *PUBLIC)
    assert (done.code, "Coffee" in text_on(sheet.read_bytes())) == (0, True)


def test_what_cannot_be_printed_is_said_so(server: Server, tmp_path: Path) -> None:
    link, there = server.first_words.link_id, tmp_path / "there.pdf"
    there.write_bytes(b"mine")
    new = ("-o", str(tmp_path / "new.pdf"))
    for arguments, code, words in (
        ((link, "-o", str(there), *PUBLIC), 1, "exists already"),
        ((link, *new), 1, "cannot open http://localhost:"),
        ((link, "--new", "Bar 1..2", *new), 1, "cannot open http://localhost:"),
        ((link, "--template", "banner", *new, *PUBLIC), 2, "--template must be one of"),
        ((link, "--new", "Bar 2..1", *new, *PUBLIC), 2, "--new must count upwards"),
        ((link, "--placements", "Cellar", *new, *PUBLIC), 2, "--placements names no placement"),
        ((link, "--color", "#ffff00", *new, *PUBLIC), 2, "--color is too light"),
        ((link, "--lang", "xx", *new, *PUBLIC), 2, "--lang must be one of"),
        ((link,), 2, "--output is missing"),
        ((UNKNOWN, *new), 1, "no such link or product"),
        ((), 2, "ID is missing"),
    ):
        done = server.command("print", *arguments)
        assert (done.code, words in done.err) == (code, True), done.err
    assert there.read_bytes() == b"mine"
    assert [path.name for path in tmp_path.iterdir()] == ["there.pdf"]
    key = {"x-api-key": server.first_words.test_key}
    made = httpx2.get(f"{server.url}/api/v1/links/{link}/placements?q=Bar", headers=key)
    assert made.json()["data"] == []


def test_templates_are_listed(server: Server) -> None:
    assert "table           105 x 148 mm, 1 on a page" in server.command("print", "--list").out


def test_a_start_at_another_address_names_what_is_on_paper(server: Server, tmp_path: Path) -> None:
    link, sheet = server.first_words.link_id, str(tmp_path / "sheet.pdf")
    done = server.command("print", link, "-o", sheet, "--public-url", "https://old.example.com")
    assert done.code == 0, done.err
    with serving(server.folder, "--former-hosts", "pay.example.com") as again:
        assert "  https://old.example.com: 1 codes\n" in again.out
        assert "pay.example.com" not in again.out
