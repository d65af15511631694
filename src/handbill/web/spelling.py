"""Guesses which name a caller meant."""

from __future__ import annotations

from collections.abc import Iterable

DISTANCE_MAX = 2


def meant(name: str, known: Iterable[str]) -> str | None:
    """The nearest known name within two edits, or None. At least one letter has to be right."""
    best, guess = DISTANCE_MAX + 1, None
    for candidate in known:
        away = distance(name, candidate)
        if away < best and away < len(candidate):
            best, guess = away, candidate
    return guess


def distance(left: str, right: str) -> int:
    """Letters to add, drop or change (Levenshtein), or a number over DISTANCE_MAX."""
    if abs(len(left) - len(right)) > DISTANCE_MAX:
        return DISTANCE_MAX + 1
    row = list(range(len(right) + 1))
    for i, letter in enumerate(left, start=1):
        diagonal, row[0] = row[0], i
        for j, other in enumerate(right, start=1):
            changed = diagonal + (letter != other)
            diagonal = row[j]
            row[j] = min(changed, row[j] + 1, row[j - 1] + 1)
        if min(row) > DISTANCE_MAX:
            return DISTANCE_MAX + 1
    return row[-1]
