"""How every status moves: one table of legal successors, read by one function."""

from __future__ import annotations

from collections.abc import Mapping, Set
from enum import StrEnum
from typing import TypeVar

from handbill.kernel.errors import IllegalTransition

State = TypeVar("State", bound=StrEnum)
Table = Mapping[State, Set[State]]


def advance(table: Table[State], current: State, to: State) -> bool:
    """True: the status moves. False: it is already there (a repeat; do nothing).

    Raises IllegalTransition for every other pair. Nothing else decides about a status.
    """
    if current == to:
        return False
    if to not in table[current]:
        raise IllegalTransition(f"{type(current).__name__} cannot go from {current} to {to}.")
    return True
