"""If it is not in the docs, the suite is red."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command

from acquirer_sandbox.scenarios import SCENARIOS
from handbill import events
from handbill.cli.main import app
from handbill.infra.settings import Described, describe
from handbill.web.problems import KINDS_BY_CODE
from tests.architecture.modules import errors
from tests.architecture.tree import ROOT, sources

REFERENCE = ROOT / "docs" / "reference"
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
SCENARIO = re.compile(r"^\| `(\w+)` \| .* \| (\d*) ?\|$", re.MULTILINE)
FENCE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)


def _codes_of_calls() -> Iterator[str]:
    """`Forbidden("...", code="merchant_paused")`: codes that a class does not carry by itself."""
    names = {error.__name__ for error in errors()}
    for one in sources("src/handbill"):
        for node in ast.walk(one.tree):
            if not isinstance(node, ast.Call):
                continue
            if ast.unparse(node.func).split(".")[-1] not in names:
                continue
            for given in node.keywords:
                if given.arg == "code" and isinstance(given.value, ast.Constant):
                    yield str(given.value.value)


def _commands(command: object, name: str) -> Iterator[str]:
    """`handbill merchants create` and the like: the leaves that `--help` shows."""
    if isinstance(command, TyperGroup):
        for part, below in command.commands.items():
            yield from _commands(below, f"{name} {part}")
    elif isinstance(command, TyperCommand) and not command.hidden:
        yield name


CODES = sorted({*(error.code for error in errors()), *KINDS_BY_CODE, *_codes_of_calls()})
COMMANDS = sorted(_commands(get_command(app), "handbill"))
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]


@pytest.fixture(scope="module")
def reference() -> str:
    return "\n".join(page.read_text() for page in sorted(REFERENCE.glob("*.md")))


@pytest.mark.parametrize("setting", describe(), ids=lambda setting: setting.name)
def test_every_setting_is_in_the_reference(reference: str, setting: Described) -> None:
    assert f"`{setting.environment}`" in reference
    assert f"`{setting.option}" in reference


@pytest.mark.parametrize("code", CODES)
def test_every_error_code_is_in_the_reference(reference: str, code: str) -> None:
    assert f"`{code}`" in reference


@pytest.mark.parametrize("kind", sorted(events.TYPES))
def test_every_event_type_is_in_the_reference(reference: str, kind: str) -> None:
    assert f"`{kind}`" in reference


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_is_in_the_reference(reference: str, command: str) -> None:
    assert re.search(rf"`{re.escape(command)}[` ]", reference)


def test_the_reference_names_the_scenarios_of_the_sandbox_with_their_amounts() -> None:
    rows = SCENARIO.findall((REFERENCE / "sandbox.md").read_text())

    assert [name for name, _ in rows] == list(SCENARIOS)
    assert rows == [(one.name, str(one.tail or "")) for one in SCENARIOS.values()]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_between_pages_lead_somewhere(page: Path) -> None:
    text = FENCE.sub("", page.read_text())
    targets = [found for found in LINK.findall(text) if "://" not in found]
    broken = [
        target
        for target in targets
        if not target.startswith(("#", "mailto:"))
        and not (page.parent / target.split("#")[0]).exists()
    ]

    assert broken == []
