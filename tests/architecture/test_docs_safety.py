"""The page of promises is true: what it names is there, and its table of bugs is the harness's."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from tests.architecture.tree import ROOT
from torture.bugs import BUGS

PAGE = (ROOT / "docs/explanation/safety.md").read_text()
NAMED = sorted(set(re.findall(r"\b((?:tests|bin)/[\w./-]*\w)(?:::(\w+))?", PAGE)))
ROW = re.compile(r"^\| (.+)\. \| `([^`]+)` \|$", re.MULTILINE)


@pytest.mark.parametrize(("path", "test"), NAMED, ids="::".join)
def test_what_the_page_names_is_there(path: str, test: str) -> None:
    place = ROOT / path

    assert place.exists()
    assert not test or test in _functions(place)


def test_the_table_of_bugs_is_the_harness_s() -> None:
    """And there are at least ten."""
    table = ROW.findall(PAGE.partition("## Seeded bugs")[2])

    assert table == [(bug.name, bug.judge) for bug in BUGS]
    assert len(table) >= 10


def _functions(file: Path) -> set[str]:
    tree = ast.parse(file.read_text())
    kinds = ast.FunctionDef | ast.AsyncFunctionDef
    return {node.name for node in ast.walk(tree) if isinstance(node, kinds)}
