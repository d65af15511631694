"""Table `payers`: what is known of a person who pays, and the only place where it is kept.

Payments, events, books and webhooks hold the id of a row here and nothing of what stands in it, so
that erasing the row erases the person. Every payment has a row of its own: nobody is recognized
by an address that others may share, and what one merchant knows no other merchant meets.
"""

from __future__ import annotations

import msgspec

from handbill.infra.database import Tx
from handbill.infra.sweeps import Span, Swept, sweep
from handbill.kernel import ids
from handbill.kernel.clock import Instant
from handbill.merchants.model import Tenant
from handbill.payments.model import Customer

_PAYER = "SELECT id, merchant_id, test, email, phone, name, created_at, erased_at FROM payers"
_ERASE = (
    "UPDATE payers SET email = NULL, phone = NULL, name = NULL, erased_at = :now"
    " WHERE erased_at IS NULL"
)
# The hash of a cookie, by which a payer finds their own payment again on a link, and the personal
# address at which they began.
_ERASE_TRACES = (
    "UPDATE payments SET payer = NULL, personal = NULL"
    " WHERE (payer IS NOT NULL OR personal IS NOT NULL)"
)


class Payer(msgspec.Struct, frozen=True):
    """A row. Once it was erased, only its place and the time are left."""

    id: str
    merchant_id: int
    test: bool
    email: str | None
    phone: str | None
    name: str | None
    created_at: Instant
    erased_at: Instant | None


def add(tx: Tx, tenant: Tenant, customer: Customer) -> str | None:
    """The id of a new row; None where nothing is known."""
    if customer == Customer():
        return None
    payer_id = ids.new_id(tx.now)
    tx.later(
        "INSERT INTO payers (id, merchant_id, test, email, phone, name, created_at)"
        " VALUES (:id, :merchant_id, :test, :email, :phone, :name, :now)",
        id=payer_id,
        merchant_id=tenant.merchant_id,
        test=tenant.test,
        email=customer.email,
        phone=customer.phone,
        name=customer.name,
        now=tx.now,
    )
    return payer_id


def customer(tx: Tx, payer_id: str | None) -> Customer:
    """What an acquirer may be told; nothing, once it was erased."""
    if payer_id is None:
        return Customer()
    return tx.get(Customer, "SELECT email, phone, name FROM payers WHERE id = :id", id=payer_id)


def find(tx: Tx, payer_id: str) -> Payer | None:
    return tx.find(Payer, f"{_PAYER} WHERE id = :id", id=payer_id)


def known_after(tx: Tx, after: str, limit: int) -> list[Payer]:
    """The next ones of whom something is known, in the order of their ids."""
    return tx.all(
        Payer,
        f"{_PAYER} WHERE id > :after AND erased_at IS NULL ORDER BY id LIMIT :limit",
        after=after,
        limit=limit,
    )


def erase(tx: Tx, payer_id: str) -> None:
    """A repeat keeps the time of the first."""
    tx.run(f"{_ERASE} AND id = :id", id=payer_id, now=tx.now)


def erase_traces(tx: Tx, payment_id: str) -> None:
    tx.run(f"{_ERASE_TRACES} AND id = :id", id=payment_id)


def delete(tx: Tx, payer_id: str) -> None:
    """A row that no payment names."""
    tx.run("DELETE FROM payers WHERE id = :id", id=payer_id)


def forget_old(tx: Tx, span: Span) -> Swept:
    return sweep(tx, span, "payers", _ERASE)


def forget_old_traces(tx: Tx, span: Span) -> Swept:
    return sweep(tx, span, "payments", _ERASE_TRACES)
