"""What an operator can set: each setting is a command option and a variable of the environment.

Read once at the start and never changed. A setting cannot exist without a description, and the
tests refuse one that the reference does not mention. Nothing here opens a file or a connection.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple, get_args, get_type_hints
from urllib.parse import urlsplit

import msgspec
from msgspec import Meta

from handbill.infra import setting_values as values
from handbill.infra.setting_values import Network
from handbill.kernel import languages
from handbill.kernel.addresses import plain_host
from handbill.kernel.errors import Faults, Invalid
from handbill.kernel.languages import LanguageCode

PREFIX = "HANDBILL_"
SECRETS = frozenset({"secret_key", "metrics_token", "storage_secret_access_key", "smtp_url"})

LogFormat = Literal["text", "json"]

UNREVIEWED = ", ".join(code for code in languages.NAMES if code not in languages.REVIEWED)

LOOPBACK: tuple[Network, ...] = (ip_network("127.0.0.0/8"), ip_network("::1/128"))


def _about(description: str, default: str) -> Meta:
    """`default` is what people read; where it depends on another setting, it says how."""
    return Meta(description=description, extra={"default": default})


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """Made by `load`, which fills the defaults that depend on other settings."""

    host: Annotated[
        str,
        _about("Network address to listen on; `0.0.0.0` for every interface.", "127.0.0.1"),
    ]
    port: Annotated[int, _about("TCP port to listen on.", "8000")]
    data: Annotated[
        Path,
        _about(
            "Folder for everything that Handbill keeps: database, pictures, installation key.",
            "./data",
        ),
    ]
    public_url: Annotated[
        str,
        _about(
            "Address under which payers and acquirers reach this installation, without a path. "
            "It is printed in QR codes: choose it to last.",
            "http://localhost:PORT",
        ),
    ]
    former_hosts: Annotated[
        tuple[str, ...],
        _about(
            "Hosts that PUBLIC_URL had before, comma-separated, each with its port if it had one: "
            "codes on paper and bookmarks there lead to the present address.",
            "none",
        ),
    ]
    database_url: Annotated[
        str,
        _about(
            "`sqlite:///PATH` or `postgresql://USER:PASSWORD@HOST/NAME` (PostgreSQL 15 or later).",
            "sqlite:///DATA/handbill.db",
        ),
    ]
    sandbox: Annotated[
        bool,
        _about(
            "Runs the built-in sandbox acquirer, which moves no money.",
            "on where HOST is a loopback address, otherwise off",
        ),
    ]
    trusted_proxies: Annotated[
        tuple[Network, ...],
        _about(
            "Networks of your reverse proxies, comma-separated. Only from them is "
            "X-Forwarded-For believed.",
            "none",
        ),
    ]
    webhook_networks: Annotated[
        tuple[Network, ...],
        _about(
            "Networks that webhooks may reach beside the public internet, comma-separated, or "
            "`none`. Our own public addresses belong here if a shop is on the same machine.",
            "127.0.0.0/8 and ::1 where HOST is a loopback address, otherwise none",
        ),
    ]
    secret_key: Annotated[
        str | None,
        _about(
            "Key that seals stored secrets, at least 32 characters, the same on every process. "
            "Whoever loses it loses what it sealed.",
            "kept in DATA/installation.key, made on the first start",
        ),
    ]
    rate_limit: Annotated[
        int, _about("Requests a second for each API key; 0 switches the limit off.", "200")
    ]
    rate_burst: Annotated[
        int, _about("Requests that an API key may send at once before the limit counts.", "1000")
    ]
    network_rate_limit: Annotated[
        int,
        _about(
            "Requests a second without an API key (pages, notifications) for each network, "
            "an IPv4 /24 or IPv6 /56; 0 switches the limit off. This machine is not counted.",
            "100",
        ),
    ]
    network_rate_burst: Annotated[
        int, _about("Requests that a network may send at once before the limit counts.", "2000")
    ]
    shutdown_seconds: Annotated[
        int, _about("Seconds that running requests get to finish after SIGTERM.", "8")
    ]
    worker: Annotated[
        bool,
        _about("Runs background jobs (webhooks, reconciliation) in this process.", "on"),
    ]
    languages: Annotated[
        tuple[LanguageCode, ...],
        _about(
            "Languages that payers may read their pages in, comma-separated; English is always "
            "among them. No native speaker has reviewed these yet: "
            f"{UNREVIEWED}.",
            "all",
        ),
    ]
    log_format: Annotated[
        LogFormat, _about("`text` for people, `json` for machines: one object a line.", "text")
    ]
    log_requests: Annotated[
        bool, _about("Writes a line to the log for each request to a page or the API.", "on")
    ]
    metrics_token: Annotated[
        str | None,
        _about(
            "Bearer token, at least 32 characters, with which `/metrics` may be read from "
            "elsewhere. This machine needs none.",
            "none: nobody else may read it",
        ),
    ]
    payer_retention_days: Annotated[
        int,
        _about(
            "Days after which a payment's payer is forgotten: e-mail, phone, name, cookie; from 7.",
            "400",
        ),
    ]
    body_retention_days: Annotated[
        int,
        _about(
            "Days after which the texts of notifications and of webhooks are forgotten; from 7.",
            "90",
        ),
    ]
    smtp_url: Annotated[
        str | None,
        _about(
            "Mail server: `smtp://USER:PASSWORD@HOST:587`, encrypted by STARTTLS unless it is on "
            "this machine, or `smtps://USER:PASSWORD@HOST:465`.",
            "none: no letter is sent",
        ),
    ]
    mail_from: Annotated[
        str | None,
        _about("Address from which letters come; needed with SMTP_URL.", "none"),
    ]
    telegram_api_url: Annotated[
        str,
        _about(
            "Where Telegram's Bot API is reached: a Bot API server or mirror of your own, where "
            "Telegram's is blocked. It sees the tokens of merchants' bots.",
            "https://api.telegram.org",
        ),
    ]
    storage_url: Annotated[
        str,
        _about(
            "Where pictures are kept: `file:///FOLDER` or `s3://BUCKET/PREFIX`.",
            "file://DATA/images",
        ),
    ]
    storage_endpoint: Annotated[
        str | None,
        _about("Address of an S3-compatible service other than Amazon's.", "none"),
    ]
    storage_region: Annotated[str, _about("Region of the S3 bucket.", "us-east-1")]
    storage_access_key_id: Annotated[
        str | None,
        _about("Access key of the S3 bucket.", "found by the usual AWS variables and roles"),
    ]
    storage_secret_access_key: Annotated[
        str | None,
        _about("Secret of the S3 access key.", "found by the usual AWS variables and roles"),
    ]

    def __repr__(self) -> str:
        shown = (f"{name}={_printable(name, getattr(self, name))}" for name in NAMES)
        return f"Settings({', '.join(shown)})"


class Described(NamedTuple):
    """One setting as the reference and `--help` show it."""

    name: str
    environment: str
    default: str
    description: str

    @property
    def option(self) -> str:
        return "--" + self.name.replace("_", "-")


def load(options: Mapping[str, object], environ: Mapping[str, str]) -> Settings:
    """An option that is given wins over the environment; None, empty text and an empty list
    count as not given.

    Raises Invalid with every setting that was refused, each under its name.
    """
    unknown = options.keys() - set(NAMES)
    faults: Faults = {name: ["there is no such setting"] for name in sorted(unknown)}
    given: dict[str, Any] = {}
    for name in NAMES:
        value = options.get(name)
        if value is None or value in ("", [], ()):
            value = environ.get(environment_name(name)) or None
        if value is None:
            continue
        try:
            given[name] = _READERS[name](value)
        except ValueError as refused:
            faults[name] = [str(refused)]
    if "smtp_url" in given and not given.keys() | faults.keys() >= {"mail_from"}:
        faults["mail_from"] = ["must be set where SMTP_URL is"]
    if faults:
        raise Invalid(faults, _sentence(faults))
    settings = Settings(**{**_defaults(given), **given})
    if plain_host(urlsplit(settings.public_url).netloc) in settings.former_hosts:
        faults["former_hosts"] = ["must not name the present host, which would lead to itself"]
        raise Invalid(faults, _sentence(faults))
    return settings


def describe() -> list[Described]:
    """Every setting, in the order in which people should read them."""
    hints = get_type_hints(Settings, include_extras=True)
    described = []
    for name in NAMES:
        (about,) = (part for part in get_args(hints[name]) if isinstance(part, Meta))
        default = (about.extra or {})["default"]
        described.append(Described(name, environment_name(name), default, about.description or ""))
    return described


def environment_name(name: str) -> str:
    return PREFIX + name.upper()


def is_loopback(host: str) -> bool:
    if host.lower() == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _defaults(given: Mapping[str, Any]) -> dict[str, Any]:
    host: str = given.get("host", "127.0.0.1")
    port: int = given.get("port", 8000)
    data: Path = given.get("data", values.folder("data"))
    at_home = is_loopback(host)
    return {
        "host": host,
        "port": port,
        "data": data,
        "public_url": f"http://localhost:{port}",
        "former_hosts": (),
        "database_url": f"sqlite:///{data / 'handbill.db'}",
        "sandbox": at_home,
        "trusted_proxies": (),
        "webhook_networks": LOOPBACK if at_home else (),
        "secret_key": None,
        "rate_limit": 200,
        "rate_burst": 1_000,
        "network_rate_limit": 100,
        "network_rate_burst": 2_000,
        "shutdown_seconds": 8,
        "worker": True,
        "languages": tuple(languages.NAMES),
        "log_format": "text",
        "log_requests": True,
        "metrics_token": None,
        "payer_retention_days": 400,
        "body_retention_days": 90,
        "smtp_url": None,
        "mail_from": None,
        "telegram_api_url": "https://api.telegram.org",
        "storage_url": f"file://{data / 'images'}",
        "storage_endpoint": None,
        "storage_region": "us-east-1",
        "storage_access_key_id": None,
        "storage_secret_access_key": None,
    }


def _sentence(faults: Faults) -> str:
    return " ".join(
        f"{environment_name(name)}: {'; '.join(words)}." for name, words in faults.items()
    )


def _printable(name: str, value: object) -> str:
    if name in SECRETS and value is not None:
        return "<secret>"
    if name == "database_url":
        return repr(_without_password(str(value)))
    return repr(value)


def _without_password(url: str) -> str:
    """A password may stand before the host or, as libpq allows, in the query."""
    parts = urlsplit(url)
    _, at, host = parts.netloc.rpartition("@")
    hidden = parts._replace(
        netloc=f"{parts.username or ''}{at}{host}", query="..." if parts.query else ""
    )
    return hidden.geturl() if parts.netloc or parts.query else url


_READERS: dict[str, Callable[[object], object]] = {
    "host": values.line,
    "port": values.whole(1, 65_535),
    "data": values.folder,
    "public_url": values.public_url,
    "former_hosts": values.hosts,
    "database_url": values.database_url,
    "sandbox": values.flag,
    "trusted_proxies": values.networks,
    "webhook_networks": values.networks,
    "secret_key": values.secret,
    "rate_limit": values.whole(0, 1_000_000),
    "rate_burst": values.whole(1, 10_000_000),
    "network_rate_limit": values.whole(0, 1_000_000),
    "network_rate_burst": values.whole(1, 10_000_000),
    "shutdown_seconds": values.whole(0, 600),
    "worker": values.flag,
    "log_requests": values.flag,
    "metrics_token": values.secret,
    "languages": values.languages,
    "log_format": values.choice(*get_args(LogFormat)),
    # Less could take away what is still on its way: webhooks are tried for 76 hours.
    "payer_retention_days": values.whole(7, 3_650),
    "body_retention_days": values.whole(7, 3_650),
    "smtp_url": values.smtp_url,
    "mail_from": values.mailbox,
    "telegram_api_url": values.endpoint,
    "storage_url": values.storage_url,
    "storage_endpoint": values.endpoint,
    "storage_region": values.line,
    "storage_access_key_id": values.line,
    "storage_secret_access_key": values.line,
}
NAMES: tuple[str, ...] = Settings.__struct_fields__
