"""Posts a notice by apprise, in the process of a workshop: the server never loads it.

Services are built from the parts that `recipients` let through, by the names of their own
parameters. The reading of addresses that apprise has, with its options for proxies, templates,
attachments and hosts, is never asked.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import msgspec
from apprise import Apprise, AppriseAsset, NotifyFormat
from apprise.plugins.base import NotifyBase
from apprise.plugins.discord import NotifyDiscord
from apprise.plugins.ntfy import NotifyNtfy
from apprise.plugins.pushover import NotifyPushover
from apprise.plugins.slack import NotifySlack
from apprise.plugins.telegram import NotifyTelegram

CONNECT_SECONDS = 5
READ_SECONDS = 10
WORDS_MAX = 300

_WITHIN = {"cto": CONNECT_SECONDS, "rto": READ_SECONDS, "redirect": "no", "verify": "yes"}


def post(service: str, telegram_url: str, text: str, *parts: str) -> str:
    """Empty where the service has taken it, else why not, in words without a secret."""
    heard = _Heard()
    logger = logging.getLogger("apprise")
    logger.addHandler(heard)
    try:
        sender = Apprise(asset=_asset())
        sender.add(built(service, telegram_url, parts))
        taken = sender.notify(body=text, body_format=NotifyFormat.TEXT)
    finally:
        logger.removeHandler(heard)
    return "" if taken else heard.words(parts)


class _Heard(logging.Handler):
    """What apprise says of a failure: it answers no more than yes or no."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self._said: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self._said.append(record.getMessage())

    def words(self, secrets: tuple[str, ...]) -> str:
        said = " ".join(" ".join(self._said).split())
        for secret in secrets:
            said = said.replace(secret, "***")
        return said[:WORDS_MAX] or "The service did not take it."


def _asset() -> AppriseAsset:
    asset = AppriseAsset(app_id="Handbill", plugin_paths=[])
    asset.http_redirects = False
    return asset


class _Service(msgspec.Struct, frozen=True):
    """A class of apprise, the names that the parts have there, and what else we choose."""

    plugin: Callable[..., NotifyBase]
    names: tuple[str, ...]
    chosen: dict[str, Any]


_SERVICES = {
    # Without detection a wrong chat fails, in place of going to whoever wrote to the bot last.
    "telegram": _Service(NotifyTelegram, ("bot_token", "targets"), {"detect_owner": False}),
    "slack": _Service(NotifySlack, ("token_a", "token_b", "token_c"), {"include_image": False}),
    "discord": _Service(NotifyDiscord, ("webhook_id", "webhook_token"), {"avatar": False}),
    "pover": _Service(NotifyPushover, ("user_key", "token"), {}),
    "ntfy": _Service(NotifyNtfy, ("targets",), {"mode": "cloud", "include_image": False}),
}


def built(service: str, telegram_url: str, parts: tuple[str, ...]) -> NotifyBase:
    known = _SERVICES[service]
    plugin = known.plugin(**dict(zip(known.names, parts, strict=True)), **known.chosen, **_WITHIN)
    if isinstance(plugin, NotifyTelegram):
        plugin.notify_url = f"{telegram_url}/bot"
    return plugin
