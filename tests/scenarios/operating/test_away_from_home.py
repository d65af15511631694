"""Where others than this machine reach the server: nothing that is for trials is open unasked, and
nobody's address is believed unasked."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.process import JSON, Server, answer_of, pay, read_first_words, serving

MISSES_AT_ONCE = 60
"""From one address, before guessing at short addresses is slowed down."""


def guess(server: Server, payer: str, times: int) -> list[int]:
    """Addresses that lead nowhere, asked for in the name of `payer` by whoever is in front."""
    headers = {"x-forwarded-for": payer}
    return [server.payer.get("/L/0000000000", headers=headers).status_code for _ in range(times)]


def test_behind_a_trusted_proxy_each_network_is_its_own(folder: Path) -> None:
    with serving(folder, "--trusted-proxies", "127.0.0.1/32,10.0.0.0/8") as server:
        assert set(guess(server, "198.51.100.7", MISSES_AT_ONCE)) == {404}
        assert guess(server, "198.51.100.7, 10.1.2.3", 20)[-1] == 429

        assert guess(server, "203.0.113.8", 1) == [404]
        # What a payer adds in front of the list is not theirs to say.
        assert guess(server, "203.0.113.8, 198.51.100.7", 1) == [429]


def test_without_one_nobody_is_believed(server: Server) -> None:
    assert set(guess(server, "198.51.100.7", MISSES_AT_ONCE)) == {404}

    assert guess(server, "203.0.113.8", 20)[-1] == 429


@pytest.fixture(scope="module")
def away(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("away") / "data"
    with serving(folder, "--host", "0.0.0.0", "--public-url", "http://pay.example") as running:
        yield running


def test_the_sandbox_stays_off_and_the_banner_says_so(away: Server) -> None:
    assert away.first_words.link_url.startswith("http://pay.example/pay/link/")
    assert away.first_words.inbox_url is None
    assert "cannot be paid yet: the sandbox acquirer is off. Start with --sandbox." in away.out
    assert "Pay the sample link" not in away.out
    assert away.out.splitlines()[-1] == (
        "Handbill serves http://pay.example, reference at /docs. End with Ctrl-C."
    )


@pytest.mark.parametrize("path", ["/sandbox/inbox", "/sandbox", "/sandbox/v1/payments"])
def test_nothing_of_the_sandbox_is_reachable(away: Server, path: str) -> None:
    assert answer_of(away.url + path) == 404


def test_a_merchant_has_no_test_account(away: Server) -> None:
    made = away.command("merchants", "create", "Shop", "--json").json
    with away.client(made["api_keys"]["test"]) as shop:
        body = {"amount": {"default": 500, "currency": "RUB"}, "amount_type": "fixed"}
        link = shop.post("/api/v1/links", json={**body, "pay_config": {"methods": ["card"]}})

    assert [warning["code"] for warning in link.json()["warnings"]] == ["no_account"]


def test_the_sample_link_is_not_open(away: Server) -> None:
    pressed = away.payer.post(
        f"/pay/link/{away.first_words.link_id}", data={"method": "card"}, headers=JSON
    )

    assert pressed.status_code == 409
    assert pressed.json()["state"] == "not_open_yet"


def test_webhooks_do_not_reach_into_the_machine(away: Server) -> None:
    with away.client(away.first_words.test_key) as shop:
        for url in ("http://127.0.0.1:9/hook", "http://10.0.0.1/hook"):
            refused = shop.patch("/api/v1/merchant", json={"notify_url": url})
            assert refused.status_code == 422
            assert list(refused.json()["details"]) == ["notify_url"]


def test_on_request_the_sandbox_runs_and_the_inbox_stays_closed(folder: Path) -> None:
    with serving(folder, "--host", "0.0.0.0") as server:
        link = server.first_words.link_id
        server.stop()

    with serving(folder, "--host", "0.0.0.0", "--sandbox") as server:
        assert read_first_words(server.out) is None
        assert "(sandbox acquirer on)" in server.out
        assert pay(server, link)
        # The public address says localhost, but whoever reaches the port would see every webhook.
        assert answer_of(f"{server.url}/sandbox/inbox") == 404


def test_a_link_that_the_sandbox_took_is_not_open_while_it_is_off(folder: Path) -> None:
    with serving(folder) as server:
        link = server.first_words.link_id
        assert pay(server, link)
        server.stop()

    with serving(folder, "--no-sandbox") as server:
        page = server.payer.get(f"/pay/link/{link}")
        assert 'data-state="not_open_yet"' in page.text
        pressed = server.payer.post(f"/pay/link/{link}", data={"method": "card"}, headers=JSON)
        assert pressed.json()["state"] == "not_open_yet"
        server.stop()

    with serving(folder) as server:
        assert pay(server, link)
