"""A small disk that only a run and its servers see, and that can be filled to the last byte.

A file system in memory, mounted in a name space of its own: it goes with the last process in it.
"""

from __future__ import annotations

import errno
import os
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

OWN_MOUNTS = ("unshare", "--mount", "--map-root-user")
MOUNT = 'mount -t tmpfs -o size="$2" tmpfs "$1" && shift 2 && exec "$@"'
BYTES = 512 << 20
RESERVED_BYTES = (64 << 20, 1 << 20)
WRITTEN_BYTES = (1 << 12, 1)


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


@contextmanager
def _until_full() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise


class Disk:
    """The small disk at `folder`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._ballast = folder / "ballast"

    def fill(self) -> None:
        """To the last byte, as long as nobody frees one."""
        with self._ballast.open("ab", buffering=0) as file:
            for size in RESERVED_BYTES:
                with _until_full():
                    while True:
                        os.posix_fallocate(file.fileno(), file.seek(0, os.SEEK_END), size)
            for size in WRITTEN_BYTES:
                with _until_full():
                    while file.write(b"\0" * size) == size:
                        continue

    def make_room(self) -> None:
        self._ballast.unlink()
