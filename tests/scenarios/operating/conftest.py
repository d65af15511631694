"""Scenarios of operating: the server as a process, and the commands beside it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.process import Server, serving


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """An installation of its own for the tests of one file, on its first start."""
    folder = tmp_path_factory.mktemp("operating") / "data"
    with serving(folder, "--rate-limit", "0") as running:
        yield running


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where a server makes its installation."""
    return tmp_path / "data"
