"""Apprise stays in the process of its workshop: the server that runs for months never loads it."""

from __future__ import annotations

import subprocess
import sys

from tests.architecture.tree import ROOT, sources

POSTING = "handbill.notices.posting"
LOADS = """
import sys
import handbill.bootstrap.serving, handbill.cli.main
print([name for name in ("apprise", "requests", "{posting}") if name in sys.modules])
"""


def test_one_module_names_apprise_and_nobody_imports_it() -> None:
    naming = [one.name for one in sources("src") if "import apprise" in one.text]
    naming += [one.name for one in sources("src") if "from apprise" in one.text]
    importing = [
        one.name
        for one in sources("src")
        if f"import {POSTING}" in one.text or "notices import posting" in one.text
    ]

    assert naming == ["src/handbill/notices/posting.py"]
    assert importing == []


def test_neither_server_nor_commands_load_it() -> None:
    done = subprocess.run(
        [sys.executable, "-c", LOADS.format(posting=POSTING)],
        env={"PYTHONPATH": str(ROOT / "src")},
        capture_output=True,
        text=True,
        check=True,
    )

    assert done.stdout.strip() == "[]"
