"""Backup of an embedded installation: one tar file with the database, the key and the pictures.

Taken and put back while a server runs: SQLite copies a consistent snapshot, both ways. The key is
in it, because a database without its key has lost its secrets: guard the file like the key.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import sqlite3
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path, PurePosixPath

from handbill.infra.crypto import KEY_FILE
from handbill.kernel.errors import Conflict, Invalid, Unavailable

DATABASE = "handbill.db"
PICTURES = "images"
_SECONDS = 30


def backup(database: Path, folder: Path, target: Path) -> int:
    """Writes `target`, readable by its user alone; gives its size in bytes.

    A half-written file never bears the name of a backup. Raises Conflict where `target` exists,
    Unavailable where there is no database.
    """
    if target.exists():
        raise Conflict(f"{target} exists already; choose another name.")
    with _scratch(target.parent) as scratch:
        # The database first: a picture that its rows promise is on the disk by then.
        _copy(database, scratch / DATABASE)
        unfinished = scratch / "backup.tar"
        handle = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as file:
            with tarfile.open(fileobj=file, mode="w") as tar:
                tar.add(scratch / DATABASE, DATABASE)
                for path in _kept(folder):
                    with contextlib.suppress(FileNotFoundError):  # an upload that just ended
                        tar.add(path, str(path.relative_to(folder)))
            file.flush()
            os.fsync(file.fileno())
        unfinished.rename(target)
    return target.stat().st_size


def restore(source: Path, database: Path, folder: Path) -> None:
    """Puts the database, the key and the pictures back, in place of what is there.

    Raises Invalid for a file that is not a whole backup; nothing is changed then. The key comes
    last: where the database cannot be replaced, what is there still has its own.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with _scratch(folder) as scratch:
        _unpack(source, scratch)
        _check(scratch / DATABASE)
        for picture in _files(scratch / PICTURES):
            place = folder / picture.relative_to(scratch)
            place.parent.mkdir(parents=True, exist_ok=True)
            picture.replace(place)
        _copy(scratch / DATABASE, database)
        key = scratch / KEY_FILE
        if key.exists():
            key.chmod(0o600)
            key.replace(folder / KEY_FILE)


def _kept(folder: Path) -> list[Path]:
    """The files beside the database that belong to it."""
    key = folder / KEY_FILE
    return [*([key] if key.exists() else []), *_files(folder / PICTURES)]


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def _copy(source: Path, target: Path) -> None:
    if not source.exists():
        raise Unavailable(f"There is no database at {source}.")
    with (
        closing(sqlite3.connect(source, timeout=_SECONDS)) as of,
        closing(sqlite3.connect(target, timeout=_SECONDS)) as to,
    ):
        of.backup(to)


def _unpack(source: Path, scratch: Path) -> None:
    """Takes plain files under the names that `backup` gives, and nothing else of the archive: it
    may have passed through strange hands."""
    try:
        with tarfile.open(source, mode="r:") as tar:
            for member in tar:
                name = PurePosixPath(member.name)
                file = tar.extractfile(member) if member.isreg() and _is_ours(name) else None
                if file is not None:
                    place = scratch / name
                    place.parent.mkdir(parents=True, exist_ok=True)
                    with place.open("wb") as copy:
                        shutil.copyfileobj(file, copy)
    except (tarfile.TarError, FileNotFoundError, IsADirectoryError, PermissionError) as error:
        raise Invalid({"FILE": ["is not a backup that can be read"]}) from error
    if not (scratch / DATABASE).is_file():
        raise Invalid({"FILE": ["holds no database"]})


def _is_ours(name: PurePosixPath) -> bool:
    if ".." in name.parts or name.is_absolute():
        return False
    return str(name) in (DATABASE, KEY_FILE) or name.parts[:1] == (PICTURES,)


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
