"""`handbill trigger` plays a scenario from Pay to its end and says by its exit code how it went."""

from __future__ import annotations

import re

import pytest

from acquirer_sandbox.scenarios import SCENARIOS
from tests.support.process import JSON, Done, Server, free_port, until

SECONDS = 20


def trigger(server: Server, *words: str) -> Done:
    return server.command("trigger", *words, "--url", server.url)


def told(done: Done, who: str) -> list[str]:
    """What was said of one of those who take part, in order."""
    return re.findall(rf"^{who} +(.+)$", done.out, re.MULTILINE)


def test_a_payment_that_is_approved_is_followed_to_its_webhook(server: Server) -> None:
    done = trigger(server, "approve", "--amount", "12300")

    assert (done.code, done.err) == (0, "")
    [payment] = told(done, "payment")
    assert re.fullmatch(r"[0-9a-f-]{36}, 123\.00 RUB by card", payment)
    assert told(done, "link")[0].startswith(f"{server.url}/pay/link/")
    assert told(done, "acquirer")[-1] == "charged"
    assert told(done, "handbill")[-1] == "charged, attempt charged"
    assert told(done, "webhook") == ["payment.charged delivered"]
    assert payment[:36] in server.payer.get("/sandbox/inbox").text


@pytest.mark.parametrize(
    ("words", "acquirer", "handbill"),
    [
        (["decline_fraud"], "declined", "pending, attempt declined"),
        (["sbp_paid"], "charged", "charged, attempt charged"),
        (["wait"], "awaiting_payer", "pending, attempt pending"),
        (["wrong_amount"], "charged", "processing, attempt review"),
        (["rate_limited"], "nothing", "pending, attempt declined"),
        (["webhook_duplicate"], "charged", "charged, attempt charged"),
        (["timeout_on_create"], "charged", "charged, attempt charged"),
    ],
    ids=lambda value: value[0] if isinstance(value, list) else "",
)
def test_each_ends_in_its_own_way(
    server: Server, words: list[str], acquirer: str, handbill: str
) -> None:
    done = trigger(server, *words)

    assert (done.code, done.err) == (0, "")
    assert (told(done, "acquirer")[-1], told(done, "handbill")[-1]) == (acquirer, handbill)
    assert done.out.endswith("It ended as it should.\n")


@pytest.mark.parametrize(
    ("scenario", "seconds", "acquirer", "handbill"),
    [
        ("3ds_abandon", "3600", "expired", "cancelled, attempt expired"),
        ("pending_then_fail", "5", "declined", "pending, attempt declined"),
        ("late_success_after_cancel", "5", "charged", "charged, attempt charged"),
        ("double_pay", "5", "charged and charged", "charged, attempt charged"),
    ],
)
def test_nobody_waits_for_what_the_acquirer_does_later(
    server: Server, scenario: str, seconds: str, acquirer: str, handbill: str
) -> None:
    done = trigger(server, scenario, "--advance", seconds)

    assert (done.code, done.err) == (0, "")
    assert told(done, "clock") == [f"advanced by {seconds} seconds"]
    assert (told(done, "acquirer")[-1], told(done, "handbill")[-1]) == (acquirer, handbill)


@pytest.mark.parametrize(
    ("scenario", "end", "webhooks"),
    [
        ("refund_pending_then_success", "succeeded", ["charged", "refunded"]),
        ("refund_pending_then_fail", "failed", ["charged"]),
    ],
)
def test_a_scenario_of_refunds_refunds(
    server: Server, scenario: str, end: str, webhooks: list[str]
) -> None:
    done = trigger(server, scenario, "--advance", "5")

    assert (done.code, done.err) == (0, "")
    assert told(done, "merchant") == ["refunds it"]
    assert told(done, "refund")[-2:] == ["pending", end]
    assert told(done, "webhook") == [f"payment.{status} delivered" for status in webhooks]


def test_on_a_link_with_manual_capture_the_money_is_held(server: Server) -> None:
    api = server.client(server.first_words.test_key)
    body = {
        "amount": {"default": 1000, "currency": "RUB"},
        "amount_type": "fixed",
        "pay_config": {"capture": "manual"},
    }
    link = api.post("/api/v1/links", json=body).json()["data"]["id"]

    done = trigger(server, "approve", "--link", link)

    assert (done.code, done.err) == (0, "")
    assert told(done, "acquirer")[-1] == "authorized"


def test_on_a_given_link_the_buttons_are_pressed(server: Server) -> None:
    done = trigger(server, "3ds_fail", "--link", server.first_words.link_id)

    assert (done.code, done.err) == (0, "")
    assert told(done, "payer") == ["presses 3ds_challenge", "presses 3ds_fail"]
    assert told(done, "payment")[0].endswith("350.00 RUB by card")


def test_what_is_not_over_in_time_is_a_failure_that_says_what_is_missing(server: Server) -> None:
    done = trigger(server, "hold_void", "--wait", "1")

    assert done.code == 1
    assert done.err.startswith("handbill: Not over within 1 seconds: hold_void ends with cancelled")
    assert told(done, "acquirer")[-1] == "authorized"


def test_the_clock_alone_is_moved_for_who_pays_in_a_browser(server: Server) -> None:
    link = server.first_words.link_id
    pressed = server.payer.post(f"/pay/link/{link}", data={"method": "card"}, headers=JSON)
    payment = pressed.json()["data"]["id"]

    done = trigger(server, "--advance", "3600", "--link", link)

    assert (done.code, done.out) == (0, "clock     advanced by 3600 seconds\n")
    api = server.client(server.first_words.test_key)
    path = f"/api/v1/transactions/{payment}"
    until(lambda: api.get(path).json()["data"]["status"] == "cancelled", SECONDS)


def test_the_list_shows_every_scenario(server: Server) -> None:
    done = trigger(server, "--list")

    assert done.code == 0
    assert [line.split()[0] for line in done.out.splitlines()] == list(SCENARIOS)


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        ([], "SCENARIO is missing"),
        (["aprove"], "SCENARIO must be one of: approve, "),
        (["approve", "--link", "7"], "--link must be the id of a test link"),
        (["3ds_ok", "--method", "sbp"], "--method must be card for 3ds_ok"),
        (["approve", "--method", "cash"], "--method must be card or sbp"),
        (["approve", "--amount", "10000000000000"], "amount.default must be from 1 to"),
    ],
    ids=str,
)
def test_a_wrong_wish_is_refused_before_anything_is_paid(
    server: Server, words: list[str], complaint: str
) -> None:
    done = trigger(server, *words)

    assert done.code == 2
    assert done.err.startswith(f"handbill: {complaint}")
    assert told(done, "payment") == []


def test_a_link_says_itself_what_it_costs_and_what_its_acquirer_offers(server: Server) -> None:
    link = ["--link", server.first_words.link_id]

    priced = trigger(server, "approve", *link, "--amount", "100")
    no_button = trigger(server, "http_500", *link)

    assert (priced.code, priced.err.partition(" is ")[0]) == (2, "handbill: --amount")
    assert no_button.code == 1
    assert "has no button for http_500: leave --link out" in no_button.err


def test_without_a_server_it_says_where_it_looked(server: Server) -> None:
    dead = f"http://127.0.0.1:{free_port()}"

    done = server.command("trigger", "approve", "--url", dead)

    assert done.code == 1
    assert done.err.startswith(f"handbill: No server at {dead}: ")
