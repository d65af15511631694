"""`handbill providers` and `handbill payments`: bank transfers beside a running server."""

from __future__ import annotations

import httpx2

from tests.support.process import Server
from tests.support.transfers import EUROS, ROUBLES

OPTIONS = [word for name, text in ROUBLES.items() for word in (f"--{name.replace('_', '-')}", text)]


def begin(server: Server) -> str:
    """A payer announces a transfer; gives the payment's address."""
    answer = httpx2.post(
        f"{server.url}/pay/link/{server.first_words.link_id}",
        data={"method": "transfer"},
        headers={"accept": "application/json"},
    )
    assert answer.status_code == 201, answer.text
    return str(answer.json()["data"]["payment_url"])


def test_an_account_is_added_a_transfer_awaited_and_confirmed(server: Server) -> None:
    added = server.command("providers", "add", "1", "transfer", "--currency", "RUB", *OPTIONS)
    assert (added.code, added.err) == (0, "")
    assert ROUBLES["account"] in added.out
    page = begin(server)

    [waiting] = server.command("payments", "list", "1", "--test", "--json").json
    assert waiting["reference"] in server.command("payments", "list", "1", "--test").out
    typed = waiting["reference"].lower()
    confirmed = server.command("payments", "confirm", typed, "--json")

    assert (confirmed.code, confirmed.json["status"]) == (0, "charged")
    again = server.command("payments", "confirm", waiting["txid"])
    assert (again.code, again.out) == (0, f"{waiting['txid']}  charged\n")
    assert server.command("payments", "list", "1", "--test", "--json").json == []
    assert 'data-state="charged"' in httpx2.get(page).text
    entry = ("--bank-entry", "2026-03-04/2", "--json")
    second = server.command("payments", "confirm", typed, *entry)
    assert (second.code, second.json["status"]) == (0, "charged")
    other = server.command("payments", "confirm", waiting["id"], "--amount", "1")
    assert (other.code, "confirmed before" in other.err) == (1, True)
    assert server.command("refunds", "create", waiting["id"]).code == 1
    back = server.command("refunds", "create", waiting["id"], "--by-hand", "--json")
    assert back.json["status"] == "succeeded"


def test_an_account_is_listed_disabled_and_used_again(server: Server) -> None:
    euros = [f"--{name}={text}" for name, text in EUROS.items()]
    add = ("providers", "add", "1", "transfer", "--currency", "EUR", *euros, "--live", "--json")
    [account] = server.command(*add).json
    assert (account["mode"], account["requisites"]) == ("live", EUROS)

    assert server.command("providers", "disable", account["id"]).code == 0
    listed = server.command("providers", "list", "1", "--json").json
    assert {one["status"] for one in listed if one["mode"] == "live"} == {"disabled"}
    assert all(one["requisites"] is None for one in listed if one["provider"] == "sandbox")
    assert server.command("providers", "enable", account["id"]).code == 0
    assert server.command(*add).code == 1


def test_what_is_wrong_is_told_by_its_option(server: Server) -> None:
    wrong = [text if text != ROUBLES["bic"] else "044525226" for text in OPTIONS]
    refused = server.command("providers", "add", "1", "transfer", "--currency", "RUB", *wrong)
    assert refused.code == 2
    assert "--account does not fit the BIC" in refused.err
    assert server.command("providers", "add", "1", "bank", "--currency", "RUB", *OPTIONS).code == 2
    assert server.command("payments", "confirm", "NOBODY").code == 1
