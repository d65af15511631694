"""`handbill payers`: for whoever has to answer a person who asks, or wants to be forgotten."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.process import HANDBILL, Server, serving

CUSTOMER = {"email": "anna@mail.example", "phone": "+7 900", "name": "Anna"}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serving(tmp_path_factory.mktemp("payers") / "data", "--rate-limit", "0") as running:
        yield running


def order(server: Server, **customer: str) -> str:
    """Gives the payment's id."""
    params = {"type": "payment", "amount": 1_050, "currency": "RUB"}
    body = {"params": {**params, "customer": {**CUSTOMER, **customer}}}
    answer = server.client(server.first_words.test_key).post("/api/v1/transactions", json=body)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["data"]["id"])


def test_a_person_is_shown_what_is_known_of_them(server: Server) -> None:
    payment_id = order(server, email="shown@mail.example")

    told = server.command("payers", "show", "--email", "shown@mail.example")
    [shown] = server.command("payers", "show", payment_id, "--json").json

    assert "  email   shown@mail.example\n  phone   +7 900\n  name    Anna\n" in told.out
    assert f"  payment {payment_id}, " in told.out
    assert told.out.endswith("10.50 RUB, created\n")
    assert (shown["email"], shown["merchant"], shown["test"]) == ("shown@mail.example", 1, True)
    assert (shown["erased"], shown["payments"][0]["id"]) == (None, payment_id)


def test_they_are_erased_while_the_server_runs(server: Server) -> None:
    payment_id = order(server, email="erased@mail.example")
    gone = server.command("payers", "erase", "--email", "erased@mail.example", "--yes")
    assert gone.out == "Erased. Payers: 1; their payments: 1.\n"

    [shown] = server.command("payers", "show", payment_id, "--json").json
    nobody = server.command("payers", "show", "--email", "erased@mail.example")

    assert (shown["email"], shown["phone"], shown["name"]) == (None, None, None)
    assert shown["erased"] is not None
    assert nobody.out == "Nobody is known by that.\n"
    read = server.client(server.first_words.test_key).get(f"/api/v1/transactions/{payment_id}")
    assert (read.status_code, read.json()["data"]["amount"]) == (200, 1_050)


@pytest.mark.parametrize(
    ("typed", "code", "email"),
    [("erase\n", 0, None), ("yes\n", 1, "typed@mail.example")],
)
def test_the_word_must_be_typed(server: Server, typed: str, code: int, email: str | None) -> None:
    payment_id = order(server, email="typed@mail.example")

    done = subprocess.run(
        [*HANDBILL, "payers", "erase", payment_id, "--data", str(server.folder)],
        input=typed,
        capture_output=True,
        text=True,
        timeout=60,
    )

    assert done.returncode == code, done.stderr
    [shown] = server.command("payers", "show", payment_id, "--json").json
    assert shown["email"] == email


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ((), "payer is named by one of"),
        (("--email", "a@b.example", "--phone", "1"), "payer is named by one of"),
        (("anna",), "ID must be an id"),
        (("--phone", "none"), "--phone must be a telephone number"),
        (("--email", " "), "--email must be an e-mail address"),
        (("--email", "a@b.example", "--json"), "--yes is required with --json"),
    ],
)
def test_what_names_nobody_is_refused(server: Server, words: tuple[str, ...], told: str) -> None:
    done = server.command("payers", "erase", *words)

    assert done.code == 2
    assert told in done.err


def test_an_id_of_nobody_is_refused(server: Server, tmp_path: Path) -> None:
    unknown = "019ca9b5-8d00-7000-8000-000000000000"

    assert server.command("payers", "erase", unknown, "--yes").code == 1
    elsewhere = server.command("payers", "show", unknown, "--data", str(tmp_path / "nothing"))
    assert "There is no installation" in elsewhere.err
