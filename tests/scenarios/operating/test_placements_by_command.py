"""`handbill placements`: the codes of a café's tables, made beside a running server."""

from __future__ import annotations

from pathlib import Path

import httpx2

from tests.support.process import Server


def test_tables_are_made_found_renamed_moved_and_removed(server: Server) -> None:
    words = server.first_words
    link, key = words.link_id, {"x-api-key": words.test_key}
    product = httpx2.get(f"{server.url}/api/v1/products", headers=key).json()["data"][0]
    at = ("--public-url", words.link_url.partition("/pay/")[0])

    tables = server.command("placements", "add", link, "Table 1..3", "Window", *at, "--json").json

    path = f"{server.url}/api/v1/links/{link}/placements"
    assert httpx2.get(path, headers=key).json()["data"] == tables
    codes = [one["code"] for one in tables]
    renamed = server.command("placements", "rename", codes[0].lower(), "Terrace 1")
    assert renamed.out == f"{codes[0]}  Terrace 1  0 opens, 0 starts, 0 paid\n"
    moved = server.command("placements", "move", tables[1]["id"], product["link"], *at, "--json")
    assert moved.json[0]["link"] == product["link"]
    assert codes[3] in server.command("placements", "remove", codes[3]).out
    left = server.command("placements", "list", link).out.splitlines()
    assert [line.split("  ")[:2] for line in left] == [
        [codes[0], "Terrace 1"],
        [codes[2], "Table 3"],
    ]


def test_what_cannot_be_made_is_told_by_its_row(server: Server, tmp_path: Path) -> None:
    link, tables = server.first_words.link_id, tmp_path / "tables.csv"
    tables.write_bytes("\ufeffname;seats\r\nBar;2\r\n;4\r\nBar;2\r\n".encode())

    refused = server.command("placements", "add", link, "--csv", str(tables))

    assert (refused.code, refused.err.splitlines()) == (
        2,
        [
            "handbill: row 3 must not be empty",
            "handbill: row 4 “Bar” stands twice, first in row 2",
        ],
    )
    for arguments, code, words in (
        (("add", link), 2, "NAME or --csv"),
        (("add", link, "Table 9..1"), 2, "NAME must count upwards"),
        (("add", "nonsense", "Bar"), 1, "no such link"),
        (("move", "nonsense", link), 1, "no such placement"),
    ):
        done = server.command("placements", *arguments)
        assert (done.code, words in done.err) == (code, True), done.err
