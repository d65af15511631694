"""A small disk that only a run and its servers see, and that can be filled to the last byte.

A file system in memory, mounted in a name space of its own: it goes with the last process in it.
"""

from __future__ import annotations

import errno
import os
import subprocess
from collections.abc import Sequence
from pathlib import Path

OWN_MOUNTS = ("unshare", "--mount", "--map-root-user")
MOUNT = 'mount -t tmpfs -o size="$2" tmpfs "$1" && shift 2 && exec "$@"'
BYTES = 512 << 20
LEFT_BYTES = 1 << 20


def on_a_small_disk(folder: Path, command: Sequence[str] = (), size: int = BYTES) -> list[str]:
    """The command (or what is put behind it), with a disk of its own at `folder`."""
    return [*OWN_MOUNTS, "sh", "-c", MOUNT, "sh", str(folder), str(size), *command]


def may_mount() -> bool:
    """Whether this user may mount a file system that only its own processes see."""
    try:
        done = subprocess.run([*OWN_MOUNTS, "true"], capture_output=True, check=False)
    except FileNotFoundError:
        return False
    return done.returncode == 0


class Disk:
    """The small disk at `folder`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._ballast = folder / "ballast"

    def fill(self) -> None:
        """To the last byte, as long as nobody frees one."""
        with self._ballast.open("ab", buffering=0) as file:
            disk = os.statvfs(self._folder)
            most = disk.f_bavail * disk.f_frsize - LEFT_BYTES
            if most > 0:
                os.posix_fallocate(file.fileno(), 0, most)
            for size in (1 << 12, 1):
                try:
                    while file.write(b"\0" * size) == size:
                        continue
                except OSError as error:
                    if error.errno != errno.ENOSPC:
                        raise

    def make_room(self) -> None:
        self._ballast.unlink()
