"""Brings a database to a revision, in a child process, so that the server never loads Alembic."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

from handbill.kernel.errors import Unavailable

_VERSIONS = Path(__file__).parent / "versions"
MIGRATION_SECONDS_MAX = 600
_ERROR = re.compile(r"[\w.]+: ")


def head() -> str:
    """The newest revision. History is a line: file `0007_name.py` is revision `0007`."""
    return max(path.name[:4] for path in _VERSIONS.glob("[0-9]*.py"))


def upgrade(url: str, revision: str = "head") -> None:
    """Raises Unavailable with the child's last words; all steps are done, or none."""
    _run("up", url, revision)


def downgrade(url: str, revision: str) -> None:
    """`base` takes every table away."""
    _run("down", url, revision)


def _run(verb: str, url: str, revision: str) -> None:
    # The address may hold a password: the environment is private to the user, a command line not.
    try:
        done = subprocess.run(
            [sys.executable, "-m", "handbill.infra.migrations", verb, revision],
            env={**os.environ, "HANDBILL_MIGRATION_URL": url},
            capture_output=True,
            text=True,
            timeout=MIGRATION_SECONDS_MAX,
        )
    except subprocess.TimeoutExpired as error:
        raise Unavailable("The migration took too long and was stopped.") from error
    if done.returncode != 0:
        raise Unavailable(f"The database could not be migrated: {_last_words(done.stderr)}")


def _last_words(stderr: str) -> str:
    """The line that names the error: a statement and advice may follow it."""
    named = [line for line in stderr.splitlines() if _ERROR.match(line)]
    return (named or stderr.splitlines() or ["no message"])[-1]
