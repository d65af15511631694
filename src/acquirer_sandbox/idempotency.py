"""Idempotency of the acquirer's API: one effect for one key, and the same answer every time.

Key and effect are written in one transaction, so that one never exists without the other. A
request that was refused leaves nothing behind and may be repeated with its key.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable

import msgspec

from acquirer_sandbox.model import Shop
from handbill.infra.database import Tx
from handbill.kernel.clock import HOUR
from handbill.kernel.errors import Conflict, Unavailable

KEPT_FOR = 72 * HOUR


class Kept(msgspec.Struct, frozen=True):
    """`is_new`: made by this request; otherwise an earlier one with the key was answered so."""

    answer: str
    is_new: bool


class _Stored(msgspec.Struct, frozen=True):
    fingerprint: str
    answer: str


def fingerprint(path: str, body: bytes) -> str:
    return hashlib.sha256(path.encode() + b"\0" + body).hexdigest()


def once(tx: Tx, shop: Shop, key: str, digest: str, act: Callable[[], str]) -> Kept:
    """The answer of `act`, run at most once for a key of this shop. Raises Conflict when the key
    came with another request, Unavailable when it is being used by another process right now."""
    oldest = tx.now - KEPT_FOR
    stored = tx.find(
        _Stored,
        "SELECT fingerprint, answer FROM sandbox_requests"
        " WHERE shop_id = :shop_id AND key = :key AND created_at >= :oldest",
        shop_id=shop.id,
        key=key,
        oldest=oldest,
    )
    if stored is not None:
        if stored.fingerprint != digest:
            raise Conflict(
                "This idempotency key was used for another request.", code="idempotency_key_reused"
            )
        return Kept(stored.answer, is_new=False)
    # The act before the row: a refusal that comes before any write costs its neighbours nothing.
    answer = act()
    tx.later("DELETE FROM sandbox_requests WHERE created_at < :oldest", oldest=oldest)
    fresh = tx.run(
        "INSERT INTO sandbox_requests (shop_id, key, fingerprint, answer, created_at)"
        " VALUES (:shop_id, :key, :fingerprint, :answer, :now)"
        " ON CONFLICT (shop_id, key) DO NOTHING",
        shop_id=shop.id,
        key=key,
        fingerprint=digest,
        answer=answer,
        now=tx.now,
    )
    if not fresh:
        raise Unavailable("This key is being used right now; ask again with it.")
    return Kept(answer, is_new=True)
