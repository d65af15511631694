"""The table of turns: every attempt status meets every outcome, and the page of docs says the
same."""

from __future__ import annotations

import itertools
import re
from pathlib import Path
from typing import Any

import pytest

from handbill.payments.model import LIVE, OPEN, Attempt, AttemptStatus, PaymentStatus, Standing
from handbill.payments.turns import LANDINGS, OUTCOMES, TURNS, Landing, Turn, turn_of
from handbill.providers import contract

PAGE = Path(__file__).parents[3] / "docs" / "explanation" / "money.md"


def test_every_status_meets_every_outcome() -> None:
    assert set(TURNS) == set(AttemptStatus)
    assert set(OUTCOMES) == set(contract.Outcome.__args__)
    assert all(len(row) == len(OUTCOMES) for row in TURNS.values())


def test_money_is_never_passed_over() -> None:
    column = OUTCOMES.index(contract.Charged)
    assert {row[column] for row in TURNS.values()} == {Turn.CHARGE}


def test_what_has_ended_is_revived_by_money_alone() -> None:
    for status in set(AttemptStatus) - LIVE:
        turns = dict(zip(OUTCOMES, TURNS[status], strict=True))
        assert turns.pop(contract.Charged) is Turn.CHARGE
        assert set(turns.values()) <= {Turn.NOTHING, Turn.RELEASE}


def test_money_means_something_to_every_payment() -> None:
    assert set(LANDINGS) == set(PaymentStatus)
    assert {status for status, landing in LANDINGS.items() if landing is Landing.PAYS} == OPEN


@pytest.mark.parametrize(
    ("status", "kind"), list(itertools.product(AttemptStatus, range(len(OUTCOMES))))
)
def test_the_page_of_docs_shows_the_table(status: AttemptStatus, kind: int) -> None:
    row = re.search(rf"^\| `{status}` \|(.*)\|$", PAGE.read_text(), re.MULTILINE)
    assert row is not None
    cells = [cell.strip() for cell in row[1].split("|")]
    assert cells[kind] == TURNS[status][kind].value.replace("nothing", "-")


@pytest.mark.parametrize(
    ("status", "standing", "turn"),
    [
        (AttemptStatus.PENDING, None, Turn.DECLINE),
        (AttemptStatus.EXPIRED, None, Turn.NOTHING),
        (AttemptStatus.PENDING, Standing.REVIEW, Turn.NOTHING),
    ],
)
def test_a_turn_is_looked_up_by_attempt_and_outcome(
    status: AttemptStatus, standing: Standing | None, turn: Turn
) -> None:
    plain: dict[str, Any] = dict.fromkeys(Attempt.__struct_fields__)
    attempt = Attempt(**{**plain, "status": status, "standing": standing})

    assert turn_of(attempt, contract.Declined("r", "card_declined")) is turn
