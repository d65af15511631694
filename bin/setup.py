"""Prepares the virtual environment in .venv, exactly as the lock files say.

A copy of each installed lock file is kept in .venv: while it equals the one in requirements/,
nothing is done. Two set-ups at once wait for each other; an interrupted one is done again. Runs
on a bare Python 3.11, so it imports the standard library only.
"""

from __future__ import annotations

import contextlib
import fcntl
import importlib.util
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
REQUIREMENTS = ROOT / "requirements"
LOCK = ROOT / ".cache" / "setup.lock"

# Starts the interpreter beside it, also through a symbolic link and from a path with spaces,
# which a plain `#!` line cannot name.
COMMAND = """#!/bin/sh
'''exec' "$(dirname "$(readlink -f "$0")")/python" "$0" "$@"
'''
import sys

from handbill.cli import main

sys.exit(main())
"""


class CannotPrepare(Exception):
    """In one sentence: what is missing and how to get it."""


def main(purpose: str) -> None:
    with _alone():
        if purpose == "dev":
            _bring_debian_packages()
        if purpose == "uv" or not _is_installed(purpose):
            _make_environment()
        if purpose != "uv" and not _is_installed(purpose):
            _install(purpose)


@contextlib.contextmanager
def _alone() -> Iterator[None]:
    """The system lets go of the lock with the process, however that ends."""
    LOCK.parent.mkdir(exist_ok=True)
    with LOCK.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _is_installed(name: str) -> bool:
    wanted, present = REQUIREMENTS / f"{name}.lock", VENV / f"{name}.lock"
    return (
        os.access(PYTHON, os.X_OK)  # false where the system's Python moved on
        and present.exists()
        and present.read_bytes() == wanted.read_bytes()
    )


def _make_environment() -> None:
    """A virtual environment with uv in it."""
    if _is_installed("uv"):
        return
    _say("Preparing a virtual environment in .venv ...")
    if importlib.util.find_spec("venv") is None or importlib.util.find_spec("ensurepip") is None:
        raise CannotPrepare(
            "Python's venv module is missing; on Debian or Ubuntu: apt-get install python3-venv"
        )
    if not (os.access(PYTHON, os.X_OK) and any(VENV.glob("lib/python3*/site-packages/pip"))):
        _run(sys.executable, "-m", "venv", "--clear", str(VENV))
    _run(
        *(str(PYTHON), "-m", "pip", "--disable-pip-version-check", "--quiet", "install"),
        *("--no-compile", "--require-hashes", "-r", str(REQUIREMENTS / "uv.lock")),
    )
    _remember("uv")


def _install(purpose: str) -> None:
    """Packages, then Handbill itself as a pointer to src/, so that an edit needs no new set-up."""
    _say("Installing the locked packages ...")
    # `sync` would take the development packages away from under a developer's `bin/serve`.
    verb = "sync" if purpose == "dev" else "install"
    files = [str(REQUIREMENTS / f"{purpose}.lock")]
    if verb == "install":
        files.insert(0, "-r")
    (VENV / "dev.lock").unlink(missing_ok=True)
    _run(
        *(str(VENV / "bin" / "uv"), "--quiet", "pip", verb, "--python", str(PYTHON)),
        *("--require-hashes", "--compile-bytecode", *files),
    )
    (packages,) = VENV.glob("lib/python3*/site-packages")
    (packages / "handbill.pth").write_text(f"{os.path.relpath(ROOT / 'src', packages)}\n")
    command = VENV / "bin" / "handbill"
    command.write_text(COMMAND)
    command.chmod(0o755)
    _run(str(PYTHON), "-m", "compileall", "-q", str(ROOT / "src"))
    _remember("run")
    if purpose == "dev":
        _remember("dev")  # its lock holds every package of run.lock, in the same version


def _remember(name: str) -> None:
    shutil.copyfile(REQUIREMENTS / f"{name}.lock", VENV / f"{name}.lock")


def _bring_debian_packages() -> None:
    """Chromium and PostgreSQL for the tests, by apt-get where that is possible."""
    missing = []
    if not any(map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))):
        missing += ["chromium", "fonts-liberation"]
    if not any(Path("/usr/lib/postgresql").glob("*/bin/initdb")) and not shutil.which("initdb"):
        missing.append("postgresql")
    if not shutil.which("hledger"):
        missing.append("hledger")
    if not missing:
        return
    names = " ".join(missing)
    root = _root_command()
    if root is None or not shutil.which("apt-get"):
        raise CannotPrepare(f"The tests need {names}; on Debian: apt-get install {names}")
    _say(f"Installing {names} by apt-get ...")
    apt = [*root, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-qq"]
    _run(*apt, "update")
    _run(*apt, "install", "--yes", "--no-install-recommends", *missing, quiet=True)


def _root_command() -> list[str] | None:
    """What to put before a command to run it as root without a question, or None."""
    if os.geteuid() == 0:
        return []
    if shutil.which("sudo") and subprocess.run(["sudo", "-n", "true"]).returncode == 0:
        return ["sudo", "-n"]
    return None


def _run(*command: str, quiet: bool = False) -> None:
    """Its output goes to standard error (or nowhere, unless it fails); raises CannotPrepare."""
    done = subprocess.run(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE if quiet else sys.stderr,
        stderr=subprocess.STDOUT if quiet else None,
        text=True,
    )
    if done.returncode:
        raise CannotPrepare(f"{done.stdout or ''}This command failed: {' '.join(command)}")


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    if sys.argv[1:] not in (["run"], ["dev"], ["uv"]):
        sys.exit("usage: bin/setup run|dev|uv")
    try:
        main(sys.argv[1])
    except CannotPrepare as reason:
        sys.exit(f"{reason}")
