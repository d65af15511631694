"""How a sale stands at the till: paid is what the payment itself calls charged, nothing else."""

from __future__ import annotations

import itertools
from typing import Any

from handbill.kernel.clock import MINUTE
from handbill.payments import model
from handbill.payments.mark import Mark
from handbill.payments.model import LIVE, OPEN, Attempt, AttemptStatus, Payment, PaymentStatus
from handbill.payments.selling import Sale
from handbill.payments.till_store import Line
from handbill.web.pages.language import english
from handbill.web.till import standing
from handbill.web.till.words import STATES, WAITING

NOW = 1_000_000
MARK = Mark("star", "raven")


def payment(status: PaymentStatus, **told: Any) -> Payment:
    known: dict[str, Any] = {
        **dict.fromkeys(Payment.__struct_fields__),
        "status": status,
        "amount_minor": 1_000,
        "refunded_minor": 0,
        "currency": "RUB",
        "id": "1",
        "created_at": NOW,
        "updated_at": NOW,
        "expires_at": NOW + 15 * MINUTE,
    }
    return Payment(**{**known, **told})


def attempt(status: AttemptStatus, error_code: str | None = None) -> Attempt:
    known: dict[str, Any] = dict.fromkeys(Attempt.__struct_fields__)
    told = {"status": status, "live": status in LIVE, "error_code": error_code}
    return Attempt(**{**known, **told})


def test_only_a_charged_payment_is_paid_whatever_its_attempt_says() -> None:
    attempts = [None, *(attempt(status) for status in AttemptStatus)]
    attempts += [attempt(status, model.REVIEW) for status in AttemptStatus]
    for status, tried in itertools.product(PaymentStatus, attempts):
        state = standing.state_of(payment(status), tried, NOW)
        assert (state == "paid") is (status is PaymentStatus.CHARGED)
        assert state in STATES
        assert (state in WAITING) <= (status in OPEN)


def test_each_end_has_a_state_of_its_own() -> None:
    late = NOW + 15 * MINUTE
    created = payment(PaymentStatus.CREATED)
    pending = payment(PaymentStatus.PENDING)
    cancelled = payment(PaymentStatus.CANCELLED)
    rows = [
        ("open", created, None, NOW),
        ("expired", created, None, late),
        ("paying", pending, attempt(AttemptStatus.PENDING), late),
        ("paying", pending, attempt(AttemptStatus.AUTHORIZED), NOW),
        ("declined", pending, attempt(AttemptStatus.DECLINED), NOW),
        ("open", pending, attempt(AttemptStatus.CANCELLED), NOW),
        ("review", pending, attempt(AttemptStatus.CANCELLED, model.REVIEW), NOW),
        ("cancelled", cancelled, None, late),
        ("expired", payment(PaymentStatus.CANCELLED, updated_at=late), None, late),
        ("failed", payment(PaymentStatus.FAILED), attempt(AttemptStatus.DECLINED), NOW),
        ("failed", payment(PaymentStatus.REJECTED), attempt(AttemptStatus.DECLINED), NOW),
        ("refunded", payment(PaymentStatus.REFUNDED), attempt(AttemptStatus.CHARGED), NOW),
    ]
    assert [standing.state_of(*row[1:]) for row in rows] == [row[0] for row in rows]


def test_the_mark_is_there_once_it_is_paid() -> None:
    for status in PaymentStatus:
        row = standing.listed(Sale(payment(status), None, True), MARK, english(), NOW)
        assert (row.mark is not None) is (status is PaymentStatus.CHARGED)


def test_the_lines_of_a_sale_add_up() -> None:
    two = Line("Coffee", 2, 700)
    sale = Sale(payment(PaymentStatus.CREATED), None, True, (two,))
    assert [(line.title, line.amount.minor) for line in standing.lines(sale)] == [
        ("Coffee", 700),
        ("", 300),
    ]
    assert standing.lines(Sale(sale.payment, None, True)) == ()
