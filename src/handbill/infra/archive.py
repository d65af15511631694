"""A backup as a file: one tar with the database, the key, the pictures and their checksums.

Written and read beside a running server: SQLite copies a consistent snapshot, both ways. The key
is in it, because a database without its key has lost its secrets: guard the file like the key.
Knows nothing of settings or schemas: what a backup may be put into is decided above.
"""

from __future__ import annotations

import hashlib
import io
import os
import re
import shutil
import sqlite3
import tarfile
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path, PurePosixPath

from handbill.infra.crypto import KEY_FILE
from handbill.kernel.errors import Conflict, Invalid, Unavailable

DATABASE = "handbill.db"
PICTURES = "images"
SUMS = "SHA256SUMS"
"""The last member, in the form that `sha256sum --check` reads. Without it the file is not whole."""
_SUM = re.compile(r"([0-9a-f]{64})  (.+)")
_SECONDS = 30
_UNREADABLE = (sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT)


class Unpacked:
    """A backup that was found whole, in a folder that goes away with the `with` statement."""

    def __init__(self, folder: Path) -> None:
        self.database = folder / DATABASE
        self.pictures = folder / PICTURES
        self._key = folder / KEY_FILE

    @property
    def key(self) -> bytes | None:
        """None where the installation's key was not kept in its folder."""
        return self._key.read_bytes().strip() if self._key.exists() else None

    def put_key(self, folder: Path) -> None:
        if self._key.exists():
            self._key.chmod(0o600)
            self._key.replace(folder / KEY_FILE)


def write(database: Path, target: Path, *, key: Path | None, pictures: Path | None) -> int:
    """Writes `target`, readable by its user alone; gives its size in bytes.

    A half-written file never bears the name of a backup. Raises Conflict where `target` exists,
    Unavailable where there is no database or no room.
    """
    if target.exists():
        raise Conflict(f"{target} exists already; choose another name.")
    with _scratch(target.parent) as scratch:
        # The database first: a picture that its rows promise is on the disk by then.
        copy(database, scratch / DATABASE)
        unfinished = scratch / "backup.tar"
        handle = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as file:
            with tarfile.open(fileobj=file, mode="w") as tar:
                _fill(tar, scratch / DATABASE, _beside(key, pictures))
            file.flush()
            os.fsync(file.fileno())
        unfinished.rename(target)
        _flush(target.parent)
    return target.stat().st_size


@contextmanager
def unpacked(source: Path, parent: Path) -> Iterator[Unpacked]:
    """The contents of a backup, below `parent`. Raises Invalid on FILE where it is not whole."""
    with _scratch(parent) as scratch:
        _unpack(source, scratch)
        _check_sums(scratch)
        _check_database(scratch / DATABASE)
        yield Unpacked(scratch)


def copy(source: Path, target: Path) -> None:
    """A snapshot of one database in place of another, in one step for whoever has either open.
    Waits for a writer. Raises Unavailable where it cannot be done; the target is as it was then."""
    if not source.exists():
        raise Unavailable(f"There is no database at {source}.")
    try:
        with (
            closing(sqlite3.connect(source, timeout=_SECONDS)) as of,
            closing(sqlite3.connect(target, timeout=_SECONDS)) as to,
        ):
            of.backup(to)
    except sqlite3.Error as error:
        raise Unavailable(f"{source} cannot be copied to {target}: {error}.") from error


def is_readable(database: Path) -> bool:
    """Whether SQLite knows it for a database, whatever is in it."""
    try:
        with closing(sqlite3.connect(database, timeout=_SECONDS)) as db:
            db.execute("SELECT COUNT(*) FROM sqlite_master").fetchone()
    except sqlite3.Error as error:
        return (error.sqlite_errorcode & 0xFF) not in _UNREADABLE
    return True


def set_aside(database: Path) -> Path:
    """Takes a damaged database out of the way and keeps it. Nobody may have it open."""
    aside = database.with_name(f"{database.name}.damaged")
    database.replace(aside)
    for suffix in ("-wal", "-shm"):
        # The log belongs to the file that went: SQLite would play it into the new one.
        log = database.with_name(database.name + suffix)
        if log.exists():
            log.replace(aside.with_name(aside.name + suffix))
    return aside


def put_pictures(pictures: Path, folder: Path) -> None:
    """Each whole or not at all; others that are there stay."""
    for picture in _files(pictures):
        place = folder / picture.relative_to(pictures)
        place.parent.mkdir(parents=True, exist_ok=True)
        unfinished = place.with_name(f".{place.name}")
        shutil.copyfile(picture, unfinished)  # not a rename: it may be another disk
        unfinished.replace(place)


def _beside(key: Path | None, pictures: Path | None) -> Iterator[tuple[str, bytes]]:
    if key is not None and key.exists():
        yield KEY_FILE, key.read_bytes()
    for path in _files(pictures) if pictures is not None else []:
        try:
            content = path.read_bytes()
        except FileNotFoundError:  # taken away since it was listed
            continue
        yield f"{PICTURES}/{path.relative_to(pictures or path).as_posix()}", content


def _fill(tar: tarfile.TarFile, database: Path, beside: Iterable[tuple[str, bytes]]) -> None:
    tar.add(database, DATABASE)
    with database.open("rb") as file:
        sums = [f"{hashlib.file_digest(file, 'sha256').hexdigest()}  {DATABASE}\n"]
    for name, content in beside:
        _add(tar, name, content)
        sums.append(f"{hashlib.sha256(content).hexdigest()}  {name}\n")
    _add(tar, SUMS, "".join(sums).encode())


def _add(tar: tarfile.TarFile, name: str, content: bytes) -> None:
    member = tarfile.TarInfo(name)
    member.size, member.mode = len(content), 0o600
    tar.addfile(member, io.BytesIO(content))


def _files(folder: Path) -> list[Path]:
    """Without uploads that are not finished: their names begin with a dot."""
    found = (path for path in folder.rglob("*") if path.is_file())
    return sorted(path for path in found if not path.name.startswith("."))


def _unpack(source: Path, scratch: Path) -> None:
    """Takes plain files under the names that `write` gives, and nothing else of the archive: it
    may have passed through strange hands."""
    try:
        with tarfile.open(source, mode="r:") as tar:
            for member in tar:
                name = PurePosixPath(member.name)
                file = tar.extractfile(member) if member.isreg() and _is_ours(name) else None
                if file is not None:
                    place = scratch / name
                    place.parent.mkdir(parents=True, exist_ok=True)
                    with place.open("wb") as unpacked:
                        shutil.copyfileobj(file, unpacked)
    except FileNotFoundError as error:
        raise Invalid({"FILE": [f"{source} does not exist"]}) from error
    except (tarfile.TarError, IsADirectoryError, PermissionError) as error:
        raise Invalid({"FILE": [f"{source} is not a backup that can be read"]}) from error


def _is_ours(name: PurePosixPath) -> bool:
    if ".." in name.parts or name.is_absolute():
        return False
    return str(name) in (DATABASE, KEY_FILE, SUMS) or name.parts[:1] == (PICTURES,)


def _check_sums(folder: Path) -> None:
    """Every file is as it was written, and none is missing or strange."""
    listed = folder / SUMS
    if not listed.is_file():
        raise Invalid({"FILE": ["is not a whole backup"]})
    lines = listed.read_text(errors="replace").splitlines()
    wanted = {found[2]: found[1] for found in map(_SUM.fullmatch, lines) if found}
    present = {path.relative_to(folder).as_posix(): path for path in _files(folder)}
    del present[SUMS]
    damaged = sorted(
        name
        for name in wanted.keys() | present.keys()
        if name not in present or _sum(present[name]) != wanted.get(name)
    )
    if damaged or DATABASE not in wanted:
        raise Invalid({"FILE": [f"is damaged: {', '.join(damaged[:3]) or SUMS}"]})


def _sum(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _check_database(database: Path) -> None:
    with closing(sqlite3.connect(database)) as db:
        try:
            verdict = db.execute("PRAGMA integrity_check").fetchone()[0]
        except sqlite3.DatabaseError:
            verdict = "unreadable"
    if verdict != "ok":
        raise Invalid({"FILE": ["holds a damaged database"]})


def _flush(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextmanager
def _scratch(parent: Path) -> Iterator[Path]:
    """On the disk of the target, so that the last step is a rename."""
    with tempfile.TemporaryDirectory(dir=parent, prefix=".handbill-") as name:
        yield Path(name)
