"""`handbill migrate`, `backup`, `restore`. They work while the server runs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from handbill.cli import options
from handbill.infra import archive
from handbill.infra.migrations import runner
from handbill.infra.settings import Settings
from handbill.kernel.errors import Conflict

SQLITE = "sqlite:///"


def migrate(data: options.Data = None, database_url: options.DatabaseUrl = None) -> None:
    """Bring the database's schema up to date. `serve` does it by itself."""
    done = options.migrate(options.load(data, database_url))
    typer.echo(f"The schema is {'now ' if done else ''}at revision {runner.head()}.")


def backup(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="File to write; must not exist.")],
    data: options.Data = None,
) -> None:
    """Write database, pictures and installation key to FILE. Keep it as safe as the key."""
    settings = options.load(data)
    size = archive.backup(_database(settings), settings.data, file)
    typer.echo(f"{file}: {size} bytes")


def restore(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A file that backup wrote.")],
    data: options.Data = None,
    force: Annotated[
        bool, typer.Option("--force", help="Replace what the installation holds now.")
    ] = False,
) -> None:
    """Put a backup back. Restart a running server afterwards."""
    settings = options.load(data)
    database = _database(settings)
    if database.exists() and not force:
        raise Conflict(f"{settings.data} holds an installation; --force replaces it.")
    archive.restore(file, database, settings.data)
    options.migrate(settings)
    typer.echo(f"{settings.data} is as it was when {file} was written.")


def _database(settings: Settings) -> Path:
    if not settings.database_url.startswith(SQLITE):
        raise Conflict("This installation is on PostgreSQL: use pg_dump and pg_restore.")
    return Path(settings.database_url.removeprefix(SQLITE))
