"""`bin/torture [--minutes N]`: tortures an installation on SQLite, then one on PostgreSQL."""

from __future__ import annotations

import secrets
import signal
import subprocess
import sys
from pathlib import Path
from types import FrameType
from typing import Annotated, NoReturn

import typer

from torture import once
from torture.bugs import BUGS, is_caught
from torture.report import table
from torture.run import DATABASES, Plan

LONG_STOP_FROM_SECONDS = 180
FOLDER = Path("/var/tmp")  # unlike /tmp, on a disk everywhere


def main(
    minutes: Annotated[
        float, typer.Option(min=0.2, max=24 * 60, help="Of torture, shared by the databases.")
    ] = 2,
    database: Annotated[
        str, typer.Option(help=f"{' or '.join(DATABASES)}; both, one after the other, if none.")
    ] = "",
    seed: Annotated[int, typer.Option(help="Of an earlier run, to meet its moments again.")] = 0,
    folder: Annotated[Path, typer.Option(help="Where files are made, and removed.")] = FOLDER,
    with_bugs: Annotated[
        bool, typer.Option("--bugs", help="Plant each seeded bug and say who finds it.")
    ] = False,
) -> None:
    """Kills, stops and starves two servers under load, then judges what is there. Exit code 1 with
    the seed where a promise was broken."""
    signal.signal(signal.SIGTERM, _leave)
    if with_bugs:
        raise typer.Exit(0 if _plant_all() else 1)
    chosen = [database] if database else list(DATABASES)
    if unknown := set(chosen) - set(DATABASES):
        raise typer.BadParameter(f"there is no database {unknown.pop()}")
    seed = seed or secrets.randbelow(1_000_000)
    typer.echo(f"seed {seed}")
    good = True
    for name in chosen:
        seconds = minutes * 60 / len(chosen)
        plan = Plan(name, seed, seconds, has_long_stop=seconds >= LONG_STOP_FROM_SECONDS)
        try:
            report = once.run(plan, folder)
        except subprocess.SubprocessError:
            sys.exit(f"torture: the run with seed {seed} was not finished")
        typer.echo(f"\n{table(report)}\n")
        good = good and not report.violations
    if not good:
        typer.echo(f"A promise was broken. Again with: bin/torture --seed {seed}")
        raise typer.Exit(1)


def _plant_all() -> bool:
    found = 0
    for bug in BUGS:
        caught = is_caught(bug)
        found += caught
        typer.echo(f"{'caught' if caught else 'MISSED':<8}{bug.name}: {bug.judge}")
    typer.echo(f"{found} of {len(BUGS)} seeded bugs were caught")
    return found == len(BUGS)


def _leave(_signal: int, _frame: FrameType | None) -> NoReturn:
    sys.exit("torture: ended before its time")


app = typer.Typer(add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None)
app.command()(main)

if __name__ == "__main__":
    app()
