"""Table `payers`: what is known of a person who pays, and the only place where it is kept.

Payments, events, books and webhooks hold the id of a row here and nothing of what stands in it, so
that erasing the row erases the person. Every payment has a row of its own: nobody is recognized
by an address that others may share, and what one merchant knows no other merchant meets.
"""

from __future__ import annotations

from handbill.infra.database import Tx
from handbill.kernel import ids
from handbill.merchants.model import Tenant
from handbill.payments.model import Customer


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
