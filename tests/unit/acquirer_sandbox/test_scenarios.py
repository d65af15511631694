"""The table of scenarios: what asks for one, and that every path through it is legal."""

from __future__ import annotations

import itertools

import pytest

from acquirer_sandbox import choosing
from acquirer_sandbox.model import NEXT, OPEN, Method, Status
from acquirer_sandbox.scenarios import SCENARIOS, Scenario

TOO_SMALL = (1, 42, 61, 62, 71, 81, 91, 99)
PRICES = (100, 250, 299, 350, 490, 500, 950, 995, 999, 1000, 1050, 1490, 1980, 1990, 1995, 1999)
LARGE_PRICES = (2500, 4200, 4990, 9900, 9990, 9999, 19_900, 49_900, 99_900, 100_000, 198_000)
TYPED_BY_TESTERS = (101, 111, 123, 256, 512, 777, 888, 1001, 1024, 1111, 1234, 4096, 4321, 12_345)
ORDINARY_AMOUNTS = TOO_SMALL + PRICES + LARGE_PRICES + TYPED_BY_TESTERS


@pytest.mark.parametrize("method", list(Method))
def test_ordinary_amounts_wait_for_the_payer(method: Method) -> None:
    surprised = [a for a in ORDINARY_AMOUNTS if choosing.asked({}, a, method)]

    assert surprised == []


@pytest.mark.parametrize("scenario", SCENARIOS.values(), ids=lambda s: s.name)
def test_a_scenario_is_asked_for_by_its_name_and_by_its_digits(scenario: Scenario) -> None:
    method = min(scenario.methods)
    expected = scenario if scenario.steps or scenario.twist else None

    assert choosing.asked({"sandbox_scenario": scenario.name}, 1000, method) == expected
    if scenario.tail is not None:
        assert choosing.asked({}, 10_000 + scenario.tail, method) == scenario


def test_a_name_is_stronger_than_an_amount() -> None:
    asked = choosing.asked({"sandbox_scenario": "approve"}, 10_062, Method.CARD)

    assert asked is SCENARIOS["approve"]


def test_a_scenario_of_the_other_method_waits_for_the_payer() -> None:
    assert choosing.asked({"sandbox_scenario": "3ds_fail"}, 1000, Method.SBP) is None
    assert choosing.asked({"sandbox_scenario": "sbp_paid"}, 1000, Method.CARD) is None
    assert choosing.asked({}, 10_082, Method.CARD) is None


def test_an_amount_that_asks_by_accident_can_be_told_to_wait() -> None:
    assert choosing.asked({"sandbox_scenario": "wait"}, 10_063, Method.CARD) is None


def test_an_unknown_name_is_not_passed_over() -> None:
    with pytest.raises(KeyError):
        choosing.asked({"sandbox_scenario": "aprove"}, 1000, Method.CARD)


def test_no_two_scenarios_share_their_digits() -> None:
    tails = [s.tail for s in SCENARIOS.values() if s.tail is not None]

    assert len(tails) == len(set(tails))


@pytest.mark.parametrize("scenario", SCENARIOS.values(), ids=lambda s: s.name)
def test_every_step_is_legal_after_the_one_before(scenario: Scenario) -> None:
    statuses = [Status.AWAITING_PAYER, *(step.to for step in scenario.steps)]

    for current, to in itertools.pairwise(statuses):
        assert to in NEXT[current]


def test_a_decided_payment_never_opens_again() -> None:
    for status in set(Status) - OPEN:
        assert not NEXT[status] & OPEN


def test_a_payment_on_its_way_cannot_be_called_off() -> None:
    assert not NEXT[Status.PROCESSING] & {Status.CANCELLED, Status.EXPIRED}
