"""The rows of payments and refunds. Decides nothing; who writes has locked the payment before."""

from __future__ import annotations

from typing import Any

from acquirer_sandbox.model import OPEN, Payment, Refund, Status
from handbill.infra.database import Tx
from handbill.kernel.clock import Instant

_PAYMENT = (
    "id, shop_id, attempt_id, token, method, status, amount_minor, captured_minor, refunded_minor,"
    " currency, capture, description, return_url, notification_url, payment_url, metadata_json,"
    " scenario, decline_code, repeats_json, disputed, created_at, updated_at, expires_at"
)
_REFUND = (
    "id, shop_id, payment_id, refund_id, amount_minor, currency, reason, status, failure_code,"
    " created_at, updated_at"
)


def _values(columns: str) -> str:
    return ", ".join(f":{column.strip()}" for column in columns.split(","))


def add_payment(tx: Tx, payment: Payment) -> None:
    row: dict[str, Any] = {name: getattr(payment, name) for name in payment.__struct_fields__}
    row["metadata_json"] = row.pop("metadata")
    row["repeats_json"] = row.pop("repeats")
    tx.later(f"INSERT INTO sandbox_payments ({_PAYMENT}) VALUES ({_values(_PAYMENT)})", **row)


def change_payment(tx: Tx, payment: Payment) -> None:
    tx.later(
        "UPDATE sandbox_payments SET status = :status, captured_minor = :captured_minor,"
        " refunded_minor = :refunded_minor, currency = :currency, scenario = :scenario,"
        " decline_code = :decline_code, repeats_json = :repeats_json, disputed = :disputed,"
        " updated_at = :updated_at, expires_at = :expires_at WHERE id = :id",
        id=payment.id,
        status=payment.status,
        captured_minor=payment.captured_minor,
        refunded_minor=payment.refunded_minor,
        currency=payment.currency,
        scenario=payment.scenario,
        decline_code=payment.decline_code,
        repeats_json=payment.repeats,
        disputed=payment.disputed,
        updated_at=payment.updated_at,
        expires_at=payment.expires_at,
    )


def hasten_deadlines(tx: Tx, shop_id: str, milliseconds: int) -> None:
    """Of the shop's payments that have one."""
    waiting = ", ".join(f"'{status}'" for status in sorted(OPEN | {Status.AUTHORIZED}))
    tx.run(
        "UPDATE sandbox_payments SET expires_at = expires_at - :milliseconds"
        f" WHERE shop_id = :shop_id AND status IN ({waiting})",
        milliseconds=milliseconds,
        shop_id=shop_id,
    )


def lock_payment(tx: Tx, payment_id: str) -> Payment | None:
    """For a change: nobody else changes it until this transaction ends."""
    return tx.find(
        Payment,
        f"SELECT {_PAYMENT} FROM sandbox_payments WHERE id = :id FOR UPDATE",
        id=payment_id,
    )


def find_payment(tx: Tx, shop_id: str, payment_id: str) -> Payment | None:
    """One of the shop's own."""
    return tx.find(
        Payment,
        f"SELECT {_PAYMENT} FROM sandbox_payments WHERE id = :id AND shop_id = :shop_id",
        id=payment_id,
        shop_id=shop_id,
    )


def find_payment_by_token(tx: Tx, token: str) -> Payment | None:
    return tx.find(
        Payment, f"SELECT {_PAYMENT} FROM sandbox_payments WHERE token = :token", token=token
    )


def list_payments(
    tx: Tx,
    shop_id: str,
    *,
    attempt_id: str | None,
    created_from: Instant,
    after: str,
    limit: int,
) -> list[Payment]:
    """Oldest first, behind the payment `after`. Ids are made in the order of time."""
    by_attempt = " AND attempt_id = :attempt_id" if attempt_id is not None else ""
    return tx.all(
        Payment,
        f"SELECT {_PAYMENT} FROM sandbox_payments"
        f" WHERE shop_id = :shop_id AND id > :after AND created_at >= :created_from{by_attempt}"
        " ORDER BY id LIMIT :limit",
        shop_id=shop_id,
        after=after,
        created_from=created_from,
        limit=limit,
        **({"attempt_id": attempt_id} if attempt_id is not None else {}),
    )


def add_refund(tx: Tx, refund: Refund) -> None:
    row = {name: getattr(refund, name) for name in refund.__struct_fields__}
    tx.later(f"INSERT INTO sandbox_refunds ({_REFUND}) VALUES ({_values(_REFUND)})", **row)


def change_refund(tx: Tx, refund: Refund) -> None:
    tx.later(
        "UPDATE sandbox_refunds SET status = :status, failure_code = :failure_code,"
        " updated_at = :updated_at WHERE id = :id",
        id=refund.id,
        status=refund.status,
        failure_code=refund.failure_code,
        updated_at=refund.updated_at,
    )


def get_refund(tx: Tx, id_: str) -> Refund:
    return tx.get(Refund, f"SELECT {_REFUND} FROM sandbox_refunds WHERE id = :id", id=id_)


def find_refund(tx: Tx, shop_id: str, id_: str) -> Refund | None:
    """One of the shop's own."""
    return tx.find(
        Refund,
        f"SELECT {_REFUND} FROM sandbox_refunds WHERE id = :id AND shop_id = :shop_id",
        id=id_,
        shop_id=shop_id,
    )


def list_refunds(tx: Tx, shop_id: str, *, after: str, limit: int, **narrow: str) -> list[Refund]:
    """Oldest first, behind the refund `after`. `narrow`: `payment_id`, the shop's `refund_id`."""
    narrowed = "".join(f" AND {column} = :{column}" for column in narrow)
    return tx.all(
        Refund,
        f"SELECT {_REFUND} FROM sandbox_refunds"
        f" WHERE shop_id = :shop_id AND id > :after{narrowed} ORDER BY id LIMIT :limit",
        shop_id=shop_id,
        after=after,
        limit=limit,
        **narrow,
    )
