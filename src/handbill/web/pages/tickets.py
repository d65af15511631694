"""The one-shot token of a pay page: what a copy of the page stands for, signed by this server."""

from __future__ import annotations

import msgspec

from handbill.infra.crypto import Crypto
from handbill.kernel import ids
from handbill.kernel.clock import HOUR, Clock
from handbill.kernel.money import Money

PURPOSE = "pay"
LIFE = 12 * HOUR
LENGTH_MAX = 400


class Ticket(msgspec.Struct, frozen=True, array_like=True):
    """An attempt that may be started once, the total that the page showed, the mark of the line
    beside Pay, and the code by which the page was come to."""

    link_id: str
    attempt_id: str
    total: Money | None
    consent: str = ""
    code: str = ""


class Tickets:
    def __init__(self, crypto: Crypto, clock: Clock) -> None:
        self._crypto = crypto
        self._clock = clock

    def issue(self, link_id: str, total: Money | None, consent: str = "", code: str = "") -> str:
        """Another one for each copy of the page; safe in an attribute."""
        now = self._clock.now()
        ticket = Ticket(link_id, ids.new_id(now), total, consent, code)
        return self._crypto.sign(PURPOSE, ticket, now + LIFE)

    def read(self, token: str | None, link_id: str | None = None) -> Ticket | None:
        """None: forged, stale, of another link than `link_id`."""
        if token is None or len(token) > LENGTH_MAX:
            return None
        value = self._crypto.verify(PURPOSE, token, self._clock.now())
        try:
            ticket = msgspec.convert(value, Ticket)
        except msgspec.ValidationError:  # none, or one that an earlier version signed
            return None
        return ticket if link_id in (None, ticket.link_id) else None
