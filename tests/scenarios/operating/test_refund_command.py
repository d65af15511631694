"""`handbill refunds`: stored beside a running server, which sends it."""

from __future__ import annotations

from tests.support.process import Server, pay_through

UNKNOWN = "019ca9b5-8d00-7000-8000-0000000000ff"


def paid(server: Server) -> str:
    return pay_through(server, server.first_words.link_id)


def test_a_running_server_sends_it(server: Server) -> None:
    payment_id = paid(server)

    part = server.command("refunds", "create", payment_id, "--amount", "100", "--json")
    rest = server.command("refunds", "create", payment_id, "--reason", "The guest left", "--json")

    assert (part.code, part.json["status"], part.json["amount"]) == (0, "succeeded", 100)
    assert (rest.json["status"], rest.json["reason"]) == ("succeeded", "The guest left")
    listed = server.command("refunds", "list", payment_id, "--json").json
    assert [refund["id"] for refund in listed] == [part.json["id"], rest.json["id"]]
    assert "succeeded" in server.command("refunds", "list", payment_id).out


def test_more_than_is_left_is_refused(server: Server) -> None:
    done = server.command("refunds", "create", paid(server), "--amount", "999999999")

    assert done.code == 2
    assert "amount" in done.err


def test_a_payment_that_is_not_there_is_said_so(server: Server) -> None:
    for name in (UNKNOWN, "nonsense"):
        done = server.command("refunds", "create", name)
        assert (done.code, done.out) == (1, "")
