"""How a rehearsal must end, for every scenario that there is."""

from __future__ import annotations

import pytest

from acquirer_sandbox.model import OPEN
from acquirer_sandbox.scenarios import SCENARIOS, Scenario
from handbill.bootstrap.rehearsal.plan import End, Plan, end_of, method_of
from handbill.kernel.errors import Invalid

URL = "http://localhost:8000"

ENDS = {
    "approve": End("charged", "charged"),
    "3ds_challenge": End("challenge", "pending"),
    "sbp_qr": End("awaiting_payer", "pending"),
    "cancel": End("cancelled", "cancelled"),
    "hold_expire": End("expired", "expired"),
    "late_success_after_expiry": End("charged", "charged"),
    "late_success_after_cancel": End("charged", "charged"),
    "double_pay": End("charged and charged", "charged", "succeeded"),
    "chargeback": End("charged and disputed", "charged"),
    "wrong_currency": End("charged", "review"),
    "webhook_lost": End("charged", "charged"),
    "timeout_on_create": End("charged", "charged"),
    "http_500": End("nothing", "declined"),
    "refund_pending_then_success": End("charged", "charged", "succeeded"),
    "refund_refused": End("charged", "charged", "failed"),
}


@pytest.mark.parametrize(("name", "end"), ENDS.items())
def test_it_ends_where_the_acquirer_leaves_it(name: str, end: End) -> None:
    assert end_of(Plan(SCENARIOS[name], URL)) == end


@pytest.mark.parametrize("scenario", SCENARIOS.values(), ids=lambda s: s.name)
def test_a_move_of_the_clock_leaves_nothing_waiting_for_a_payer(scenario: Scenario) -> None:
    assert end_of(Plan(scenario, URL, advance_seconds=1)).acquirer not in OPEN


def test_what_only_waits_expires_by_the_clock() -> None:
    assert end_of(Plan(SCENARIOS["wait"], URL, advance_seconds=1)) == End("expired", "expired")


@pytest.mark.parametrize(
    ("name", "end"),
    [
        ("approve", End("authorized", "authorized")),
        ("double_pay", End("authorized", "authorized")),
        ("decline_generic", End("declined", "declined")),
        ("late_success_after_expiry", End("charged", "charged")),
        ("late_success_after_cancel", End("charged", "charged")),
        ("hold_void", End("cancelled", "cancelled")),
    ],
)
def test_in_two_stages_what_would_be_charged_is_held(name: str, end: End) -> None:
    assert end_of(Plan(SCENARIOS[name], URL), two_stages=True) == end


def test_the_method_is_the_scenarios_unless_it_is_given() -> None:
    assert method_of(Plan(SCENARIOS["sbp_paid"], URL)) == "sbp"
    assert method_of(Plan(SCENARIOS["approve"], URL)) == "card"
    assert method_of(Plan(SCENARIOS["approve"], URL, method="sbp")) == "sbp"
    with pytest.raises(Invalid):
        method_of(Plan(SCENARIOS["sbp_paid"], URL, method="card"))


def test_on_a_given_link_the_payer_presses() -> None:
    def presses(name: str, link_id: str | None = None) -> list[str]:
        return list(Plan(SCENARIOS[name], URL, link_id=link_id).presses)

    assert presses("approve") == []
    assert presses("late_success_after_cancel") == ["cancel"]
    assert presses("approve", "link") == ["approve"]
    assert presses("3ds_ok", "link") == ["3ds_challenge", "3ds_ok"]
