"""Proofs of work are signed, bound and spent with their attempt."""

from __future__ import annotations

import msgspec
import pytest

from handbill.infra.crypto import Crypto
from handbill.kernel.clock import ManualClock
from handbill.payments.order import Order
from handbill.web.pages.puzzles import LIFE, Puzzle, Puzzles, zero_bits
from tests.support.solving import solve

ORDER = Order(link_id="a link", network="a network", attempt_id="of the page")
BITS = 8


@pytest.fixture
def puzzles(clock: ManualClock) -> Puzzles:
    return Puzzles(Crypto(b"a key that only the tests have!!"), clock)


def solved(puzzle: Puzzle) -> tuple[str, str]:
    fields = solve(msgspec.to_builtins(puzzle))
    return fields["challenge"], fields["solution"]


def test_a_solution_is_worth_its_bits_and_names_the_attempt_that_it_begins(
    puzzles: Puzzles,
) -> None:
    token, solution = solved(puzzles.make(ORDER, BITS))
    proved = puzzles.prove(ORDER, token, solution)

    assert proved.effort == BITS
    assert proved.attempt_id not in (None, ORDER.attempt_id)
    assert puzzles.prove(ORDER, token, solution) == proved
    assert puzzles.make(ORDER, BITS) != puzzles.make(ORDER, BITS)


@pytest.mark.parametrize("solution", [None, "", "-1", "1e3", "٣", "9" * 21])
def test_what_is_no_number_is_no_solution(puzzles: Puzzles, solution: str | None) -> None:
    assert puzzles.prove(ORDER, puzzles.make(ORDER, 0).token, solution) == ORDER


@pytest.mark.parametrize("other", [{"link_id": "another"}, {"network": "another"}])
def test_it_counts_on_its_own_link_from_its_own_network(
    puzzles: Puzzles, other: dict[str, str]
) -> None:
    token, solution = solved(puzzles.make(ORDER, BITS))
    elsewhere = msgspec.structs.replace(ORDER, **other)
    assert puzzles.prove(elsewhere, token, solution) == elsewhere


def test_forged_stale_and_wrong_ones_are_worth_nothing(
    puzzles: Puzzles, clock: ManualClock
) -> None:
    token, solution = solved(puzzles.make(ORDER, BITS))
    stranger = Puzzles(Crypto(b"another key, and not of this shop"), clock)
    assert stranger.prove(ORDER, token, solution) == ORDER
    assert puzzles.prove(ORDER, token + "A", solution) == ORDER
    wrong = next(str(n) for n in range(1_000) if zero_bits(f"{token[:22]}:{n}") < BITS)
    assert puzzles.prove(ORDER, token, wrong) == ORDER
    clock.advance(LIFE)
    assert puzzles.prove(ORDER, token, solution) == ORDER
