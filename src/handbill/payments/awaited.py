"""Bank transfers that wait for a person: read from `payments` and `attempts`, written nowhere."""

from __future__ import annotations

import msgspec

from handbill.infra.database import Tx
from handbill.kernel.clock import Instant
from handbill.merchants.model import Tenant
from handbill.payments import store
from handbill.payments.model import Payment

NAMED_MAX = 2
"""One is meant; more than one is not told apart."""


class Awaited(msgspec.Struct, frozen=True):
    """`amount_minor` is what the payer was asked to send, `reference` what its purpose holds."""

    id: str
    txid: str
    reference: str
    amount_minor: int
    currency: str
    until: Instant


class _Id(msgspec.Struct, frozen=True):
    id: str


def latest(tx: Tx, tenant: Tenant, limit: int) -> list[Awaited]:
    """The newest first."""
    return tx.all(
        Awaited,
        "SELECT p.id, p.txid, a.reference, a.amount_minor, a.currency, a.expires_at AS until"
        " FROM attempts a JOIN payments p ON p.id = a.payment_id"
        " WHERE a.merchant_id = :merchant_id AND p.test = :test AND a.method = 'transfer'"
        " AND a.live AND a.reference IS NOT NULL AND a.standing IS NULL"
        " ORDER BY a.created_at DESC, a.id DESC LIMIT :limit",
        merchant_id=tenant.merchant_id,
        test=tenant.test,
        limit=limit,
    )


def named(tx: Tx, payment_id: str | None, txid: str, reference: str) -> list[Payment]:
    """Those of any merchant with this id, txid or reference of a transfer: for the operator, who
    may see all. At most two."""
    if payment_id is not None:
        found = tx.all(_Id, "SELECT id FROM payments WHERE id = :id", id=payment_id)
        if found:
            return [store.get(tx, found[0].id)]
    rows = tx.all(
        _Id,
        "SELECT id FROM payments WHERE txid = :txid"
        " UNION SELECT payment_id FROM attempts WHERE method = 'transfer'"
        " AND reference = :reference LIMIT :limit",
        txid=txid,
        reference=reference,
        limit=NAMED_MAX,
    )
    return [store.get(tx, row.id) for row in rows]
