"""The tables of states: what may follow what, for payments, attempts and links."""

from __future__ import annotations

from collections.abc import Mapping, Set
from enum import StrEnum
from typing import Any

import pytest

from handbill import events
from handbill.kernel.clock import HOUR, MINUTE, SECOND
from handbill.links.model import STATES as LINK_STATES
from handbill.links.model import LinkStatus
from handbill.merchants.model import MerchantStatus
from handbill.merchants.service import STATES as MERCHANT_STATES
from handbill.payments import facts, model
from handbill.payments.model import (
    ATTEMPT_STATES,
    LIVE,
    OPEN,
    PAYMENT_STATES,
    AttemptStatus,
    PaymentStatus,
)
from handbill.payments.refund import REFUND_STATES, RefundStatus

TABLES: list[tuple[Any, Any]] = [
    (PaymentStatus, PAYMENT_STATES),
    (AttemptStatus, ATTEMPT_STATES),
    (RefundStatus, REFUND_STATES),
    (LinkStatus, LINK_STATES),
    (MerchantStatus, MERCHANT_STATES),
]


@pytest.mark.parametrize(("states", "table"), TABLES)
def test_every_status_has_its_row_and_no_row_leads_to_itself(
    states: type[StrEnum], table: Mapping[StrEnum, Set[StrEnum]]
) -> None:
    assert set(table) == set(states)
    assert all(status not in successors for status, successors in table.items())


def test_a_charge_can_only_be_given_back() -> None:
    assert PAYMENT_STATES[PaymentStatus.CHARGED] == {PaymentStatus.REFUNDED}
    # Where the refund turned out to have failed.
    assert PAYMENT_STATES[PaymentStatus.REFUNDED] == {PaymentStatus.CHARGED}
    assert ATTEMPT_STATES[AttemptStatus.CHARGED] == set()


def test_what_ended_without_money_is_revived_by_money_alone() -> None:
    for payment in set(PaymentStatus) - OPEN - {PaymentStatus.CHARGED, PaymentStatus.REFUNDED}:
        assert PAYMENT_STATES[payment] == {PaymentStatus.CHARGED}
    for attempt in set(AttemptStatus) - LIVE - {AttemptStatus.CHARGED}:
        assert ATTEMPT_STATES[attempt] == {AttemptStatus.CHARGED}


def test_everything_open_can_come_to_every_end() -> None:
    ends = set(PaymentStatus) - OPEN - {PaymentStatus.REFUNDED}
    for payment in OPEN:
        assert PAYMENT_STATES[payment] >= ends
        assert PaymentStatus.CREATED not in PAYMENT_STATES[payment]
    for attempt in LIVE:
        assert ATTEMPT_STATES[attempt] >= set(AttemptStatus) - LIVE


def test_every_end_that_is_told_has_its_event() -> None:
    assert set(PaymentStatus) - OPEN == facts.WEBHOOK_STATUSES
    assert set(events.TYPES) >= facts.WEBHOOK_TYPES


def test_a_silent_attempt_is_asked_about_less_and_less_often() -> None:
    waits = [model.reconcile_at(asked, 0) for asked in range(7)]

    assert waits == [15 * SECOND, MINUTE, 5 * MINUTE, 30 * MINUTE, *([2 * HOUR] * 3)]


def test_a_place_outlasts_the_attempt_that_holds_it() -> None:
    """Or another payer would get it while the first can still pay."""
    assert model.PLACE_GRACE > 0
    assert model.PLACE_LIFE < model.ATTEMPT_LIFE < model.PAYMENT_LIFE
