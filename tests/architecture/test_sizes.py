"""Sizes, as docs/explanation/architecture.md promises them. A limit may go down, never up.

There is no list of exceptions: what does not fit is split where its nouns part.
"""

from __future__ import annotations

import ast

from tests.architecture.tree import SCRIPTS, SOURCES, TESTS, Function, sources

FILE_LINES_MAX = 400
FUNCTION_LINES_MAX = 70
METHODS_MAX = 15
IMPORTS_MAX = 20
PARAMETERS_MAX = 8
TEST_FILE_LINES_MAX = 500
TEST_LINES_MAX = 50

PRODUCT = (*SOURCES, *SCRIPTS)
ALL = (*PRODUCT, *TESTS)


def test_files_are_short() -> None:
    long = [f"{one.name}: {one.lines}" for one in sources(*PRODUCT) if one.lines > FILE_LINES_MAX]

    assert long == []


def test_test_files_are_short() -> None:
    long = [
        f"{one.name}: {one.lines}" for one in sources(*TESTS) if one.lines > TEST_FILE_LINES_MAX
    ]

    assert long == []


def test_functions_are_short() -> None:
    long = [
        f"{one.at(function)} {function.name}: {_lines(function)}"
        for one in sources(*ALL)
        for function in one.functions()
        if _lines(function) > FUNCTION_LINES_MAX
    ]

    assert long == []


def test_tests_are_short() -> None:
    long = [
        f"{one.at(function)} {function.name}: {_lines(function)}"
        for one in sources(*TESTS)
        for function in one.functions()
        if function.name.startswith("test_") and _lines(function) > TEST_LINES_MAX
    ]

    assert long == []


def test_classes_have_few_methods() -> None:
    large = [
        f"{one.at(kind)} {kind.name}: {_methods(kind)}"
        for one in sources(*ALL)
        for kind in one.classes()
        if _methods(kind) > METHODS_MAX
    ]

    assert large == []


def test_functions_take_few_parameters() -> None:
    wide = [
        f"{one.at(function)} {function.name}: {_parameters(function)}"
        for one in sources(*ALL)
        for function in one.functions()
        if _parameters(function) > PARAMETERS_MAX
    ]

    assert wide == []


def test_files_import_little() -> None:
    """Counted in statements, without those of `__future__`."""
    greedy = [
        f"{one.name}: {len(_imports(one.tree))}"
        for one in sources(*PRODUCT)
        if len(_imports(one.tree)) > IMPORTS_MAX
    ]

    assert greedy == []


def test_nobody_imports_inside_a_function() -> None:
    """Such an import hides a cycle, and makes the first request slow."""
    hidden = [
        one.at(found)
        for one in sources(*ALL)
        for function in one.functions()
        for found in _imports(function)
    ]

    assert hidden == []


def _lines(node: Function) -> int:
    assert node.end_lineno is not None
    return node.end_lineno - node.lineno + 1


def _methods(kind: ast.ClassDef) -> int:
    """Without the likes of `__enter__`."""
    return sum(isinstance(node, Function) and not node.name.startswith("__") for node in kind.body)


def _parameters(function: Function) -> int:
    """Without `self` and `cls`; `*args` and `**options` count as one each."""
    of = function.args
    named = [*of.posonlyargs, *of.args, *of.kwonlyargs]
    gathered = [one for one in (of.vararg, of.kwarg) if one is not None]
    return len([one for one in named if one.arg not in ("self", "cls")]) + len(gathered)


def _imports(tree: ast.AST) -> list[ast.Import | ast.ImportFrom]:
    return [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.Import)
        or (isinstance(node, ast.ImportFrom) and node.module != "__future__")
    ]
