"""Options that several commands share, and the database that they open."""

from __future__ import annotations

import asyncio
import inspect
import os
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated, TypeVar, get_type_hints

import msgspec
import typer

from handbill.bootstrap import premises
from handbill.infra import settings as settings_module
from handbill.infra.database import Database, Tx, open_database
from handbill.infra.database.database import open_backend
from handbill.infra.settings import Settings
from handbill.kernel.clock import SystemClock

T = TypeVar("T")
Asked = TypeVar("Asked", bound=msgspec.Struct)

Data = Annotated[
    Path | None, typer.Option("--data", help="Folder of the installation.", show_default="./data")
]
DatabaseUrl = Annotated[
    str | None, typer.Option("--database-url", help="Database, if not a file in the folder.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def taking(kind: type[Asked]) -> Callable[[Callable[[Asked], None]], Callable[..., None]]:
    """Makes a command of a function that takes one struct: each field is an option, or an argument,
    as its annotation says."""
    hints = get_type_hints(kind, include_extras=True)
    signature = inspect.Signature(
        [
            inspect.Parameter(
                field.name,
                inspect.Parameter.KEYWORD_ONLY,
                default=field.default,
                annotation=hints[field.name],
            )
            for field in msgspec.structs.fields(kind)
        ]
    )

    def command_of(fn: Callable[[Asked], None]) -> Callable[..., None]:
        def command(**given: object) -> None:
            fn(kind(**given))

        command.__doc__ = fn.__doc__
        # What typer reads. Any function may have it; the stubs of functions do not list it.
        command.__signature__ = signature  # type: ignore[attr-defined]
        return command

    return command_of


def load(
    data: Path | None, database_url: str | None = None, public_url: str | None = None
) -> Settings:
    """The settings of an installation, for a command beside its server."""
    options = {"data": data, "database_url": database_url, "public_url": public_url}
    return settings_module.load(options, os.environ)


def write(settings: Settings, fn: Callable[[Tx], T], merchant: int | None = None) -> T:
    return beside(settings, lambda db: db.write(fn, merchant=merchant))


def read(settings: Settings, fn: Callable[[Tx], T]) -> T:
    return beside(settings, lambda db: db.read(fn))


def beside(settings: Settings, use: Callable[[Database], Awaitable[T]]) -> T:
    """Runs `use` on the installation's database, beside a server that may be running."""

    async def run() -> T:
        db = open_existing(settings)
        try:
            return await use(db)
        finally:
            db.close()

    return asyncio.run(run())


def open_existing(settings: Settings) -> Database:
    premises.require(settings)
    with premises.opening(open_backend(settings.database_url)):
        return open_database(settings.database_url, SystemClock())
