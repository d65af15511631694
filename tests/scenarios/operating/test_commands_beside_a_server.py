"""The operator's commands, while a server runs on the same folder and is busy."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from handbill import __version__
from handbill.infra.migrations import runner
from tests.support.load import Load, loaded
from tests.support.process import Server, answer_of, call, run, until

UUID = "[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
TIME = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00"
REVOKED_SECONDS_MAX = 2.0
SEEN_SECONDS = 5


@pytest.fixture(scope="module", autouse=True)
def load(server: Server) -> Iterator[Load]:
    key = server.first_words.test_key
    work = [lambda load: load.make_links(server.url, key)] * 4
    with loaded(*work) as running:
        until(lambda: len(running.links) > 50, SEEN_SECONDS)
        yield running
    assert running.refusals == []


def status(server: Server, key: str) -> int:
    with server.client(key) as shop:
        return shop.get("/api/v1/links?limit=1").status_code


def make_merchant(server: Server, name: str = "Corner shop") -> tuple[int, str]:
    """Its number and its test key."""
    made = server.command("merchants", "create", name, "--json").json
    return made["id"], made["api_keys"]["test"]


def test_a_merchant_is_made_and_can_sell_at_once(server: Server) -> None:
    done = server.command("merchants", "create", "Corner shop", "--json")

    assert (done.code, done.err) == (0, "")
    assert list(done.json) == ["id", "name", "api_keys", "webhook_secret"]
    assert isinstance(done.json["id"], int)
    assert done.json["name"] == "Corner shop"
    assert re.fullmatch(r"hb_test_\w{36}", done.json["api_keys"]["test"])
    assert re.fullmatch(r"hb_live_\w{36}", done.json["api_keys"]["live"])
    assert re.fullmatch(r"whsec_[A-Za-z0-9+/]{43}=", done.json["webhook_secret"])
    with server.client(done.json["api_keys"]["test"]) as shop:
        body = {"amount": {"default": 500, "currency": "RUB"}, "amount_type": "fixed"}
        made = shop.post("/api/v1/links", json={**body, "pay_config": {"methods": ["card"]}})
    assert made.status_code == 201
    assert "warnings" not in made.json()  # it has an account at the sandbox acquirer


def test_a_merchant_for_people(server: Server) -> None:
    done = server.command(
        "merchants", "create", "Corner shop", "--notify-url", "http://127.0.0.1:9/hook"
    )

    assert re.fullmatch(
        r"Merchant \d+: Corner shop\n  test key        hb_test_\w{36}\n"
        r"  live key        hb_live_\w{36}\n  webhook secret  whsec_\S+\n"
        r"Keep them now: they are not shown again\.\n",
        done.out,
    )


@pytest.mark.parametrize(
    ("words", "field"),
    [(["  "], "name"), (["Shop", "--notify-url", "http://10.0.0.1/hook"], "notify_url")],
)
def test_a_merchant_that_is_refused(server: Server, words: list[str], field: str) -> None:
    done = server.command("merchants", "create", *words)

    assert (done.code, done.out) == (2, "")
    assert done.err.startswith(f"handbill: {field} ")


def test_merchants_are_listed(server: Server) -> None:
    number, _ = make_merchant(server, "Listed shop")

    listed = server.command("merchants", "list", "--json").json
    lines = server.command("merchants", "list").out.splitlines()

    assert [one["id"] for one in listed] == list(range(1, len(listed) + 1))
    assert listed[0].keys() == {"id", "name", "status", "created"}
    assert listed[number - 1]["name"] == "Listed shop"
    assert re.fullmatch(TIME, listed[0]["created"])
    assert lines[0].split(maxsplit=2) == ["1", "active", "Sample shop"]


def test_a_paused_merchant_is_refused_until_it_is_resumed(server: Server) -> None:
    number, key = make_merchant(server)
    assert status(server, key) == 200

    paused = server.command("merchants", "pause", str(number))
    until(lambda: status(server, key) == 403, SEEN_SECONDS)
    with server.client(key) as shop:
        assert shop.get("/api/v1/links").json()["error"] == "merchant_paused"
    again = server.command("merchants", "pause", str(number))
    resumed = server.command("merchants", "resume", str(number))
    until(lambda: status(server, key) == 200, SEEN_SECONDS)

    assert paused.out == again.out == f"Merchant {number} (Corner shop) is paused.\n"
    assert resumed.out == f"Merchant {number} (Corner shop) is active.\n"


def test_the_pay_page_of_a_paused_merchant_takes_no_payment(server: Server) -> None:
    number, key = make_merchant(server)
    with server.client(key) as shop:
        body = {"amount": {"default": 500, "currency": "RUB"}, "amount_type": "fixed"}
        link = shop.post("/api/v1/links", json={**body, "pay_config": {}}).json()["data"]["id"]
    assert answer_of(f"{server.url}/pay/link/{link}") == 200

    server.command("merchants", "pause", str(number))

    until(lambda: answer_of(f"{server.url}/pay/link/{link}") != 200, SEEN_SECONDS)
    pressed = server.payer.post(f"/pay/link/{link}", data={"method": "card"})
    assert pressed.status_code >= 400


@pytest.mark.parametrize("verb", ["pause", "resume"])
def test_a_merchant_that_does_not_exist(server: Server, verb: str) -> None:
    done = server.command("merchants", verb, "4711")

    assert (done.code, done.out) == (1, "")
    assert done.err == "handbill: There is no such merchant.\n"


def test_a_key_is_made_listed_and_revoked(server: Server) -> None:
    number, first = make_merchant(server)

    made = server.command("keys", "create", str(number), "--scope", "links", "--json").json
    listed = server.command("keys", "list", str(number), "--json").json

    assert list(made) == ["id", "mode", "last_four", "scopes", "created", "revoked", "key"]
    assert re.fullmatch(UUID, made["id"])
    assert (made["mode"], made["scopes"], made["revoked"]) == ("test", ["links"], None)
    assert made["key"].endswith(made["last_four"])
    assert [one["mode"] for one in listed] == ["test", "live", "test"]
    assert listed[2] == {name: value for name, value in made.items() if name != "key"}
    assert status(server, made["key"]) == 200

    revoked = server.command("keys", "revoke", made["id"])

    assert revoked.out == f"Key {made['id']} is revoked.\n"
    until(lambda: status(server, made["key"]) == 401, REVOKED_SECONDS_MAX)
    assert status(server, first) == 200
    lines = server.command("keys", "list", str(number)).out.splitlines()
    assert re.search(rf"\.\.\.{made['last_four']}  links  revoked {TIME}$", lines[2])
    assert server.command("keys", "revoke", made["id"]).code == 1


def test_a_live_key_is_made_for_people(server: Server) -> None:
    done = server.command("keys", "create", "1", "--live")

    assert re.fullmatch(r"hb_live_\w{36}\n", done.out)
    assert status(server, done.out.strip()) == 200


@pytest.mark.parametrize(
    ("words", "code", "reason"),
    [
        (["create", "4711"], 1, "There is no such merchant."),
        (["list", "4711"], 1, "There is no such merchant."),
        (["create", "1", "--scope", "everything"], 2, "--scope must be one of"),
        (["revoke", "nonsense"], 1, "There is no such key"),
    ],
)
def test_keys_that_are_refused(server: Server, words: list[str], code: int, reason: str) -> None:
    done = server.command("keys", *words)

    assert (done.code, done.out) == (code, "")
    assert done.err.startswith(f"handbill: {reason}")


def test_commands_with_another_key_than_the_servers_write_nothing(server: Server) -> None:
    """What they sealed, the server could not open."""
    other = {"HANDBILL_SECRET_KEY": "k" * 32}
    before = server.command("merchants", "list", "--json").json

    for words in (("merchants", "create", "Shop"), ("keys", "create", "1")):
        done = server.command(*words, environment=other)
        assert done.code == 1
        assert "another installation key" in done.err

    assert server.command("merchants", "list", "--json").json == before


def test_there_is_nothing_to_migrate(server: Server) -> None:
    assert server.command("migrate").out == f"The schema is at revision {runner.head()}.\n"


def test_a_folder_is_migrated_before_the_first_start(folder: Path) -> None:
    done = call("migrate", "--data", str(folder))

    assert done.out == f"The schema is now at revision {runner.head()}.\n"
    assert call("merchants", "list", "--data", str(folder)).out == ""


def test_the_version() -> None:
    done = run("--version")

    assert (done.code, done.out, done.err) == (0, f"handbill {__version__}\n", "")
