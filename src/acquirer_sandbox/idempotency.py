"""Idempotency of the acquirer's API: one effect for one key, and the same answer every time.

Key and effect are written in one transaction, so that one never exists without the other. A
request that was refused leaves nothing behind and may be repeated with its key.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable

from acquirer_sandbox.model import Shop
from handbill.infra.database import Tx
from handbill.kernel.clock import HOUR
from handbill.kernel.errors import Conflict

KEPT_FOR = 72 * HOUR


def fingerprint(path: str, body: bytes) -> str:
    return hashlib.sha256(path.encode() + b"\0" + body).hexdigest()


def once(tx: Tx, shop: Shop, key: str, digest: str, act: Callable[[], str]) -> str:
    """The answer of `act`, run at most once for a key of this shop. Raises Conflict when the key
    came with another request."""
    tx.later("DELETE FROM sandbox_requests WHERE created_at < :before", before=tx.now - KEPT_FOR)
    # The row first: of two requests at the same moment, the second waits here for the first.
    fresh = tx.run(
        "INSERT INTO sandbox_requests (shop_id, key, fingerprint, created_at)"
        " VALUES (:shop_id, :key, :fingerprint, :now) ON CONFLICT (shop_id, key) DO NOTHING",
        shop_id=shop.id,
        key=key,
        fingerprint=digest,
        now=tx.now,
    )
    if not fresh:
        return _stored(tx, shop, key, digest)
    answer = act()
    tx.later(
        "UPDATE sandbox_requests SET answer = :answer WHERE shop_id = :shop_id AND key = :key",
        answer=answer,
        shop_id=shop.id,
        key=key,
    )
    return answer


def _stored(tx: Tx, shop: Shop, key: str, digest: str) -> str:
    answer = tx.value(
        "SELECT answer FROM sandbox_requests"
        " WHERE shop_id = :shop_id AND key = :key AND fingerprint = :fingerprint",
        shop_id=shop.id,
        key=key,
        fingerprint=digest,
    )
    if answer is None:
        raise Conflict(
            "This idempotency key was used for another request.", code="idempotency_key_reused"
        )
    return str(answer)
