"""The acquirer's customers: opened with a key that is shown once, found again by its hash."""

from __future__ import annotations

import hashlib
import secrets

import msgspec

from acquirer_sandbox.model import Shop
from handbill.infra.database import Tx
from handbill.kernel import ids

KEY_PREFIX = "sk_sandbox_"
SECRET_PREFIX = "ns_sandbox_"


class OpenedShop(msgspec.Struct, frozen=True):
    """Plain values, shown once: the key is stored as a hash only."""

    id: str
    secret_key: str
    notification_secret: str


def open_shop(tx: Tx, name: str) -> OpenedShop:
    opened = OpenedShop(
        id=ids.new_id(tx.now),
        secret_key=KEY_PREFIX + secrets.token_urlsafe(24),
        notification_secret=SECRET_PREFIX + secrets.token_urlsafe(32),
    )
    tx.later(
        "INSERT INTO sandbox_shops (id, name, key_hash, notification_secret, created_at)"
        " VALUES (:id, :name, :key_hash, :notification_secret, :now)",
        id=opened.id,
        name=name,
        key_hash=_hash(opened.secret_key),
        notification_secret=opened.notification_secret,
        now=tx.now,
    )
    return opened


def find_by_key(tx: Tx, secret_key: str) -> Shop | None:
    if not secret_key.startswith(KEY_PREFIX):
        return None
    return tx.find(
        Shop,
        "SELECT id, name, notification_secret FROM sandbox_shops WHERE key_hash = :key_hash",
        key_hash=_hash(secret_key),
    )


def get(tx: Tx, shop_id: str) -> Shop:
    return tx.get(
        Shop, "SELECT id, name, notification_secret FROM sandbox_shops WHERE id = :id", id=shop_id
    )


def _hash(secret_key: str) -> str:
    # The key carries 192 random bits: nothing to guess, so nothing slow is needed.
    return hashlib.sha256(secret_key.encode()).hexdigest()
