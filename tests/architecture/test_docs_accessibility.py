"""The accessibility page judges every criterion of WCAG 2.2, levels A and AA; its tests exist."""

from __future__ import annotations

import re

from tests.architecture.tree import ROOT

PAGE = ROOT / "docs" / "explanation" / "accessibility.md"
ROW = re.compile(r"^\| (\d\.\d+\.\d+) ([^|]+) \| (A|AA) \| ([^|]+) \| ([^|]+) \|$", re.MULTILINE)
TEST = re.compile(r"`(test_\w+\.py)::(test_\w+)`")
JUDGED = ("`test_", "by hand: ", "does not apply: ")

# https://www.w3.org/TR/WCAG22/ without level AAA; 4.1.1 is no criterion any more.
LEVEL_A = """
    1.1.1 1.2.1 1.2.2 1.2.3 1.3.1 1.3.2 1.3.3 1.4.1 1.4.2 2.1.1 2.1.2 2.1.4 2.2.1 2.2.2 2.3.1 2.4.1
    2.4.2 2.4.3 2.4.4 2.5.1 2.5.2 2.5.3 2.5.4 3.1.1 3.2.1 3.2.2 3.2.6 3.3.1 3.3.2 3.3.7 4.1.2
"""
LEVEL_AA = """
    1.2.4 1.2.5 1.3.4 1.3.5 1.4.3 1.4.4 1.4.5 1.4.10 1.4.11 1.4.12 1.4.13 2.4.5 2.4.6 2.4.7 2.4.11
    2.5.7 2.5.8 3.1.2 3.2.3 3.2.4 3.3.3 3.3.4 3.3.8 4.1.3
"""


def rows() -> list[tuple[str, ...]]:
    return ROW.findall(PAGE.read_text())


def test_every_criterion_is_judged_once() -> None:
    expected = [(one, "A") for one in LEVEL_A.split()] + [(one, "AA") for one in LEVEL_AA.split()]
    assert len(expected) == 55
    found = [(number, level) for number, _, level, _, _ in rows()]
    assert sorted(found) == sorted(expected)


def test_every_judgement_says_how_and_what_came_of_it() -> None:
    for number, _, _, how, result in rows():
        assert how.startswith(JUDGED), number
        assert result.startswith(("passes", "fails", "open")), number
    assert re.search(r"gone through on \d+ \w+ 20\d\d", PAGE.read_text())


def test_the_tests_that_judge_are_there() -> None:
    files = {path.name: path.read_text() for path in (ROOT / "tests").rglob("test_*.py")}
    named = TEST.findall(PAGE.read_text())
    assert len(named) > 20
    missing = [
        f"{file}::{name}" for file, name in named if f"def {name}(" not in files.get(file, "")
    ]
    assert missing == []
