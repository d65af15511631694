"""The one-shot token of a form: names, before anything is done, what pressing it would make."""

from __future__ import annotations

from handbill.infra.crypto import Crypto
from handbill.kernel.clock import Clock, Instant

LENGTH_MAX = 400


class Tickets:
    """`purpose` tells the forms apart. A ticket is for its owner alone: a key, or a payment."""

    def __init__(self, crypto: Crypto, clock: Clock, purpose: str, life: Instant) -> None:
        self._crypto, self._clock = crypto, clock
        self._purpose, self._life = purpose, life

    def issue(self, owner: str, name: str) -> str:
        """Another one for each copy of the page; safe in an attribute."""
        expires_at = self._clock.now() + self._life
        return self._crypto.sign(self._purpose, [owner, name], expires_at)

    def read(self, ticket: str | None, owner: str) -> str | None:
        """The name. None: forged, too old, of another owner."""
        if ticket is None or len(ticket) > LENGTH_MAX:
            return None
        known = self._crypto.verify(self._purpose, ticket, self._clock.now())
        if not isinstance(known, list) or known[0] != owner:
            return None
        return str(known[1])
