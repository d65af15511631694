"""A disk that is really full: whoever was told that a row is written finds it, nobody else does,
and writing goes on when there is space."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from torture.disk import may_mount, on_a_small_disk

ROOT = Path(__file__).parents[2]
DISK_BYTES = 1 << 20


@pytest.mark.parametrize("kind", ["pages", "disk"] if may_mount() else ["pages"])
def test_a_full_disk_is_told_and_writing_goes_on_when_there_is_space(tmp_path: Path, kind: str):
    # Given
    around = on_a_small_disk(tmp_path, size=DISK_BYTES) if kind == "disk" else []

    # When
    ended = subprocess.run(
        [*around, sys.executable, "-m", "tests.support.filling", str(tmp_path), kind],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )

    # Then
    assert ended.returncode == 0, ended.stderr
