"""Where a notice may go: mailboxes, Telegram chats, and services whose host is their vendor's.

An allow-list. What a merchant types is matched whole against a form of ours and falls into parts:
tokens, ids, names. None of them reaches the place of a host, a port, a path of its own or an
option, so a notice can neither ask a private network nor read a file.
"""

from __future__ import annotations

import re

import msgspec

from handbill.kernel.errors import Faults

TELEGRAM = "telegram"
ADDRESS_MAX = 300
HIDDEN = "***"

_BOT = re.compile(r"[0-9]{5,15}:[A-Za-z0-9_-]{30,64}", re.ASCII)
_CHAT = re.compile(r"(?:-?[0-9]{1,20}|@[A-Za-z][A-Za-z0-9_]{3,31})", re.ASCII)

SERVICES: dict[str, tuple[str, re.Pattern[str]]] = {
    "slack": (
        "slack://T.../B.../TOKEN",
        re.compile(r"slack://(T[A-Z0-9]{7,14})/(B[A-Z0-9]{7,14})/([A-Za-z0-9]{20,32})/?", re.ASCII),
    ),
    "discord": (
        "discord://WEBHOOK_ID/WEBHOOK_TOKEN",
        re.compile(r"discord://([0-9]{15,22})/([A-Za-z0-9_-]{50,100})/?", re.ASCII),
    ),
    "pover": (
        "pover://USER_KEY@APP_TOKEN",
        re.compile(r"pover://([A-Za-z0-9]{30})@([A-Za-z0-9]{30})/?", re.ASCII),
    ),
    "ntfy": ("ntfy://TOPIC", re.compile(r"ntfy://([A-Za-z0-9_-]{8,64})/?", re.ASCII)),
}
"""Scheme -> how its addresses look for people, and for us. A topic of ntfy is all that keeps
strangers from reading along: eight characters are the least."""


class Recipient(msgspec.Struct, frozen=True):
    """`service` is `telegram` or a scheme of `SERVICES`; `parts` are what its form asks for."""

    service: str
    parts: tuple[str, ...]


def telegram_faults(token: str | None, chat: str | None) -> Faults:
    found: Faults = {}
    if token is None or not _BOT.fullmatch(token):
        found["token"] = ["must be a bot's token as BotFather gives it, such as 123456:ABC..."]
    if chat is None or not _CHAT.fullmatch(chat):
        found["chat"] = ["must be the number of a chat, such as -1001234567890, or @channel"]
    return found


def telegram(token: str, chat: str) -> Recipient:
    return Recipient(TELEGRAM, (token, chat))


def at_address(address: str) -> Recipient | None:
    """None for whatever is not exactly one of the forms of `SERVICES`."""
    if len(address) > ADDRESS_MAX:
        return None
    for service, (_, form) in SERVICES.items():
        if found := form.fullmatch(address):
            return Recipient(service, found.groups())
    return None


def shown(address: str) -> str:
    """An address without what is secret in it."""
    return f"{address.partition('://')[0]}://{HIDDEN}"


def forms() -> str:
    """The addresses that are taken, for people."""
    return ", ".join(looks for looks, _ in SERVICES.values())
