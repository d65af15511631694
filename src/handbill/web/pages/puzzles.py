"""Proofs of work for payers whose network or link is under suspicion: signed, stored nowhere.

A puzzle names the attempt that its solution begins, so it is spent with that attempt: sent again it
finds the attempt that is there, on any process and after any restart.
"""

from __future__ import annotations

import hashlib

import msgspec

from handbill.infra.crypto import Crypto
from handbill.kernel import ids
from handbill.kernel.clock import MINUTE, Clock
from handbill.payments.order import Order

PURPOSE = "puzzle"
LIFE = 10 * MINUTE
LENGTH_MAX = 400
SOLUTION_MAX = 20
TAG_CHARACTERS = 22
"""Of the token, enough for its whole signature: what is hashed fits one block of SHA-256."""


class Puzzle(msgspec.Struct, frozen=True):
    """Find a whole number, written in decimal digits, so that the SHA-256 of `prefix` and the
    number begins with `bits` zero bits. `token` is sent back with it."""

    token: str
    prefix: str
    bits: int
    expires_in: int
    """Seconds."""
    algorithm: str = "SHA-256"


class _Signed(msgspec.Struct, frozen=True, array_like=True):
    link_id: str
    network: str
    attempt_id: str
    bits: int


class Puzzles:
    def __init__(self, crypto: Crypto, clock: Clock) -> None:
        self._crypto = crypto
        self._clock = clock

    def make(self, order: Order, bits: int) -> Puzzle:
        """For another try at what was ordered."""
        now = self._clock.now()
        signed = _Signed(order.link_id or "", order.network or "", ids.new_id(now), bits)
        token = self._crypto.sign(PURPOSE, signed, now + LIFE)
        return Puzzle(token, _prefix(token), bits, LIFE // 1_000)

    def prove(self, order: Order, token: str | None, solution: str | None) -> Order:
        """The order with what the solution is worth; as it was, where there is none that holds:
        forged, stale, wrong, or of another link or network."""
        if not token or len(token) > LENGTH_MAX or not _is_number(solution):
            return order
        value = self._crypto.verify(PURPOSE, token, self._clock.now())
        try:
            signed = msgspec.convert(value, _Signed)
        except msgspec.ValidationError:
            return order
        if (signed.link_id, signed.network) != (order.link_id, order.network):
            return order
        if zero_bits(f"{_prefix(token)}{solution}") < signed.bits:
            return order
        return msgspec.structs.replace(order, attempt_id=signed.attempt_id, effort=signed.bits)


def zero_bits(text: str) -> int:
    """How many bits at the beginning of its SHA-256 are zero."""
    return 256 - int.from_bytes(hashlib.sha256(text.encode()).digest()).bit_length()


def _prefix(token: str) -> str:
    return token[:TAG_CHARACTERS] + ":"


def _is_number(text: str | None) -> bool:
    return text is not None and text.isascii() and text.isdigit() and len(text) <= SOLUTION_MAX
