"""API keys: made, shown once, kept as a keyed hash, recognised quickly."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence

from handbill.infra.crypto import Crypto
from handbill.infra.database import Database, Tx
from handbill.kernel import ids
from handbill.kernel.clock import SECOND, Clock, Instant
from handbill.kernel.errors import NotFound
from handbill.merchants import store
from handbill.merchants.model import DEFAULT_SCOPES, ApiKey, Identity, Scope

CACHE = SECOND
"""How long a key that was revoked may still work."""
CACHED_MAX = 10_000


def create(
    tx: Tx,
    crypto: Crypto,
    merchant_id: int,
    *,
    test: bool,
    scopes: Sequence[Scope] = DEFAULT_SCOPES,
) -> tuple[ApiKey, str]:
    """The key's record and the key itself, which is not kept."""
    text = ids.api_key(test=test)
    key = ApiKey(
        id=ids.new_id(tx.now),
        merchant_id=merchant_id,
        test=test,
        last_four=text[-4:],
        scopes=tuple(scopes),
        created_at=tx.now,
        revoked_at=None,
    )
    store.add_key(tx, key, crypto.hash_api_key(text))
    return key, text


def revoke(tx: Tx, key_id: str) -> None:
    """From at most a second later nobody is let in by it. Raises NotFound."""
    known = ids.parse_id(key_id)
    if known is None or store.revoke_key(tx, known) == 0:
        raise NotFound("There is no such key, or it is revoked already.")


def holder(tx: Tx, key_id: str) -> Identity | None:
    """Who holds a key of which only the id is known; None once it is revoked, at once."""
    return store.find_identity_by_id(tx, key_id)


class Keyring:
    """Tells who holds a key. Remembers what it found for a second, and a bounded number of keys."""

    def __init__(self, db: Database, crypto: Crypto, clock: Clock) -> None:
        self._db = db
        self._crypto = crypto
        self._clock = clock
        self._known: OrderedDict[str, tuple[Instant, Identity | None]] = OrderedDict()

    async def identify(self, text: str) -> Identity | None:
        """None for a key that is mistyped, unknown or revoked."""
        if not ids.is_api_key(text):
            return None
        key_hash = self._crypto.hash_api_key(text)
        now = self._clock.now()
        known = self._known.get(key_hash)
        if known is not None and now < known[0]:
            return known[1]
        identity = await self._db.point(lambda tx: store.find_identity(tx, key_hash))
        self._known[key_hash] = (now + CACHE, identity)
        self._known.move_to_end(key_hash)
        if len(self._known) > CACHED_MAX:
            self._known.popitem(last=False)
        return identity
