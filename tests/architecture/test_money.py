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


def test_there_is_no_floating_point_near_money() -> None:
    floating = [
        f"{one.at(node)} {ast.unparse(node)}"
        for one in sources(*NEAR_MONEY)
        for node in _floating(one)
    ]

    assert floating == []


def _floating(one: Source) -> list[ast.expr | ast.stmt]:
    found: list[ast.expr | ast.stmt] = []
    for node in ast.walk(one.tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, float):
            found.append(node)
        elif isinstance(node, ast.Name) and node.id in ("float", "round"):
            found.append(node)
        elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div):
            if not _is_path(node):
                found.append(node)
        elif isinstance(node, ast.AugAssign) and isinstance(node.op, ast.Div):
            found.append(node)
    return found


def _is_path(node: ast.BinOp) -> bool:
    """`folder / "name"` joins paths: one side of it is text."""
    return any(
        isinstance(side, ast.JoinedStr)
        or (isinstance(side, ast.Constant) and isinstance(side.value, str))
        for side in (node.left, node.right)
    )
