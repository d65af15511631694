"""Imports go down only. The floors and their reasons are contracts in pyproject.toml."""

from __future__ import annotations

import ast
import subprocess
import sys

from tests.architecture.tree import ROOT, SOURCES, Source, sources

KERNEL_MAY_IMPORT = {*sys.stdlib_module_names, "handbill", "iso4217", "msgspec", "uuid_utils"}
DRIVERS = {"sqlite3", "psycopg", "sqlalchemy", "alembic"}
DRIVERS_ALLOWED = (
    "src/handbill/infra/archive.py",  # a backup is a copy of the file, taken by SQLite itself
    "src/handbill/infra/database/",
    "src/handbill/infra/migrations/",
)


def test_imports_go_down_the_floors() -> None:
    done = subprocess.run(
        [
            *(sys.executable, "-c"),
            "from importlinter.cli import lint_imports_command; lint_imports_command()",
            *("--no-logo", "--no-cache"),
        ],
        cwd=ROOT,
        env={"PYTHONPATH": str(ROOT / "src")},
        capture_output=True,
        text=True,
    )

    assert done.returncode == 0, done.stdout + done.stderr
    assert "0 broken" in done.stdout


def test_the_kernel_stands_on_almost_nothing() -> None:
    foreign = [
        f"{one.name}: {name}"
        for one in sources("src/handbill/kernel")
        for name in _imported(one)
        if name not in KERNEL_MAY_IMPORT
    ]

    assert foreign == []


def test_nobody_but_the_database_layer_knows_which_database_it_is() -> None:
    knowing = [
        f"{one.name}: {name}"
        for one in sources(*SOURCES)
        if not one.name.startswith(DRIVERS_ALLOWED)
        for name in _imported(one)
        if name in DRIVERS
    ]

    assert knowing == []


def _imported(one: Source) -> set[str]:
    """The top-level packages that a file imports."""
    names: set[str] = set()
    for node in ast.walk(one.tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names.add(node.module or "")
    return {name.split(".")[0] for name in names}
