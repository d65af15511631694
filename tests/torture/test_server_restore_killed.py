"""A restore that is killed in the middle leaves the installation as it was or as the backup has it,
and nothing in between: the next one can be started over it."""

from __future__ import annotations

import random
import sqlite3
import subprocess
import time
from contextlib import closing
from pathlib import Path

import pytest

from tests.support.process import HANDBILL, call, serving

pytestmark = pytest.mark.slow

KILLS = 20
SEED = 20_260_303
MERCHANTS = 300


def add_merchants(database: Path, name: str) -> None:
    """So many that the two states differ in every page."""
    row = "INSERT INTO merchants (name, status, fee_rule_json, return_origins_json, created_at,"
    with closing(sqlite3.connect(database)) as db, db:
        db.executemany(
            f"{row} updated_at) VALUES (?, 'active', '{{}}', '[]', 1, 1)",
            [(f"{name} {'x' * 150}",)] * MERCHANTS,
        )


def state(folder: Path) -> tuple[set[str], list[tuple[str]]]:
    """The first words of the names, and what SQLite says of the file."""
    listed = call("merchants", "list", "--data", str(folder), "--json").json
    with closing(sqlite3.connect(folder / "handbill.db")) as db:
        verdict = db.execute("PRAGMA integrity_check").fetchall()
    return {merchant["name"].split()[0] for merchant in listed}, verdict


def test_a_restore_that_is_killed_is_whole_or_never_was(tmp_path: Path) -> None:
    folder, backup = tmp_path / "data", tmp_path / "old.tar"
    with serving(folder) as server:
        server.stop()
    database = folder / "handbill.db"
    add_merchants(database, "old")
    assert call("backup", str(backup), "--data", str(folder)).code == 0
    restore = [*HANDBILL, "restore", str(backup), "--data", str(folder), "--force"]
    began = time.monotonic()
    subprocess.run(restore, check=True, capture_output=True)
    whole_seconds = time.monotonic() - began
    moments, seen = random.Random(SEED), set()

    for _ in range(KILLS):
        add_merchants(database, "new")
        process = subprocess.Popen(restore, stdout=subprocess.DEVNULL)
        try:
            process.wait(moments.uniform(whole_seconds / 2, whole_seconds * 1.1))
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

        names, verdict = state(folder)
        assert verdict == [("ok",)]
        assert names in ({"Sample", "old"}, {"Sample", "old", "new"})
        seen.add(frozenset(names))
        subprocess.run(restore, check=True, capture_output=True)

    assert len(seen) == 2  # or the kills came all before it, or all after it
    with serving(folder) as server:
        assert server.payer.get("/readyz").status_code == 200
