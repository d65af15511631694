"""What is stored about one person: found by what they themselves know, shown, and erased.

Erased is what is theirs: the row of what is known of them, the hash of their browser's cookie, the
personal address at which they began, and the texts of others that may name them (what the acquirer
wrote, what the merchant's server answered). Payment, events and books stay: they hold none of it.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from handbill import inbox
from handbill.infra.database import Database, Tx
from handbill.infra.sweeps import BEGINNING
from handbill.kernel.errors import NotFound
from handbill.payments import letters, payers, store
from handbill.payments.model import Payment
from handbill.payments.payers import Payer
from handbill.webhooks import bodies

READ_MAX = 1_000
"""Rows that are looked through in one reading."""


class Wanted(msgspec.Struct, frozen=True):
    """One of the first three is set. `id` is a payer's or a payment's; `merchant_id` narrows it to
    one merchant's payers."""

    id: str | None = None
    email: str | None = None
    phone: str | None = None
    merchant_id: int | None = None


class Found(msgspec.Struct, frozen=True):
    """A payer with their payments. None: nothing was told of whoever made the payment."""

    payer: Payer | None
    payments: tuple[Payment, ...]

    @property
    def merchant_id(self) -> int:
        return (self.payer or self.payments[0]).merchant_id

    @property
    def test(self) -> bool:
        return (self.payer or self.payments[0]).test


async def find(db: Database, wanted: Wanted) -> list[Found]:
    """Everybody who fits. An e-mail fits whatever its case is, a telephone number by its digits;
    those who were erased fit by an id alone. Raises NotFound where an id is of nobody."""
    known = wanted.id
    if known is not None:
        return [await db.read(lambda tx: _by_id(tx, known, wanted.merchant_id))]
    fits, found, reached = _judge_of(wanted), list[Found](), BEGINNING
    while True:
        seen = await db.read(_reading(fits, reached))
        found += seen.found
        if seen.last is None:
            return found
        reached = seen.last


async def erase(db: Database, found: Found) -> None:
    """All of it or nothing, under the merchant's lock. A repeat finds nothing more to erase."""

    def forget(tx: Tx) -> None:
        if found.payer is not None:
            payers.erase(tx, found.payer.id)
        for payment in found.payments:
            _forget_payment(tx, payment.id)

    await db.write(forget, merchant=found.merchant_id)


def _forget_payment(tx: Tx, payment_id: str) -> None:
    payers.erase_traces(tx, payment_id)
    letters.forget(tx, payment_id)
    bodies.forget_answers(tx, payment_id)
    for known in store.references_of(tx, payment_id):
        inbox.forget_about(tx, known.account_id, known.reference)


def _by_id(tx: Tx, known: str, merchant_id: int | None) -> Found:
    """Raises NotFound, also where it is of another merchant."""
    payer, payments = payers.find(tx, known), list[Payment]()
    if payer is None:
        payment = store.get(tx, known)
        payments = [payment]
        payer = payers.find(tx, payment.payer_id) if payment.payer_id is not None else None
    if payer is not None:
        payments = store.of_payer_id(tx, payer.id)
    found = Found(payer, tuple(payments))
    if merchant_id not in (None, found.merchant_id):
        raise NotFound("There is no such thing.")
    return found


class _Seen(msgspec.Struct, frozen=True):
    found: list[Found]
    last: str | None


def _reading(fits: Callable[[Payer], bool], after: str) -> Callable[[Tx], _Seen]:
    """The next rows: those that fit, and where to go on."""

    def read(tx: Tx) -> _Seen:
        rows = payers.known_after(tx, after, READ_MAX)
        found = [Found(row, tuple(store.of_payer_id(tx, row.id))) for row in rows if fits(row)]
        return _Seen(found, rows[-1].id if rows else None)

    return read


def _judge_of(wanted: Wanted) -> Callable[[Payer], bool]:
    email, digits = _folded(wanted.email), _digits(wanted.phone)

    def fits(payer: Payer) -> bool:
        if wanted.merchant_id not in (None, payer.merchant_id):
            return False
        if wanted.email is not None:
            return _folded(payer.email) == email
        return bool(digits) and _digits(payer.phone) == digits

    return fits


def _folded(email: str | None) -> str:
    return (email or "").strip().casefold()


def _digits(phone: str | None) -> str:
    return "".join(str(int(c)) for c in phone or "" if c.isdecimal())  # also those of other scripts
