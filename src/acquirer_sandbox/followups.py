"""What comes of a payment five seconds after its end: money that nobody expects any more, a second
charge, a dispute."""

from __future__ import annotations

import msgspec

from acquirer_sandbox import choosing, notifications, payments, store
from acquirer_sandbox.model import Payment
from acquirer_sandbox.scenarios import Twist
from handbill.infra.database import Tx
from handbill.kernel import ids


def happen(tx: Tx, payment_id: str) -> None:
    payment = payments.take(tx, payment_id)
    match choosing.twist(payment):
        case Twist.CHARGE_AGAIN if not payment.repeats:
            _charge_again(tx, payment)
        case Twist.DISPUTE if not payment.disputed:
            _dispute(tx, payment)
        case Twist.PAY_AFTER_END:
            payments.pay_late(tx, payment_id)


def _charge_again(tx: Tx, first: Payment) -> None:
    """As where a static code is scanned twice: a payment of its own, with its own id and refunds,
    for the same attempt."""
    second = msgspec.structs.replace(
        first,
        id=ids.new_id(tx.now),
        token=ids.token(),
        refunded_minor=0,
        scenario=None,
        created_at=tx.now,
        updated_at=tx.now,
    )
    store.add_payment(tx, second)
    first = msgspec.structs.replace(first, repeats=(second.id,), updated_at=tx.now)
    store.change_payment(tx, first)
    notifications.record(tx, "payment.charged", second)


def _dispute(tx: Tx, payment: Payment) -> None:
    payment = msgspec.structs.replace(payment, disputed=True, updated_at=tx.now)
    store.change_payment(tx, payment)
    notifications.record(tx, "dispute.opened", payment)
