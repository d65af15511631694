"""A backup as a file: whole or refused, also when it is taken while the database is written to."""

from __future__ import annotations

import io
import sqlite3
import stat
import subprocess
import tarfile
import threading
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

import pytest

from handbill.infra import archive
from handbill.infra.crypto import KEY_FILE, installation_key
from handbill.kernel.errors import Conflict, Invalid, Unavailable

PICTURE = Path("uploads") / "1" / "cup.png"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An installation: a database in WAL mode, a key, a picture and an unfinished one."""
    folder = tmp_path / "data"
    pictures = (folder / archive.PICTURES / PICTURE).parent
    pictures.mkdir(parents=True)
    (pictures / PICTURE.name).write_bytes(b"a cup")
    (pictures / ".unfinished").write_bytes(b"half a c")
    installation_key(folder)
    with closing(sqlite3.connect(database(folder))) as db:
        db.execute("PRAGMA journal_mode=WAL")
        db.execute("CREATE TABLE pairs (one INTEGER, two INTEGER)")
    add_pair(folder, 1)
    return folder


def database(folder: Path) -> Path:
    return folder / archive.DATABASE


def add_pair(folder: Path, number: int) -> None:
    """Two statements in one transaction: a copy that holds one of them alone is torn."""
    with closing(sqlite3.connect(database(folder), timeout=30)) as db, db:
        db.execute("INSERT INTO pairs VALUES (?, 0)", (number,))
        db.execute("UPDATE pairs SET two = one WHERE one = ?", (number,))


def pairs(path: Path) -> list[tuple[int, int]]:
    with closing(sqlite3.connect(path)) as db:
        return db.execute("SELECT one, two FROM pairs ORDER BY one").fetchall()


def backup(folder: Path, name: str = "backup.tar") -> Path:
    target = folder.parent / name
    size = archive.write(
        database(folder), target, key=folder / KEY_FILE, pictures=folder / archive.PICTURES
    )
    assert size == target.stat().st_size
    return target


def test_a_backup_holds_all_that_an_installation_is(folder: Path, tmp_path: Path) -> None:
    copy = backup(folder)

    with archive.unpacked(copy, tmp_path) as contents:
        assert pairs(contents.database) == [(1, 1)]
        assert contents.key == installation_key(folder)
        assert [path.name for path in contents.pictures.rglob("*.*")] == [PICTURE.name]
        assert (contents.pictures / PICTURE).read_bytes() == b"a cup"
        contents.put_key(tmp_path)
    assert stat.S_IMODE((tmp_path / KEY_FILE).stat().st_mode) == 0o600
    assert installation_key(tmp_path) == installation_key(folder)


def test_key_and_pictures_that_are_kept_elsewhere_are_left_out(
    folder: Path, tmp_path: Path
) -> None:
    copy = tmp_path / "bare.tar"
    archive.write(database(folder), copy, key=None, pictures=None)

    with archive.unpacked(copy, tmp_path) as contents:
        assert (contents.key, contents.pictures.exists()) == (None, False)
        contents.put_key(tmp_path)
        archive.put_pictures(contents.pictures, tmp_path / "pictures")
    assert not (tmp_path / KEY_FILE).exists()


def test_a_backup_is_for_its_user_alone_and_leaves_nothing_beside_it(folder: Path) -> None:
    before = set(folder.parent.iterdir())

    copy = backup(folder)

    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    assert set(folder.parent.iterdir()) - before == {copy}
    with archive.unpacked(copy, folder.parent):
        pass
    assert set(folder.parent.iterdir()) - before == {copy}


def test_its_sums_can_be_checked_with_ordinary_tools(folder: Path, tmp_path: Path) -> None:
    with tarfile.open(backup(folder)) as tar:
        for member in tar:
            file = tar.extractfile(member)
            assert file is not None
            place = tmp_path / "out" / member.name
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(file.read())

    subprocess.run(
        ["sha256sum", "--check", "--strict", archive.SUMS],
        cwd=tmp_path / "out",
        check=True,
        capture_output=True,
    )


def test_a_backup_taken_while_it_is_written_to_holds_whole_transactions(folder: Path) -> None:
    stop, written = threading.Event(), [1]

    def write() -> None:
        while not stop.is_set():
            add_pair(folder, written[0] + 1)
            written[0] += 1

    writer = threading.Thread(target=write)
    writer.start()
    try:
        for number in range(5):
            at_least = written[0]
            with archive.unpacked(backup(folder, f"{number}.tar"), folder.parent) as contents:
                found = pairs(contents.database)
            assert found == [(n, n) for n in range(1, len(found) + 1)]
            assert len(found) >= at_least
    finally:
        stop.set()
        writer.join()


def test_a_copy_reaches_those_who_have_the_database_open(folder: Path, tmp_path: Path) -> None:
    earlier = tmp_path / "earlier.db"
    archive.copy(database(folder), earlier)
    with closing(sqlite3.connect(database(folder))) as reader:
        add_pair(folder, 2)
        assert reader.execute("SELECT COUNT(*) FROM pairs").fetchone() == (2,)

        archive.copy(earlier, database(folder))

        assert reader.execute("SELECT COUNT(*) FROM pairs").fetchone() == (1,)
        assert reader.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    add_pair(folder, 3)
    assert pairs(database(folder)) == [(1, 1), (3, 3)]


def test_nothing_is_overwritten_and_nothing_half_done_is_left(folder: Path) -> None:
    backup(folder)
    with pytest.raises(Conflict):
        backup(folder)
    before = set(folder.parent.iterdir())

    for missing in (folder / "missing.db", folder):
        with pytest.raises(Unavailable):
            archive.write(missing, folder.parent / "other.tar", key=None, pictures=None)
    (folder / "text.db").write_bytes(b"this is no database" * 1_000)
    with pytest.raises(Unavailable):
        archive.write(folder / "text.db", folder.parent / "other.tar", key=None, pictures=None)

    assert set(folder.parent.iterdir()) == before


def test_pictures_come_back_and_later_ones_stay(folder: Path, tmp_path: Path) -> None:
    copy = backup(folder)
    pictures = folder / archive.PICTURES
    (pictures / PICTURE).write_bytes(b"another cup")
    later = pictures / PICTURE.with_name("later.png")
    later.write_bytes(b"later")

    with archive.unpacked(copy, tmp_path) as contents:
        archive.put_pictures(contents.pictures, pictures)

    assert (pictures / PICTURE).read_bytes() == b"a cup"
    assert later.read_bytes() == b"later"  # a picture without a row harms nobody
    assert not [path for path in pictures.rglob("*") if path.name.startswith(".c")]


def tar(path: Path, files: Mapping[str, bytes]) -> Path:
    with tarfile.open(path, "w") as archived:
        for name, data in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            archived.addfile(entry, io.BytesIO(data))
    return path


def members(path: Path) -> dict[str, bytes]:
    with tarfile.open(path) as archived:
        files = {member.name: archived.extractfile(member) for member in archived}
        return {name: file.read() for name, file in files.items() if file is not None}


def test_what_is_no_whole_backup_is_refused(folder: Path, tmp_path: Path) -> None:
    good = backup(folder).read_bytes()
    whole = members(tmp_path / "backup.tar")
    without_sums = {name: data for name, data in whole.items() if name != archive.SUMS}
    data, picture = whole[archive.DATABASE], f"{archive.PICTURES}/{PICTURE}"
    broken: dict[str, bytes | Mapping[str, bytes]] = {
        "cut": good[: len(good) // 3],
        "empty": b"",
        "text": b"this is no archive" * 100,
        "without sums": without_sums,
        "without database": {KEY_FILE: b"x", archive.SUMS: b""},
        "one byte": {**whole, archive.DATABASE: data[:-1] + bytes([data[-1] ^ 1])},
        "another key": {**whole, KEY_FILE: b"x" * 64},
        "no picture": {name: data for name, data in whole.items() if name != picture},
        "a picture more": {**whole, f"{archive.PICTURES}/more.png": b"x"},
        "strange sums": {**whole, archive.SUMS: b"\xff\x00"},
    }
    paths = [folder, tmp_path / "missing.tar"]
    for name, content in broken.items():
        path = tmp_path / f"{name}.tar"
        paths.append(path)
        path.write_bytes(content) if isinstance(content, bytes) else tar(path, content)

    for path in paths:
        with pytest.raises(Invalid) as refused, archive.unpacked(path, tmp_path):
            pytest.fail(f"{path.name} was taken")
        assert list(refused.value.faults) == ["FILE"]


def test_names_that_lead_elsewhere_are_passed_over(folder: Path, tmp_path: Path) -> None:
    whole = members(backup(folder))
    outside = tmp_path / "escaped"
    names = ("../escaped", f"{archive.PICTURES}/../../escaped", str(outside), "other", ".", "")
    source = tar(tmp_path / "evil.tar", {**dict.fromkeys(names, b"x"), **whole})

    with archive.unpacked(source, folder) as contents:
        assert sorted(path.name for path in contents.database.parent.iterdir()) == sorted(
            [archive.DATABASE, KEY_FILE, archive.PICTURES, archive.SUMS]
        )

    assert not outside.exists()
    assert not (folder / "escaped").exists()


def test_a_damaged_database_is_known_and_set_aside_with_its_log(folder: Path) -> None:
    path = database(folder)
    assert archive.is_readable(path)
    path.write_bytes(b"junk" * 5_000)
    assert not archive.is_readable(path)
    path.with_name(f"{path.name}-wal").write_bytes(b"its log")

    aside = archive.set_aside(path)

    assert aside.read_bytes() == b"junk" * 5_000
    assert aside.with_name(f"{aside.name}-wal").read_bytes() == b"its log"
    assert not path.exists()
    assert not path.with_name(f"{path.name}-wal").exists()
