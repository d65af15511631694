"""A PostgreSQL server of the tests' own, with nothing in it that is worth keeping.

It lives in a temporary folder on a free port and ends with the process that started it, however
that process ends. Flushing to the disk is off: what a power cut does is not tested here.
"""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

START_SECONDS = 30
TRIES_MAX = 3
OWNER = "handbill"

# The shell holds our end of a pipe: when it closes, on purpose or because the tests were killed,
# the server ends at once and its folder goes, if nobody said a word before.
WATCHED_SERVER = """
folder=$1; shift
"$@" >"$folder/log" 2>&1 </dev/null &
server=$!
read -r keep || true
kill -QUIT "$server" 2>/dev/null
wait "$server"
[ "$keep" ] || rm -rf "$folder"
"""

SETTINGS = {
    "autovacuum": "off",
    "fsync": "off",
    "full_page_writes": "off",
    "jit": "off",
    "listen_addresses": "127.0.0.1",
    "max_connections": "200",
    "max_wal_size": "512MB",
    "shared_buffers": "64MB",
    "synchronous_commit": "off",
}


class PortTaken(RuntimeError):
    pass


class PostgresServer:
    """Started when created; `stop` ends it. `parent`: where its folder is made."""

    def __init__(
        self, settings: Mapping[str, str] = SETTINGS, *, parent: Path | None = None
    ) -> None:
        self._settings = settings
        self._programs = programs_folder()
        self._user = _user()
        self._folder = Path(tempfile.mkdtemp(prefix="handbill-postgres-", dir=parent))
        if self._user is not None:
            shutil.chown(self._folder, self._user)
        self._initialise()
        self.port = _free_port()
        self._process = self._launch()
        self._wait_until_it_answers()
        self._admin = psycopg.connect(self.url("postgres"), autocommit=True)

    def url(self, database: str) -> str:
        return f"postgresql://{OWNER}@127.0.0.1:{self.port}/{database}"

    def create(self, database: str, *, template: str = "template0") -> str:
        """Gives the URL of the new database. Nobody may be connected to the template."""
        self._admin.execute(
            sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(
                sql.Identifier(database), sql.Identifier(template)
            )
        )
        return self.url(database)

    def drop(self, database: str) -> None:
        """Also when somebody is still connected."""
        self._admin.execute(
            sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(database))
        )

    def kill(self) -> None:
        """The server with all its backends, at once and without a word. Its files stay."""
        (postmaster,) = _below(self._process.pid, depth=1)
        os.kill(postmaster, signal.SIGSTOP)  # or it would start backends that nobody has seen
        all_ = [postmaster, *_below(postmaster)]
        for pid in all_:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self._process.communicate("keep\n")
        while any(map(_is_alive, all_)):  # one that still holds its memory keeps the next from it
            time.sleep(0.01)

    def start_again(self) -> None:
        """On the same files and the same port."""
        self._admin.close()
        self._process = self._launch()
        self._wait_until_it_answers()
        self._admin = psycopg.connect(self.url("postgres"), autocommit=True)

    def stop(self) -> None:
        self._admin.close()
        self._end()

    def _initialise(self) -> None:
        made = self._run(
            str(self._programs / "initdb"),
            f"--pgdata={self._folder}/data",
            f"--username={OWNER}",
            "--auth=trust",
            "--encoding=UTF8",
            "--locale=C",
            "--no-sync",
            "--no-instructions",
        )
        output, _ = made.communicate()
        if made.returncode:
            shutil.rmtree(self._folder, ignore_errors=True)
            raise RuntimeError(f"initdb failed: {output}")

    def _launch(self) -> subprocess.Popen[str]:
        options = [f"-c{name}={value}" for name, value in self._settings.items()]
        return self._run(
            "/bin/sh",
            "-c",
            WATCHED_SERVER,
            "handbill-postgres",
            str(self._folder),
            str(self._programs / "postgres"),
            f"-D{self._folder}/data",
            f"-p{self.port}",
            f"-k{self._folder}",
            *options,
        )

    def _wait_until_it_answers(self) -> None:
        log = self._folder / "log"
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            try:
                psycopg.connect(self.url("postgres"), connect_timeout=2).close()
                return
            except psycopg.OperationalError:
                time.sleep(0.02)
            said = log.read_text(errors="replace") if log.exists() else ""
            if _has_failed(said):
                break
        self._end()
        if "could not bind" in said:
            raise PortTaken(said)
        raise RuntimeError(f"PostgreSQL did not start: {said}")

    def _end(self) -> None:
        self._process.communicate()  # closes the pipe and waits
        shutil.rmtree(self._folder, ignore_errors=True)

    def _run(self, *command: str) -> subprocess.Popen[str]:
        """As a user of its own where we are root, whom PostgreSQL refuses."""
        another: dict[str, Any] = {}
        if self._user is not None:
            entry = pwd.getpwnam(self._user)
            another = {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}
        return subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            cwd=self._folder,
            env={"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "TZ": "UTC"},
            start_new_session=True,  # Ctrl-C ends the tests, and the tests end the server
            **another,
        )


def start_server(
    settings: Mapping[str, str] = SETTINGS, *, parent: Path | None = None
) -> PostgresServer:
    """Tries again: between finding a free port and taking it, somebody else may be quicker."""
    for _ in range(TRIES_MAX - 1):
        try:
            return PostgresServer(settings, parent=parent)
        except PortTaken:
            continue
    return PostgresServer(settings, parent=parent)


def programs_folder() -> Path:
    """Where `initdb` and `postgres` are: Debian keeps them out of PATH, one folder a version."""
    debian = Path("/usr/lib/postgresql")
    versions = sorted(debian.glob("*/bin"), key=_version, reverse=True)
    for folder in [*versions, *map(Path, os.get_exec_path())]:
        if (folder / "initdb").exists() and (folder / "postgres").exists():
            return folder
    raise RuntimeError(
        "PostgreSQL is missing: `bin/test` installs it, or `apt-get install postgresql`."
    )


def _has_failed(log: str) -> bool:
    """A server that is still starting refuses us with a FATAL of its own."""
    fatal = [line for line in log.splitlines() if "FATAL" in line]
    return not all("starting up" in line or "not yet accepting" in line for line in fatal)


def _below(pid: int, depth: int = 9) -> list[int]:
    """The processes that it started, and theirs, down to a depth."""
    found: list[int] = []
    for children in Path(f"/proc/{pid}/task").glob("*/children") if depth else ():
        for child in map(int, children.read_text().split()):
            found += [child, *_below(child, depth - 1)]
    return found


def _is_alive(pid: int) -> bool:
    """One that has ended and that nobody has asked for its end has no command line."""
    try:
        return bool(Path(f"/proc/{pid}/cmdline").read_bytes())
    except (FileNotFoundError, ProcessLookupError):
        return False


def _version(folder: Path) -> int:
    name = folder.parent.name
    return int(name) if name.isdigit() else 0


def _user() -> str | None:
    if os.geteuid() != 0:
        return None
    known = {entry.pw_name for entry in pwd.getpwall()}
    for name in ("postgres", "nobody"):
        if name in known:
            return name
    raise RuntimeError("PostgreSQL refuses root, and there is neither `postgres` nor `nobody`.")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
