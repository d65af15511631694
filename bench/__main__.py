"""`bin/bench [PART ...]`: measures, then prints one table. Ends by itself and leaves nothing."""

from __future__ import annotations

import signal
import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from types import FrameType
from typing import Annotated, NoReturn

import typer

from bench import burst, deliveries, links, machine, page, prints, start, webhooks
from bench.figures import Part, table
from bench.machine import Steadiness
from bench.run import ROUNDS_MAX, SECONDS_MAX, Run

PARTS: Mapping[str, Callable[[Run], Part]] = {
    "links": links.measure,
    "page": page.measure,
    "burst": burst.measure,
    "webhooks": webhooks.measure,
    "deliveries": deliveries.measure,
    "prints": prints.measure,
    "start": start.measure,
    "cold": start.measure_cold,
}
BY_DEFAULT = tuple(name for name in PARTS if name != "cold")  # which asks a package registry
FOLDER = Path("/var/tmp")  # unlike /tmp, on a disk everywhere


def main(
    parts: Annotated[
        list[str] | None,
        typer.Argument(help=f"Any of {', '.join(PARTS)}.", show_default="all but cold"),
    ] = None,
    rounds: Annotated[int, typer.Option(min=1, max=ROUNDS_MAX, help="Of each figure.")] = 5,
    seconds: Annotated[
        float, typer.Option(min=1, max=SECONDS_MAX, help="Of one measurement under load.")
    ] = 5,
    folder: Annotated[Path, typer.Option(help="On the disk that is to be measured.")] = FOLDER,
) -> None:
    """Measures Handbill beside something known, and prints figures, ratios and aims."""
    chosen = parts or BY_DEFAULT
    unknown = [name for name in chosen if name not in PARTS]
    if unknown:
        raise typer.BadParameter(f"there is no part {unknown[0]}; there are {', '.join(PARTS)}")
    signal.signal(signal.SIGTERM, _leave)
    with tempfile.TemporaryDirectory(prefix="handbill-bench-", dir=folder) as name:
        place = Path(name)
        place.chmod(0o755)  # PostgreSQL runs as a user of its own
        run = Run(place, rounds, seconds, Steadiness())
        typer.echo("\n".join(machine.described(place)))
        try:
            measured = [_measured(name, run) for name in chosen]
        except RuntimeError as error:
            sys.exit(f"bench: {error}")
    typer.echo(f"\nsteadiness: {run.steadiness}")
    if not all(figure.holds for part in measured for figure in part.figures):
        raise typer.Exit(1)


def _measured(name: str, run: Run) -> Part:
    """Shown at once: a later part may fail, or take its time."""
    part = PARTS[name](run)
    typer.echo(table(part))
    return part


def _leave(_signal: int, _frame: FrameType | None) -> NoReturn:
    sys.exit("bench: ended before its time")


app = typer.Typer(add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None)
app.command()(main)

if __name__ == "__main__":
    app()
