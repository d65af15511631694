"""Bugs that cost money are put into a copy of the sources; a test or a short torture finds each."""

from __future__ import annotations

import pytest

from torture.bugs import BUGS, Bug, is_caught

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("bug", BUGS, ids=lambda bug: bug.name)
def test_a_seeded_bug_is_caught(bug: Bug) -> None:
    assert is_caught(bug)
