"""`handbill migrate`, `backup`, `restore`. They work while the server runs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from handbill.bootstrap import backups, premises
from handbill.cli import options
from handbill.infra.migrations import runner


def migrate(data: options.Data = None, database_url: options.DatabaseUrl = None) -> None:
    """Bring the database's schema up to date. `serve` does it by itself."""
    done = premises.prepare(options.load(data, database_url))
    typer.echo(f"The schema is {'now ' if done else ''}at revision {runner.head()}.")


def backup(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="File to write; must not exist.")],
    data: options.Data = None,
    database_url: options.DatabaseUrl = None,
) -> None:
    """Write database, pictures and installation key to FILE. Keep it as safe as the key."""
    size = backups.backup(options.load(data, database_url), file)
    typer.echo(f"{file}: {size} bytes")


def restore(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A file that backup wrote.")],
    data: options.Data = None,
    database_url: options.DatabaseUrl = None,
    force: Annotated[
        bool, typer.Option("--force", help="Replace what the installation holds now.")
    ] = False,
) -> None:
    """Put a backup back, in one step for a server that runs."""
    settings = options.load(data, database_url)
    backups.restore(settings, file, force=force)
    typer.echo(f"{settings.data} is as it was when {file} was written.")
