"""No floating point near money: it turns 19.99 into 1998 somewhere, some day.

In the slices that see money there is no float literal, no `float` and no `/`: amounts are whole
numbers of minor units, and shares of them are taken with `//` and a stated rounding.
"""

from __future__ import annotations

import ast

from tests.architecture.tree import Source, sources

NEAR_MONEY = (
    "src/handbill/kernel",
    "src/handbill/merchants",
    "src/handbill/catalog",
    "src/handbill/links",
    "src/handbill/payments",
    "src/handbill/providers",
    "src/handbill/ledger",
    "src/acquirer_sandbox",
)
COLOURS_NOT_MONEY = ("src/handbill/catalog/pictures.py", "src/handbill/kernel/colors.py")


def test_there_is_no_floating_point_near_money() -> None:
    floating = [
        f"{one.at(node)} {ast.unparse(node)}"
        for one in sources(*NEAR_MONEY)
        if one.name not in COLOURS_NOT_MONEY
        for node in _floating(one)
    ]

    assert floating == []


def _floating(one: Source) -> list[ast.expr | ast.stmt]:
    durations = {
        id(node.value)
        for node in ast.walk(one.tree)
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]).endswith("_SECONDS")
    }
    return [
        node
        for node in ast.walk(one.tree)
        if isinstance(node, ast.expr | ast.stmt) and _is_floating(node)
        if id(node) not in durations
    ]


def _is_floating(node: ast.expr | ast.stmt) -> bool:
    match node:
        case ast.Constant(value=float()) | ast.Name(id="float" | "round"):
            return True
        case ast.AugAssign(op=ast.Div()):
            return True
        case ast.BinOp(op=ast.Div()):
            return not _is_path(node)
    return False


def _is_path(node: ast.BinOp) -> bool:
    """`folder / "name"` joins paths: one side of it is text."""
    sides = (node.left, node.right)
    return any(isinstance(side, ast.JoinedStr) or _is_text(side) for side in sides)


def _is_text(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)
