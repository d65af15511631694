"""Tables `payments` and `attempts`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from handbill.infra.database import Tx
from handbill.infra.paging import Page, Position, cut
from handbill.kernel.clock import Instant
from handbill.kernel.ids import parse_id
from handbill.merchants.model import Tenant
from handbill.payments.model import Attempt, Payment

OF_PAYER_MAX = 1_000
REFERENCES_MAX = 10_000
OPEN_READ_MAX = 10_000

_PAYMENT = (
    "id, merchant_id, test, link_id, product_id, txid, type, fingerprint, token, payer, payer_id,"
    " status, amount_minor, amount_with_fee_minor, amount_dest_minor, refunded_minor, currency,"
    " method, provider, title, description, notify_url, return_url, fail_url, lang,"
    " metadata_json, error_code, error_description, late, surplus, capture, created_at,"
    " updated_at, expires_at, charged_at, personal, placement_id, tip_minor, lines_json,"
    " answer_json, agreement_json"
)
_ATTEMPT = (
    "id, payment_id, merchant_id, account_id, provider, method, status, live, reference,"
    " redirect_url, qr_payload, amount_minor, currency, fee_minor, standing, received_minor,"
    " received_currency, capture_minor, capture_with_fee_minor, error_code, error_description,"
    " created_at, updated_at, expires_at, bank_entry"
)


def _names(columns: str) -> list[str]:
    return [name.strip() for name in columns.split(",")]


def _insert(table: str, columns: str) -> str:
    marks = ", ".join(":" + name for name in _names(columns))
    return f"INSERT INTO {table} ({columns}) VALUES ({marks})"


def _update(table: str, columns: str, fixed: frozenset[str]) -> str:
    sets = ", ".join(f"{name} = :{name}" for name in _names(columns) if name not in fixed)
    return f"UPDATE {table} SET {sets} WHERE id = :id AND merchant_id = :merchant_id"


# The payer never changes, and must not come back with what was read before they were erased. What
# they chose does not change either.
_FIXED = frozenset({"id", "merchant_id", "test", "created_at", "payment_id", "account_id"})
_FIXED |= {"payer", "payer_id", "personal", "placement_id"}
_FIXED |= {"tip_minor", "lines_json", "answer_json", "agreement_json"}
_ADD_PAYMENT = _insert("payments", _PAYMENT)
_SAVE_PAYMENT = _update("payments", _PAYMENT, _FIXED)
_ADD_ATTEMPT = _insert("attempts", _ATTEMPT)
_SAVE_ATTEMPT = _update("attempts", _ATTEMPT, _FIXED)


class Filter(msgspec.Struct, frozen=True):
    """What a list is narrowed to. `waiting` (for "transfer"): what somebody has to confirm;
    `reference`: what a payer writes into the purpose of a transfer."""

    status: str | None = None
    link: str | None = None
    product: str | None = None
    placement: str | None = None
    txid: str | None = None
    waiting: str | None = None
    reference: str | None = None
    created_from: Instant | None = None
    created_to: Instant | None = None


class Reference(msgspec.Struct, frozen=True):
    account_id: str
    reference: str


_CLAUSES = {
    "status": "status = :status",
    "link": "link_id = :link",
    "product": "product_id = :product",
    "placement": "placement_id = :placement",
    "txid": "txid = :txid",
    "waiting": (
        "id IN (SELECT payment_id FROM attempts WHERE merchant_id = :merchant_id"
        " AND method = 'transfer' AND method = :waiting AND live AND reference IS NOT NULL"
        " AND standing IS NULL)"
    ),
    "reference": (
        "id IN (SELECT payment_id FROM attempts WHERE merchant_id = :merchant_id"
        " AND method = 'transfer' AND reference = :reference)"
    ),
    "created_from": "created_at >= :created_from",
    "created_to": "created_at < :created_to",
}


def add(tx: Tx, payment: Payment) -> None:
    tx.later(_ADD_PAYMENT, **_columns(payment, _PAYMENT))


def save(tx: Tx, payment: Payment) -> None:
    tx.later(_SAVE_PAYMENT, **_columns(payment, _PAYMENT))


def add_attempt(tx: Tx, attempt: Attempt) -> None:
    tx.later(_ADD_ATTEMPT, **_columns(attempt, _ATTEMPT))


def save_attempt(tx: Tx, attempt: Attempt) -> None:
    tx.later(_SAVE_ATTEMPT, **_columns(attempt, _ATTEMPT))


def get(tx: Tx, payment_id: str) -> Payment:
    return tx.get(Payment, f"SELECT {_PAYMENT} FROM payments WHERE id = :id", id=payment_id)


def find(tx: Tx, tenant: Tenant, payment_id: str) -> Payment | None:
    return tx.find(
        Payment,
        f"SELECT {_PAYMENT} FROM payments WHERE id = :id"
        " AND merchant_id = :merchant_id AND test = :test",
        id=payment_id,
        merchant_id=tenant.merchant_id,
        test=tenant.test,
    )


def find_by_txid(tx: Tx, tenant: Tenant, txid: str) -> Payment | None:
    return tx.find(
        Payment,
        f"SELECT {_PAYMENT} FROM payments WHERE txid = :txid"
        " AND merchant_id = :merchant_id AND test = :test",
        txid=txid,
        merchant_id=tenant.merchant_id,
        test=tenant.test,
    )


def find_by_token(tx: Tx, token: str) -> Payment | None:
    return tx.find(Payment, f"SELECT {_PAYMENT} FROM payments WHERE token = :token", token=token)


def find_of_payer(tx: Tx, link_id: str, payer: str) -> Payment | None:
    """The latest payment that this payer began on the link."""
    return tx.find(
        Payment,
        f"SELECT {_PAYMENT} FROM payments WHERE link_id = :link_id AND payer = :payer"
        " ORDER BY created_at DESC, id DESC LIMIT 1",
        link_id=link_id,
        payer=payer,
    )


def of_payer_id(tx: Tx, payer_id: str) -> list[Payment]:
    """One, as long as every payment has a row of its own."""
    return tx.all(
        Payment,
        f"SELECT {_PAYMENT} FROM payments WHERE payer_id = :payer_id ORDER BY id LIMIT :limit",
        payer_id=payer_id,
        limit=OF_PAYER_MAX,
    )


def list_page(
    tx: Tx, tenant: Tenant, narrow: Filter, after: Position | None, limit: int
) -> Page[Payment]:
    where = ["merchant_id = :merchant_id AND test = :test"]
    params: dict[str, Any] = {"merchant_id": tenant.merchant_id, "test": tenant.test}
    for name, clause in _CLAUSES.items():
        value = getattr(narrow, name)
        if value is not None:
            where.append(clause)
            params[name] = value
    if after is not None:
        where.append("(created_at, id) < (:after_at, :after_id)")
        params.update(after_at=after.created_at, after_id=after.id)
    rows = tx.all(
        Payment,
        f"SELECT {_PAYMENT} FROM payments WHERE {' AND '.join(where)}"
        " ORDER BY created_at DESC, id DESC LIMIT :limit",
        limit=limit + 1,
        **params,
    )
    return cut(rows, limit)


def get_attempt(tx: Tx, attempt_id: str) -> Attempt:
    return tx.get(Attempt, f"SELECT {_ATTEMPT} FROM attempts WHERE id = :id", id=attempt_id)


def find_attempt(tx: Tx, attempt_id: str) -> Attempt | None:
    return tx.find(Attempt, f"SELECT {_ATTEMPT} FROM attempts WHERE id = :id", id=attempt_id)


def find_by_reference(tx: Tx, account_id: str, reference: str) -> Attempt | None:
    return tx.find(
        Attempt,
        f"SELECT {_ATTEMPT} FROM attempts WHERE account_id = :account_id"
        " AND reference = :reference",
        account_id=account_id,
        reference=reference,
    )


def find_by_bank_entry(tx: Tx, payment_id: str, bank_entry: str) -> Attempt | None:
    return tx.find(
        Attempt,
        f"SELECT {_ATTEMPT} FROM attempts WHERE payment_id = :payment_id"
        " AND bank_entry = :bank_entry",
        payment_id=payment_id,
        bank_entry=bank_entry,
    )


def references_of(tx: Tx, payment_id: str) -> list[Reference]:
    """By what names acquirers know the payment."""
    return tx.all(
        Reference,
        "SELECT account_id, reference FROM attempts WHERE payment_id = :payment_id"
        " AND reference IS NOT NULL ORDER BY id LIMIT :limit",
        payment_id=payment_id,
        limit=REFERENCES_MAX,
    )


def kept_attempt(tx: Tx, payment_id: str) -> Attempt | None:
    """The one whose charge pays the payment."""
    return tx.find(
        Attempt,
        f"SELECT {_ATTEMPT} FROM attempts WHERE payment_id = :payment_id AND standing = 'kept'"
        " ORDER BY updated_at, id LIMIT 1",
        payment_id=payment_id,
    )


def attempts_of(tx: Tx, payment_id: str) -> list[Attempt]:
    """The oldest first."""
    return tx.all(
        Attempt,
        f"SELECT {_ATTEMPT} FROM attempts WHERE payment_id = :payment_id"
        " ORDER BY created_at, id LIMIT 100",
        payment_id=payment_id,
    )


def unsettled_attempts(tx: Tx, payment_id: str) -> list[Attempt]:
    """Those whose money is not the payment's."""
    return tx.all(
        Attempt,
        f"SELECT {_ATTEMPT} FROM attempts WHERE payment_id = :payment_id"
        " AND standing IN ('surplus', 'review') ORDER BY created_at, id LIMIT 100",
        payment_id=payment_id,
    )


def latest_attempt(tx: Tx, payment_id: str) -> Attempt | None:
    return tx.find(
        Attempt,
        f"SELECT {_ATTEMPT} FROM attempts WHERE payment_id = :payment_id"
        " ORDER BY live DESC, created_at DESC, id DESC LIMIT 1",
        payment_id=payment_id,
    )


def oldest_open(tx: Tx) -> Instant | None:
    """When the oldest live attempt began; beyond some thousands of them, one of the oldest."""
    at: Instant | None = tx.value(
        "SELECT MIN(created_at) FROM (SELECT created_at FROM attempts WHERE live"
        " ORDER BY payment_id LIMIT :limit) AS open",
        limit=OPEN_READ_MAX,
    )
    return at


class Named(msgspec.Struct, frozen=True):
    """The payment that an entry of the books is about, by the entry's reference."""

    reference: str
    id: str
    txid: str


def named(tx: Tx, references: Sequence[str]) -> dict[str, Named]:
    """By reference. An entry that is about no payment is not there."""
    known = [one for text in references if (one := parse_id(text))]
    rows = tx.all(
        Named,
        "SELECT facts.reference, p.id, p.txid FROM ("
        " SELECT id AS reference, payment_id FROM attempts WHERE id IN :attempts"
        " UNION ALL SELECT id, payment_id FROM refunds WHERE id IN :refunds"
        ") AS facts JOIN payments p ON p.id = facts.payment_id",
        attempts=known,
        refunds=known,
    )
    return {row.reference: row for row in rows}


def _columns(value: Payment | Attempt, columns: str) -> dict[str, Any]:
    return {name: getattr(value, name.removesuffix("_json")) for name in _names(columns)}
