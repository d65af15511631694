"""What cannot be served is refused in one line that says what to do, and nothing is changed."""

from __future__ import annotations

import shutil
import socket
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.support.process import Done, call, free_port, run, serving

REFUSED, WRONG_OPTION = 1, 2


@pytest.fixture(scope="module")
def stopped(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a server that has ended."""
    folder = tmp_path_factory.mktemp("refused") / "data"
    with serving(folder) as server:
        server.stop()
    return folder


@pytest.fixture
def installation(stopped: Path, folder: Path) -> Path:
    shutil.copytree(stopped, folder)
    return folder


@pytest.fixture
def taken_port() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


def serve(folder: Path, *options: str, **environment: str) -> Done:
    words = ("serve", "--data", str(folder), "--port", str(free_port()), *options)
    return call(*words, environment=environment)


def the_line(done: Done, code: int = REFUSED) -> str:
    """The only one that was said."""
    assert done.code == code, done
    assert done.out == ""
    [line] = done.err.splitlines()
    assert line.startswith("handbill: ")
    return line


def test_a_port_that_is_taken(folder: Path, taken_port: int) -> None:
    done = run("serve", "--data", str(folder), "--port", str(taken_port))

    assert the_line(done) == (
        f"handbill: Cannot listen on 127.0.0.1 port {taken_port}: Address already in use."
        " Choose another with --port or --host."
    )
    assert not folder.exists()


def test_settings_that_cannot_be_used_are_all_named(folder: Path) -> None:
    done = serve(
        folder, "--public-url", "shop.example", HANDBILL_RATE_LIMIT="many", HANDBILL_WORKER="maybe"
    )

    assert done.code == WRONG_OPTION
    assert sorted(line.split()[1] for line in done.err.splitlines()) == [
        "public_url",
        "rate_limit",
        "worker",
    ]
    assert not folder.exists()


def test_an_option_that_does_not_exist(folder: Path) -> None:
    done = serve(folder, "--prot", "8000")

    assert done.code == WRONG_OPTION
    assert "--prot" in done.err


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    line = the_line(serve(tmp_path / "file" / "data"))

    assert line == f"handbill: {tmp_path}/file is needed as a folder, and is none."


def test_a_database_that_is_none(folder: Path) -> None:
    folder.mkdir()
    (folder / "handbill.db").write_bytes(b"This is not a database, whatever its name says." * 100)

    line = the_line(serve(folder))

    assert line == "handbill: The database cannot be opened: file is not a database."


def test_a_database_server_that_does_not_answer(folder: Path, taken_port: int) -> None:
    url = f"postgresql://handbill:planted-password@127.0.0.1:{free_port()}/handbill"

    line = the_line(serve(folder, "--database-url", url))

    assert "The database cannot be opened" in line
    assert "refused" in line
    assert "planted-password" not in line


@pytest.mark.parametrize("words", [("serve",), ("migrate",), ("merchants", "list")])
def test_a_database_of_a_newer_version(installation: Path, words: tuple[str, ...]) -> None:
    with closing(sqlite3.connect(installation / "handbill.db", isolation_level=None)) as db:
        db.execute("UPDATE alembic_version SET version_num = '9999'")

    options = ("--port", str(free_port())) if words == ("serve",) else ()
    line = the_line(call(*words, "--data", str(installation), *options))

    assert "schema revision 9999, written by a newer Handbill" in line


def test_an_installation_whose_key_was_lost(installation: Path) -> None:
    (installation / "installation.key").unlink()

    line = the_line(serve(installation))

    assert "installation.key is missing" in line
    assert "put the key file back" in line
    assert not (installation / "installation.key").exists()


def test_an_installation_with_the_key_of_another(installation: Path) -> None:
    words = ("serve", "--data", str(installation), "--port", str(free_port()))
    line = the_line(run(*words, environment={"HANDBILL_SECRET_KEY": "k" * 32}))

    assert "sealed with another installation key" in line


def test_a_command_where_there_is_no_installation_makes_none(folder: Path) -> None:
    for words in (("merchants", "list"), ("merchants", "create", "Shop"), ("backup", "b.tar")):
        line = the_line(call(*words, "--data", str(folder)))
        assert line == (
            f"handbill: There is no installation in {folder}; begin with handbill serve."
        )

    assert not folder.exists()
