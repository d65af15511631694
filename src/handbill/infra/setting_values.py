"""From the text of an option or a variable to a value. Each function raises ValueError with words
that say what is expected; none of them knows the name of the setting.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

from handbill.kernel.addresses import plain_host
from handbill.kernel.languages import DEFAULT, NAMES, LanguageCode
from handbill.kernel.mailboxes import is_mailbox

SECRET_CHARACTERS_MIN = 32
HOST_CHARACTERS = frozenset("abcdefghijklmnopqrstuvwxyz0123456789.-:")

Network = IPv4Network | IPv6Network


def line(value: object) -> str:
    text = str(value).strip()
    if not text or not text.isprintable():
        raise ValueError("must be a line of printable text")
    return text


def whole(least: int, most: int) -> Callable[[object], int]:
    def read(value: object) -> int:
        text = str(value).strip()
        digits = text.isascii() and text.isdigit() and len(text) <= len(str(most))
        if not digits or not least <= int(text) <= most:
            raise ValueError(f"must be a whole number from {least} to {most}")
        return int(text)

    return read


def flag(value: object) -> bool:
    word = str(value).strip().lower()
    if word in ("true", "on", "yes", "1"):
        return True
    if word in ("false", "off", "no", "0"):
        return False
    raise ValueError("must be on or off")


def choice(*choices: str) -> Callable[[object], str]:
    def read(value: object) -> str:
        if value not in choices:
            raise ValueError(f"must be one of {', '.join(choices)}")
        return str(value)

    return read


def folder(value: object) -> Path:
    """Absolute, so that nobody depends on the working directory later."""
    text = line(value)
    try:
        return Path(text).expanduser().absolute()
    except RuntimeError:
        raise ValueError("names the home folder of a user who does not exist") from None


def networks(value: object) -> tuple[Network, ...]:
    many = value if isinstance(value, Sequence) and not isinstance(value, str) else [value]
    words = [word.strip() for item in many for word in str(item).split(",")]
    if words == ["none"]:
        return ()
    try:
        return tuple(ip_network(word) for word in words if word)
    except ValueError as refused:
        raise ValueError(f"must be networks such as 10.0.0.0/8: {refused}") from None


def languages(value: object) -> tuple[LanguageCode, ...]:
    """In the order in which pages list them, with English."""
    many = value if isinstance(value, Sequence) and not isinstance(value, str) else [value]
    words = {word.strip() for item in many for word in str(item).split(",")} - {""}
    if words == {"all"}:
        return tuple(NAMES)
    if unknown := sorted(words - set(NAMES)):
        raise ValueError(f"has no {', '.join(unknown)}; choose from {', '.join(NAMES)}, or all")
    return tuple(code for code in NAMES if code in words or code == DEFAULT)


def public_url(value: object) -> str:
    text = line(value)
    expected = "must be http:// or https:// with a host and nothing behind it"
    parts = _split(text, expected)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError(expected)
    if parts.path not in ("", "/") or "?" in text or "#" in text or "@" in parts.netloc:
        raise ValueError(expected)
    try:
        port = parts.port
        host = parts.hostname.encode("idna").decode()
    except ValueError:  # UnicodeError is one
        raise ValueError(expected) from None
    if port == 0 or not set(host) <= HOST_CHARACTERS:
        raise ValueError(expected)
    name = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{name}" + (f":{port}" if port else "")


def hosts(value: object) -> tuple[str, ...]:
    """As browsers name them: with a port where it is not the usual one."""
    many = value if isinstance(value, Sequence) and not isinstance(value, str) else [value]
    words = [word.strip() for item in many for word in str(item).split(",")]
    if words == ["none"]:
        return ()
    try:
        urls = [public_url(f"http://{word}") for word in words if word and "/" not in word]
    except ValueError:
        urls = []
    if len(urls) < len([word for word in words if word]):
        raise ValueError("must be hosts such as pay.example.com or 192.0.2.7:8000")
    return tuple(plain_host(url.removeprefix("http://")) for url in urls)


def database_url(value: object) -> str:
    text = line(value)
    if text.startswith("postgresql://"):
        expected = "must end with the name of a database: postgresql://HOST/NAME"
        if len(_split(text, expected).path) < 2:
            raise ValueError(expected)
        return text
    path = text.removeprefix("sqlite:///")
    if path == text or not path or path.startswith(":memory:"):
        raise ValueError("must start with sqlite:///PATH or postgresql://")
    return f"sqlite:///{folder(path)}"


def secret(value: object) -> str:
    text = str(value)
    if len(text) < SECRET_CHARACTERS_MIN:
        raise ValueError(f"must have at least {SECRET_CHARACTERS_MIN} characters")
    return text


def smtp_url(value: object) -> str:
    expected = "must be smtp:// or smtps:// with a host and nothing behind its port"
    text = line(value)
    parts = _split(text, expected)
    if parts.scheme not in ("smtp", "smtps") or not parts.hostname:
        raise ValueError(expected)
    if parts.path not in ("", "/") or parts.query or parts.fragment:
        raise ValueError(expected)
    try:
        usable = parts.port != 0
    except ValueError:
        usable = False
    if not usable:
        raise ValueError(expected)
    if (parts.username is None) != (parts.password is None):
        raise ValueError("must have a user and a password, or neither")
    return text


def mailbox(value: object) -> str:
    text = line(value)
    if not is_mailbox(text):
        raise ValueError("must be an e-mail address such as pay@example.com")
    return text


def storage_url(value: object) -> str:
    expected = "must be file:///FOLDER or s3://BUCKET/PREFIX"
    address = line(value)
    parts = _split(address, expected)
    if parts.scheme == "file" and not parts.netloc and parts.path.startswith("/"):
        return address
    if parts.scheme == "s3" and parts.netloc:
        return address
    raise ValueError(expected)


def endpoint(value: object) -> str:
    expected = "must be an http:// or https:// address"
    address = line(value)
    parts = _split(address, expected)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError(expected)
    return address


def _split(address: str, expected: str) -> SplitResult:
    try:
        return urlsplit(address)
    except ValueError:  # such as half a bracket
        raise ValueError(expected) from None
