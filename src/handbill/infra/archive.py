"""Backup of an embedded installation: one tar file with the database, the key and the pictures.

Taken and put back while a server runs: SQLite copies a consistent snapshot, both ways. The key is
in it, because a database without its key has lost its secrets: guard the file like the key.
"""

from __future__ import annotations

import os
import sqlite3
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from handbill.infra.crypto import KEY_FILE
from handbill.kernel.errors import Conflict, Invalid, Unavailable

DATABASE = "handbill.db"
PICTURES = "images"
_SECONDS = 30


def backup(database: Path, folder: Path, target: Path) -> int:
    """Writes `target`, readable by its user alone; gives its size in bytes.

    A half-written file never bears the name of a backup. Raises Conflict where `target` exists.
    """
    if target.exists():
        raise Conflict(f"{target} exists already; choose another name.")
    unfinished = target.with_name(target.name + ".part")
    with _scratch(target.parent) as scratch:
        copy = scratch / DATABASE
        _copy(database, copy)
        handle = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "wb") as file, tarfile.open(fileobj=file, mode="w") as tar:
            tar.add(copy, DATABASE)
            for name in (KEY_FILE, PICTURES):
                if (folder / name).exists():
                    tar.add(folder / name, name)
            tar.close()
            file.flush()
            os.fsync(file.fileno())
    unfinished.rename(target)
    return target.stat().st_size


def restore(source: Path, database: Path, folder: Path) -> None:
    """Puts the database, the key and the pictures back, in place of what is there.

    Raises Invalid for a file that is not a whole backup; nothing is changed then.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with _scratch(folder) as scratch:
        _unpack(source, scratch)
        copy = scratch / DATABASE
        _check(copy)
        key = scratch / KEY_FILE
        if key.exists():
            key.chmod(0o600)
            key.replace(folder / KEY_FILE)
        pictures = scratch / PICTURES
        for picture in sorted(path for path in pictures.rglob("*") if path.is_file()):
            place = folder / PICTURES / picture.relative_to(pictures)
            place.parent.mkdir(parents=True, exist_ok=True)
            picture.replace(place)
        _copy(copy, database)


def _copy(source: Path, target: Path) -> None:
    if not source.exists():
        raise Unavailable(f"There is no database at {source}.")
    with closing(sqlite3.connect(source, timeout=_SECONDS)) as of:
        with closing(sqlite3.connect(target, timeout=_SECONDS)) as to:
            of.backup(to)


def _unpack(source: Path, scratch: Path) -> None:
    try:
        with tarfile.open(source, mode="r:") as tar:
            tar.extractall(scratch, filter="data")
    except (tarfile.TarError, OSError) as error:
        raise Invalid({"FILE": ["is not a backup that can be read"]}) from error
    if not (scratch / DATABASE).is_file():
        raise Invalid({"FILE": ["holds no database"]})


def _check(database: Path) -> None:
    with closing(sqlite3.connect(database)) as db:
        try:
            verdict = db.execute("PRAGMA integrity_check").fetchone()[0]
        except sqlite3.DatabaseError:
            verdict = "unreadable"
    if verdict != "ok":
        raise Invalid({"FILE": ["holds a damaged database"]})


@contextmanager
def _scratch(parent: Path) -> Iterator[Path]:
    """On the disk of the target, so that the last step is a rename."""
    with tempfile.TemporaryDirectory(dir=parent, prefix=".handbill-") as name:
        yield Path(name)
