"""The books by the operator's commands, while the server that writes them runs."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.support.books import hledger_complains, judge_books_at
from tests.support.process import Server, pay_through


@pytest.fixture(scope="module", autouse=True)
def paid(server: Server) -> None:
    for _ in range(3):
        pay_through(server, server.first_words.link_id)


@pytest.fixture
def merchant(server: Server) -> str:
    return str(server.first_words.merchant_id)


def test_the_balance_is_that_of_the_api(server: Server, merchant: str) -> None:
    done = server.command("books", "balance", merchant, "--test", "--json")

    with server.client(server.first_words.test_key) as shop:
        [said] = shop.get("/api/v1/balance").json()["data"]["balances"]
    held = {one["account"]: one["minor"] for one in done.json}["acquirer:sandbox"]
    assert held == said["held"] > 0
    people = server.command("books", "balance", merchant, "--test").out
    assert f"{held / 100:.2f} {said['currency']}  acquirer:sandbox" in people
    assert server.command("books", "balance", merchant).out == ""  # no live money


def test_hledger_accepts_the_export_and_verify_its_heads(server: Server, tmp_path: Path) -> None:
    file = tmp_path / "books.journal"

    written = server.command("books", "export", str(file))
    again = server.command("books", "export", str(file))

    assert (written.code, again.code) == (0, 1)
    assert hledger_complains(file.read_text()) == ""
    verified = server.command("books", "verify", "--against", str(file))
    assert (verified.code, verified.out) == (0, "The books are as they were written.\n")


def test_a_head_that_the_api_gave_is_verified(
    server: Server, merchant: str, tmp_path: Path
) -> None:
    with server.client(server.first_words.test_key) as shop:
        head = shop.get("/api/v1/balance").json()["data"]["head"]
    noted = tmp_path / "heads.txt"
    noted.write_text(f"; head: merchant {merchant} test {head['sequence']} {head['hash']}\n")
    pay_through(server, server.first_words.link_id)
    assert server.command("books", "verify", "--against", str(noted)).code == 0

    wrong = f"; head: merchant {merchant} test {head['sequence']} {'f' * 64}\n"
    noted.write_text(wrong)
    refused = server.command("books", "verify", "--against", str(noted))

    assert refused.code == 1
    assert f"entry {head['sequence']}: is not the entry that was noted" in refused.out


@pytest.mark.parametrize("text", [None, "a shopping list\n"])
def test_what_is_no_export_is_refused(server: Server, tmp_path: Path, text: str | None) -> None:
    file = tmp_path / "other.txt"
    if text is not None:
        file.write_text(text)

    done = server.command("books", "verify", "--against", str(file))

    assert (done.code, "--against" in done.err) == (2, True)


def test_a_server_that_runs_has_books_that_both_judges_accept(server: Server) -> None:
    url = f"sqlite:///{server.folder}/handbill.db"

    before = judge_books_at(url)
    pay_through(server, server.first_words.link_id)

    assert sum(head.sequence for head in judge_books_at(url, before).values()) == 1 + sum(
        head.sequence for head in before.values()
    )


def test_books_that_somebody_touched_are_named(server: Server, tmp_path: Path) -> None:
    """On a backup, so that the server goes on with its own."""
    backup, folder = tmp_path / "backup", tmp_path / "restored"
    assert server.command("backup", str(backup)).code == 0
    assert server.command("restore", str(backup), "--data", str(folder)).code == 0
    with closing(sqlite3.connect(folder / "handbill.db")) as rows:
        rows.execute("DROP TRIGGER ledger_postings_fix")
        rows.execute("UPDATE ledger_postings SET amount_minor = amount_minor + 1 WHERE line = 0")
        rows.commit()

    done = server.command("books", "verify", "--data", str(folder))

    assert done.code == 1
    assert "entry 1: is not what its hash says" in done.out
    assert "entry 1: does not balance" in done.out
