"""The seeded bugs still have a place in the sources. That each is caught is a slow test."""

from __future__ import annotations

from pathlib import Path

import pytest

from torture.bugs import BUGS, Bug, plant


@pytest.mark.parametrize("bug", BUGS, ids=lambda bug: bug.name)
def test_a_seeded_bug_can_be_planted(bug: Bug, tmp_path: Path) -> None:
    copy = plant(bug, tmp_path)

    for edit in bug.edits:
        source = (copy / edit.file).read_text()
        compile(source, edit.file, "exec")
        assert edit.right not in source or edit.right in edit.wrong
