"""When a network meets the guard against card testing, and when it does not. Pure."""

from __future__ import annotations

import pytest

from handbill.kernel.clock import HOUR, MINUTE, SECOND
from handbill.screening.model import (
    BITS,
    HOUSE_AT,
    QUIET,
    Block,
    Challenge,
    Free,
    Outcome,
    Standing,
    Tally,
    Try,
    is_suspect,
    judge,
    judge_keyed,
)

NOW = 1_772_359_200_000
ATTACKED = Tally(20, 0)


def refused(count: int, *, ago: int = SECOND, apart: int = SECOND) -> list[Try]:
    return [Try(Outcome.REFUSED, NOW - ago - n * apart) for n in range(count)]


def charged(count: int, *, ago: int = MINUTE) -> list[Try]:
    return [Try(Outcome.CHARGED, NOW - ago)] * count


def undecided(count: int, *, ago: int = SECOND) -> list[Try]:
    return [Try(None, NOW - ago)] * count


CHALLENGED = Challenge(BITS, NOW + 10 * MINUTE)


@pytest.mark.parametrize(
    ("tries", "standing"),
    [
        ([], Free()),
        (refused(4), Free()),
        (refused(5), CHALLENGED),
        (refused(5, ago=10 * MINUTE), Free()),
        (refused(9, apart=0), Challenge(BITS + 4, NOW + 10 * MINUTE)),
        (refused(10, apart=0), Block(NOW - SECOND + HOUR)),
        (refused(10, apart=61 * SECOND), Block(NOW - SECOND + HOUR)),
        (refused(10, apart=67 * SECOND), Challenge(BITS + 4, NOW + 10 * MINUTE)),
        (refused(10, ago=59 * MINUTE), Block(NOW + MINUTE)),
        (refused(10, ago=HOUR), Free()),
    ],
)
def test_refusals_close_together_first_cost_work_and_then_an_hour(
    tries: list[Try], standing: Standing
) -> None:
    assert judge(tries, QUIET, NOW) == standing


@pytest.mark.parametrize(
    ("tries", "standing"),
    [
        (refused(5) + charged(1), Free()),
        (refused(6) + charged(1), CHALLENGED),
        (refused(10) + charged(1), Challenge(BITS + 4, NOW + 10 * MINUTE)),
        (refused(60, apart=0) + charged(60, ago=59 * MINUTE), Free()),
    ],
)
def test_a_charge_pays_for_a_refusal(tries: list[Try], standing: Standing) -> None:
    assert judge(tries, QUIET, NOW) == standing


@pytest.mark.parametrize(
    ("tries", "standing"),
    [
        (undecided(19), Free()),
        (undecided(20), CHALLENGED),
        (undecided(200), CHALLENGED),
        (undecided(60) + charged(41), Free()),
        (undecided(200, ago=10 * MINUTE), Free()),
        (undecided(3) + refused(1), Free()),
        (undecided(4) + refused(1), CHALLENGED),
        (undecided(4) + refused(1) + charged(1), Free()),
    ],
)
def test_what_is_undecided_is_trusted_until_a_bank_refuses(
    tries: list[Try], standing: Standing
) -> None:
    assert judge(tries, QUIET, NOW) == standing


def test_on_a_link_under_attack_everybody_proves_work_and_patience_with_refusals_is_short() -> None:
    assert judge([], ATTACKED, NOW) == Challenge(BITS, NOW + HOUR)
    assert judge(refused(4), ATTACKED, NOW) == Challenge(BITS, NOW + HOUR)
    assert judge(refused(5), ATTACKED, NOW) == Block(NOW - SECOND + HOUR)
    assert judge(refused(5) + charged(1), ATTACKED, NOW) == Challenge(BITS, NOW + HOUR)


def test_on_a_link_under_attack_a_network_in_credit_is_asked_for_nothing() -> None:
    assert judge(charged(1), ATTACKED, NOW) == Free()
    assert judge(charged(2) + refused(1), ATTACKED, NOW) == Free()
    assert judge(charged(1) + refused(1), ATTACKED, NOW) == Challenge(BITS, NOW + HOUR)


def test_a_link_with_many_refusals_among_more_charges_is_not_under_attack() -> None:
    assert judge([], Tally(119, 100), NOW) == Free()
    assert judge([], Tally(120, 100), NOW) == Challenge(BITS, NOW + HOUR)


def test_an_attack_on_all_links_shortens_patience_and_asks_nobody_else_for_work() -> None:
    house = Tally(HOUSE_AT, 0)
    assert judge([], QUIET, NOW, house) == Free()
    assert judge(refused(4), QUIET, NOW, house) == Free()
    assert judge(refused(5), QUIET, NOW, house) == Block(NOW - SECOND + HOUR)
    assert judge(refused(5), QUIET, NOW, Tally(HOUSE_AT, 1)) == CHALLENGED


def test_a_suspect_has_five_refusals_that_no_charge_paid_for() -> None:
    assert is_suspect(refused(5))
    assert not is_suspect(refused(5) + charged(1))
    assert not is_suspect(undecided(50))


def test_a_payment_made_with_a_key_is_never_asked_for_work_and_rests_after_ten_refusals() -> None:
    assert judge_keyed(Tally(9, 0), NOW) == Free()
    assert judge_keyed(Tally(10, 0), NOW) == Block(NOW + HOUR)
