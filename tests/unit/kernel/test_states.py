"""How a status moves: by its table, and by nothing else."""

from __future__ import annotations

from enum import StrEnum

import pytest

from handbill.kernel.errors import Conflict, IllegalTransition
from handbill.kernel.states import advance


class Door(StrEnum):
    OPEN = "open"
    SHUT = "shut"
    GONE = "gone"


DOORS = {Door.OPEN: {Door.SHUT}, Door.SHUT: {Door.OPEN, Door.GONE}, Door.GONE: set[Door]()}


def test_a_legal_move_moves() -> None:
    assert advance(DOORS, Door.OPEN, Door.SHUT) is True


@pytest.mark.parametrize("door", Door)
def test_a_repeat_changes_nothing(door: Door) -> None:
    assert advance(DOORS, door, door) is False


@pytest.mark.parametrize(("now", "to"), [(Door.OPEN, Door.GONE), (Door.GONE, Door.OPEN)])
def test_every_other_move_is_refused_and_names_both_ends(now: Door, to: Door) -> None:
    with pytest.raises(IllegalTransition, match=f"Door cannot go from {now} to {to}") as refused:
        advance(DOORS, now, to)

    assert isinstance(refused.value, Conflict)
