"""Settings: where they come from, what they default to, what they refuse."""

from __future__ import annotations

from ipaddress import ip_network
from pathlib import Path

import pytest

from handbill.infra.settings import LOOPBACK, NAMES, describe, load
from handbill.kernel import languages
from handbill.kernel.errors import Invalid


def test_nothing_given_means_a_service_for_this_machine_alone() -> None:
    settings = load({}, {})

    assert settings.host == "127.0.0.1"
    assert settings.port == 8000
    assert settings.data == Path.cwd() / "data"
    assert settings.public_url == "http://localhost:8000"
    assert settings.database_url == f"sqlite:///{Path.cwd()}/data/handbill.db"
    assert settings.storage_url == f"file://{Path.cwd()}/data/images"
    assert settings.sandbox is True
    assert settings.webhook_networks == LOOPBACK
    assert settings.trusted_proxies == ()
    assert settings.secret_key is None


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "10.1.2.3", "pay.example"])
def test_a_host_that_others_reach_switches_the_sandbox_and_private_webhooks_off(host: str) -> None:
    settings = load({"host": host}, {})

    assert settings.sandbox is False
    assert settings.webhook_networks == ()


@pytest.mark.parametrize("host", ["localhost", "127.0.0.2", "::1"])
def test_every_loopback_host_counts_as_this_machine(host: str) -> None:
    assert load({"host": host}, {}).sandbox is True


def test_defaults_follow_the_port_and_the_folder() -> None:
    settings = load({"port": 9000, "data": "/srv/handbill"}, {})

    assert settings.public_url == "http://localhost:9000"
    assert settings.database_url == "sqlite:////srv/handbill/handbill.db"
    assert settings.storage_url == "file:///srv/handbill/images"


def test_an_option_wins_over_the_environment() -> None:
    environ = {"HANDBILL_PORT": "9001", "HANDBILL_HOST": "0.0.0.0"}

    settings = load({"port": 9002}, environ)

    assert (settings.host, settings.port) == ("0.0.0.0", 9002)


@pytest.mark.parametrize("absent", [None, "", [], ()])
def test_an_empty_option_leaves_the_environment_its_say(absent: object) -> None:
    settings = load({"trusted_proxies": absent}, {"HANDBILL_TRUSTED_PROXIES": "10.0.0.0/8"})

    assert settings.trusted_proxies == (ip_network("10.0.0.0/8"),)


def test_an_empty_variable_counts_as_absent() -> None:
    assert load({}, {"HANDBILL_PORT": ""}).port == 8000


def test_networks_come_from_one_text_or_many() -> None:
    expected = (ip_network("10.0.0.0/8"), ip_network("fd00::/8"), ip_network("192.0.2.7/32"))

    assert load({"trusted_proxies": "10.0.0.0/8, fd00::/8,192.0.2.7"}, {}).trusted_proxies == (
        expected
    )
    assert load({"trusted_proxies": ["10.0.0.0/8,fd00::/8", "192.0.2.7"]}, {}).trusted_proxies == (
        expected
    )


def test_the_word_none_takes_a_default_away() -> None:
    assert load({"webhook_networks": "none"}, {}).webhook_networks == ()


def test_all_languages_are_offered_or_those_that_are_named_and_english() -> None:
    assert (
        load({}, {}).languages == load({"languages": "all"}, {}).languages == tuple(languages.NAMES)
    )
    assert load({"languages": "de, ru"}, {}).languages == ("en", "ru", "de")


@pytest.mark.parametrize("word", ["off", "FALSE", "no", "0", False])
def test_words_for_off(word: object) -> None:
    assert load({"worker": word}, {}).worker is False


@pytest.mark.parametrize("word", ["on", "True", "yes", "1", True])
def test_words_for_on(word: object) -> None:
    assert load({"host": "0.0.0.0", "sandbox": word}, {}).sandbox is True


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("https://Pay.Example/", "https://pay.example"),
        ("https://pay.example:8443", "https://pay.example:8443"),
        ("http://[::1]:80", "http://[::1]:80"),
        ("https://почта.рф", "https://xn--80a1acny.xn--p1ai"),
    ],
)
def test_the_public_address_is_kept_in_one_form(given: str, kept: str) -> None:
    assert load({"public_url": given}, {}).public_url == kept


def test_former_hosts_are_kept_as_browsers_name_them() -> None:
    given = "Old.Example, pay.example.com:443 ,192.0.2.7:8000,[::1]:9000,почта.рф"
    assert load({"former_hosts": given}, {}).former_hosts == (
        *("old.example", "pay.example.com", "192.0.2.7:8000", "[::1]:9000"),
        "xn--80a1acny.xn--p1ai",
    )
    assert load({}, {}).former_hosts == load({"former_hosts": "none"}, {}).former_hosts == ()


@pytest.mark.parametrize(
    ("present", "former"),
    [
        ("https://pay.example", "pay.example"),
        ("https://pay.example", "old.example,PAY.example:443"),
        ("http://localhost:8000", "localhost:8000"),
    ],
)
def test_the_present_host_is_no_former_one(present: str, former: str) -> None:
    with pytest.raises(Invalid) as refused:
        load({"public_url": present, "former_hosts": former}, {})
    assert list(refused.value.faults) == ["former_hosts"]


REFUSED = [
    ("host", "a\nb"),
    ("port", "0"),
    ("port", "65536"),
    ("port", "80.0"),
    ("port", "0000000000000000000000000000000000099999"),
    ("public_url", "pay.example"),
    ("public_url", "ftp://pay.example"),
    ("public_url", "https://pay.example/shop"),
    ("public_url", "https://pay.example?x=1"),
    ("public_url", "https://pay.example?"),
    ("public_url", "https://user@pay.example"),
    ("public_url", "https://pay.example:99999"),
    ("public_url", "https://pay.example:0"),
    ("public_url", "https://pay example"),
    ("public_url", "https://[::1"),
    ("public_url", "https://.."),
    ("former_hosts", "https://old.example"),
    ("former_hosts", "old.example/shop"),
    ("former_hosts", "old.example, user@old.example"),
    ("former_hosts", "old.example:0"),
    ("former_hosts", "old example"),
    ("database_url", "mysql://db/handbill"),
    ("database_url", "sqlite:///"),
    ("database_url", "sqlite:///:memory:"),
    ("database_url", "postgresql://db"),
    ("sandbox", "maybe"),
    ("trusted_proxies", "10.0.0.1/8"),
    ("trusted_proxies", "everyone"),
    ("secret_key", "too short"),
    ("languages", "ru, klingon"),
    ("rate_limit", "-1"),
    ("rate_burst", "0"),
    ("log_format", "xml"),
    ("storage_url", "/var/images"),
    ("storage_url", "s3:///prefix"),
    ("storage_endpoint", "minio:9000"),
    ("smtp_url", "mail.example:587"),
    ("smtp_url", "smtp://mail.example/path"),
    ("smtp_url", "smtp://mail.example:0"),
    ("smtp_url", "smtp://mail.example:99999"),
    ("smtp_url", "smtp://user@mail.example"),
    ("mail_from", "Handbill <pay@mail.example>"),
]


@pytest.mark.parametrize(("name", "value"), REFUSED)
def test_a_bad_value_is_refused_by_name(name: str, value: str) -> None:
    with pytest.raises(Invalid) as refused:
        load({}, {f"HANDBILL_{name.upper()}": value})

    assert list(refused.value.faults) == [name]
    assert f"HANDBILL_{name.upper()}: " in refused.value.detail


def test_letters_need_an_address_from_which_they_come() -> None:
    with pytest.raises(Invalid) as refused:
        load({"smtp_url": "smtp://mail.example"}, {})

    assert list(refused.value.faults) == ["mail_from"]


def test_the_mail_servers_password_is_not_shown() -> None:
    given = {"smtp_url": "smtp://pay:tell-nobody@mail.example", "mail_from": "pay@mail.example"}
    assert "tell-nobody" not in repr(load(given, {}))


def test_all_bad_values_are_named_at_once() -> None:
    with pytest.raises(Invalid) as refused:
        load({"port": "x", "worker": "x"}, {"HANDBILL_LOG_FORMAT": "x"})

    assert set(refused.value.faults) == {"port", "worker", "log_format"}


def test_an_unknown_option_is_refused() -> None:
    with pytest.raises(Invalid) as refused:
        load({"prot": 80}, {})

    assert list(refused.value.faults) == ["prot"]


def test_secrets_are_not_printed() -> None:
    settings = load(
        {
            "secret_key": "k" * 40,
            "storage_secret_access_key": "aws-secret",
            "database_url": "postgresql://shop:db-secret@db/shop?password=other-secret",
        },
        {},
    )

    assert settings.secret_key == "k" * 40
    for printed in (repr(settings), str(settings)):
        assert "secret_key=<secret>" in printed
        assert "kkkk" not in printed
        assert "aws-secret" not in printed
        assert "db-secret" not in printed
        assert "other-secret" not in printed
        assert "postgresql://shop@db/shop" in printed


def test_every_setting_is_described() -> None:
    described = describe()

    assert [one.name for one in described] == list(NAMES)
    for one in described:
        assert one.environment == "HANDBILL_" + one.name.upper()
        assert one.option == "--" + one.name.replace("_", "-")
        assert one.description.endswith(".")
        assert one.default


PLAIN_DEFAULTS = [
    (one.name, one.default)
    for one in describe()
    if not any(mark in one.default for mark in (" ", "PORT", "DATA", "none"))
]


@pytest.mark.parametrize(("name", "default"), PLAIN_DEFAULTS)
def test_a_default_in_the_docs_is_the_real_one(name: str, default: str) -> None:
    assert getattr(load({}, {}), name) == getattr(load({name: default}, {}), name)
