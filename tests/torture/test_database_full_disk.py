"""A disk that is really full: whoever was told that a row is written finds it, nobody else does,
and writing goes on when there is space."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
OWN_MOUNTS = ("unshare", "--mount", "--map-root-user")
SMALL_DISK = 'mount -t tmpfs -o size=1m tmpfs "$1" && shift && exec "$@"'


def may_mount() -> bool:
    """Whether this user may mount a file system that only its own process sees."""
    try:
        return (
            subprocess.run([*OWN_MOUNTS, "true"], capture_output=True, check=False).returncode == 0
        )
    except FileNotFoundError:
        return False


@pytest.mark.parametrize("kind", ["pages", "disk"] if may_mount() else ["pages"])
def test_a_full_disk_is_told_and_writing_goes_on_when_there_is_space(tmp_path: Path, kind: str):
    # Given
    small = ["sh", "-c", SMALL_DISK, "sh", str(tmp_path)]
    around = [*OWN_MOUNTS, *small] if kind == "disk" else []

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
