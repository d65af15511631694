"""Everything made from the installation's key: sealing secrets, hashing API keys, signing tokens.

Each purpose gets a key of its own, derived by HMAC, so that one cannot stand in for another.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import hmac
import os
import secrets
from pathlib import Path

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.ciphers.aead import AESSIV

from handbill.kernel.clock import Instant
from handbill.kernel.errors import CannotUnseal

KEY_FILE = "installation.key"
_TAG_BYTES = 16


class Crypto:
    """`key` is the installation's secret, at least 32 bytes. Losing it loses what was sealed."""

    def __init__(self, key: bytes) -> None:
        if len(key) < 32:
            raise ValueError("the installation key must have at least 32 bytes")
        self._key = key
        self._fernet = Fernet(base64.urlsafe_b64encode(self._derive("seal")))
        self._api_keys = self._derive("api keys")
        self._networks = self._derive("networks")
        self._tokens = self._derive("tokens")
        self._fingerprints = self._derive("fingerprints")

    def seal(self, value: object) -> str:
        """Encrypts a JSON value; the text is safe to store."""
        return self._fernet.encrypt(msgspec.json.encode(value)).decode()

    def unseal(self, text: str) -> object:
        try:
            plain: object = msgspec.json.decode(self._fernet.decrypt(text.encode()))
        except InvalidToken:
            raise CannotUnseal(
                "A stored secret was sealed with another installation key; restore the key file."
            ) from None
        return plain

    def hash_api_key(self, text: str) -> str:
        """API keys carry 178 random bits: a keyed hash is enough, and quick."""
        return hmac.digest(self._api_keys, text.encode(), hashlib.sha256).hex()

    def fingerprint(self, body: bytes) -> str:
        """The same for the same bytes. Whoever has the database alone cannot try out what they
        may have been, as with a plain hash of a short text."""
        return hmac.digest(self._fingerprints, body, hashlib.sha256).hex()

    def hash_network(self, text: str) -> str:
        """There are so few networks that a plain hash could be undone by trying them all."""
        return hmac.digest(self._networks, text.encode(), hashlib.sha256)[:_TAG_BYTES].hex()

    def derived(self, purpose: str, text: str) -> bytes:
        """16 bytes, the same for the same text; nobody without the key can tell them."""
        return self._tag(purpose, text.encode())

    def sign(self, purpose: str, value: object, expires_at: Instant) -> str:
        """A short token that only this installation can make. It is readable: no secrets in it."""
        body = msgspec.msgpack.encode((expires_at, value))
        return _text(self._tag(purpose, body) + body)

    def verify(self, purpose: str, token: str, now: Instant) -> object | None:
        """The signed value, or None: forged, of another purpose, or expired."""
        try:
            raw = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
        except ValueError:
            return None
        if _text(raw) != token:
            return None  # one token has one spelling
        tag, body = raw[:_TAG_BYTES], raw[_TAG_BYTES:]
        if not hmac.compare_digest(tag, self._tag(purpose, body)):
            return None
        expires_at, value = msgspec.msgpack.decode(body, type=tuple[int, object])
        return value if now < expires_at else None

    def mark(self, purpose: str, value: object) -> str:
        """A signature that stands beside what it signs and has no end of its own: 128 bits in 22
        characters, the same for the same value."""
        key = self._derive("marks/" + purpose)
        return _text(hmac.digest(key, msgspec.msgpack.encode(value), hashlib.sha256)[:_TAG_BYTES])

    def is_mark(self, purpose: str, value: object, text: str) -> bool:
        """In the same time, however much of it is right."""
        return hmac.compare_digest(self.mark(purpose, value).encode(), text.encode())

    def veil(self, purpose: str, text: str, about: str) -> str:
        """Encrypts a short text for an address: the same for the same text about the same thing
        (AES-SIV, RFC 5297), so that an address can be made again, and shorter than `seal`."""
        return _text(self._veils(purpose).encrypt(text.encode(), [about.encode()]))

    def unveil(self, purpose: str, text: str, about: str) -> str | None:
        """None: changed, or about something else."""
        try:
            raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
            return self._veils(purpose).decrypt(raw, [about.encode()]).decode()
        except (ValueError, InvalidTag):
            return None

    def _veils(self, purpose: str) -> AESSIV:
        return AESSIV(self._derive("veils/" + purpose))

    def _tag(self, purpose: str, body: bytes) -> bytes:
        message = purpose.encode() + b"\0" + body
        return hmac.digest(self._tokens, message, hashlib.sha256)[:_TAG_BYTES]

    def _derive(self, purpose: str) -> bytes:
        return hmac.digest(self._key, b"handbill/" + purpose.encode(), hashlib.sha256)


def installation_key(folder: Path) -> bytes:
    """Reads the key of this installation, or makes it: readable by its user alone.

    Two processes that start at once get the same key, and a half-written one is never seen.
    """
    path = folder / KEY_FILE
    if not path.exists():
        _make_key(path)
    return path.read_bytes().strip()


def webhook_secret() -> str:
    """`whsec_` and 32 random bytes in base64, as Standard Webhooks asks."""
    return "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()


def _make_key(path: Path) -> None:
    unfinished = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
    handle = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(secrets.token_urlsafe(48).encode() + b"\n")
            file.flush()
            os.fsync(file.fileno())
        with contextlib.suppress(FileExistsError):  # another process was quicker: its key counts
            os.link(unfinished, path)
    finally:
        unfinished.unlink()
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
