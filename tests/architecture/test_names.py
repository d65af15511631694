"""Names say what a thing is for, every module says why it exists, and nothing is left half done."""

from __future__ import annotations

import ast
import re
from pathlib import PurePosixPath

import pytest

from tests.architecture.tree import SCRIPTS, SOURCES, TESTS, sources

# A drawer for everything grows until nobody finds anything in it.
DRAWERS = {"utils", "util", "helpers", "helper", "common", "core", "types", "managers", "manager"}
DRAWERS |= {"misc", "base", "shared", "lib"}

VERBS_THAT_SAY_NOTHING = ("process_", "handle_", "do_", "manage_")
NAMED_BY_OTHERS = {"handle_exit"}  # the hook of uvicorn's server
FOREIGN_WORDS = ("gateway", "psp")
UNFINISHED = re.compile(r"\b(TODO|FIXME|XXX|HACK|NotImplementedError)\b")
SENTENCES_MAX = 5


def test_no_module_is_a_drawer() -> None:
    drawers = [
        one.name
        for one in sources(*SOURCES, *TESTS)
        if DRAWERS & {PurePosixPath(part).stem for part in PurePosixPath(one.name).parts}
    ]

    assert drawers == []


def test_every_module_says_what_it_is_for() -> None:
    silent = [
        one.name
        for one in sources(*SOURCES, *SCRIPTS)
        if not ast.get_docstring(one.tree) and one.text.strip()
    ]

    assert silent == []


def test_test_modules_say_what_they_are_about() -> None:
    silent = [one.name for one in sources(*TESTS) if one.text and not ast.get_docstring(one.tree)]

    assert silent == []


def test_functions_have_verbs_that_say_something() -> None:
    vague = [
        f"{one.at(function)} {function.name}"
        for one in sources(*SOURCES)
        for function in one.functions()
        if function.name.lstrip("_").startswith(VERBS_THAT_SAY_NOTHING)
        if function.name not in NAMED_BY_OTHERS
    ]

    assert vague == []


def test_one_word_is_used_for_an_acquirer() -> None:
    """Inside it is a provider; see the table of names in docs/explanation/architecture.md."""
    others = [
        f"{one.at(node)} {node.name}"
        for one in sources(*SOURCES)
        for node in (*one.functions(), *one.classes())
        if any(word in re.split(r"_|(?<=[a-z])(?=[A-Z])", node.name) for word in FOREIGN_WORDS)
    ]

    assert others == []


@pytest.mark.parametrize("folder", [*SOURCES, *SCRIPTS])
def test_nothing_is_left_half_done(folder: str) -> None:
    unfinished = [
        f"{one.name}:{number}"
        for one in sources(folder)
        for number, line in enumerate(one.text.splitlines(), 1)
        if UNFINISHED.search(line)
    ]

    assert unfinished == []


def test_no_test_is_skipped() -> None:
    """A test that cannot run must say so by failing."""
    skipping = [
        one.at(node)
        for one in sources(*TESTS)
        for node in ast.walk(one.tree)
        if isinstance(node, ast.Attribute) and node.attr in ("skip", "skipif", "xfail")
        if isinstance(node.value, ast.Name | ast.Attribute)
        and ast.unparse(node.value) in ("pytest", "pytest.mark")
    ]

    assert skipping == []
