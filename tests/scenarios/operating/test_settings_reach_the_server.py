"""Every setting is an option and a variable, and a server started with either does as it says."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest
from PIL import Image

from handbill.infra.settings import Described, describe
from tests.support.process import Done, Server, call, free_port, pay, serving, until

BODY = {"amount": {"default": 500, "currency": "RUB"}, "amount_type": "fixed", "pay_config": {}}
SECONDS = 20


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Told everything by its environment."""
    place = tmp_path_factory.mktemp("told")
    given = {
        "host": "127.0.0.2",
        "public_url": "https://pay.example",
        "database_url": f"sqlite:///{place}/elsewhere/money.db",
        "sandbox": "on",
        "webhook_networks": "10.1.0.0/16",
        "secret_key": "a-secret-that-nobody-should-use-twice",
        "rate_limit": "50",
        "rate_burst": "70",
        "shutdown_seconds": "1",
        "worker": "off",
        "log_format": "json",
        "storage_url": f"file://{place}/pictures",
    }
    environment = {f"HANDBILL_{name.upper()}": value for name, value in given.items()}
    with serving(place / "data", environment=environment, host="127.0.0.2") as running:
        yield running


@pytest.fixture(scope="module")
def help_text() -> Done:
    return call("serve", "--help")


@pytest.mark.parametrize("setting", describe(), ids=lambda setting: setting.name)
def test_every_setting_is_an_option(help_text: Done, setting: Described) -> None:
    assert help_text.code == 0
    assert setting.option in help_text.out


def test_addresses_are_those_that_payers_use(told: Server) -> None:
    assert told.first_words.link_url.startswith("https://pay.example/pay/link/")
    assert told.out.splitlines()[-1] == (
        "Handbill serves https://pay.example, reference at /docs"
        " (sandbox acquirer on; webhooks may reach 10.1.0.0/16). End with Ctrl-C."
    )


def test_the_database_and_the_pictures_lie_where_they_should(told: Server) -> None:
    file = io.BytesIO()
    Image.new("RGB", (8, 8)).save(file, "PNG")
    with told.client(told.first_words.test_key) as shop:
        sent = shop.post("/api/v1/images", files={"image": ("a.png", file.getvalue())})

    assert sent.status_code == 201
    place = told.folder.parent
    assert (place / "elsewhere" / "money.db").exists()
    kept = [path.suffix for path in (place / "pictures").rglob("*") if path.is_file()]
    assert ".png" in kept
    assert list(told.folder.iterdir()) == []  # the key is a setting, so there is no file of it


def test_the_limit_of_a_key_is_the_one_that_was_set(told: Server) -> None:
    with told.client(told.first_words.live_key) as shop:
        answers = [shop.get("/api/v1/links?limit=1") for _ in range(3)]

    assert {answer.headers["ratelimit-policy"] for answer in answers} == {'"default";q=70;w=2'}


def test_webhooks_reach_the_networks_that_were_named(told: Server) -> None:
    with told.client(told.first_words.test_key) as shop:
        inside = shop.patch("/api/v1/merchant", json={"notify_url": "http://10.1.2.3/hook"})
        outside = shop.patch("/api/v1/merchant", json={"notify_url": "http://127.0.0.1/hook"})

    assert (inside.status_code, outside.status_code) == (200, 422)


def test_without_a_worker_jobs_wait_for_a_process_that_has_one(folder: Path) -> None:
    with serving(folder, "--no-worker") as idle:
        words = idle.first_words
        payment = pay(idle, words.link_id)
        idle.wait_until_ready()
        with idle.client(words.test_key) as shop:
            waiting = shop.get(f"/api/v1/transactions/{payment}").json()["data"]
            assert waiting["status"] == "pending"  # nobody takes the acquirer's notification up

            with serving(folder) as working:
                until(lambda: _charged(shop, payment), SECONDS)
                until(lambda: "webhook_attempted" in working.err, SECONDS)
                assert "webhook_attempted" not in idle.err


def _charged(shop: httpx2.Client, payment: str) -> bool:
    return bool(shop.get(f"/api/v1/transactions/{payment}").json()["data"]["status"] == "charged")


def test_an_option_wins_over_a_variable(folder: Path) -> None:
    done = call(
        *("serve", "--data", str(folder), "--port", str(free_port()), "--worker"),
        environment={"HANDBILL_WORKER": "maybe", "HANDBILL_SHUTDOWN_SECONDS": "soon"},
    )

    assert done.err == "handbill: shutdown_seconds must be a whole number from 0 to 600\n"
