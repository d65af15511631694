"""`handbill serve`: everything in one process."""

from __future__ import annotations

import os
from typing import Annotated

import typer

from handbill.bootstrap import serving
from handbill.cli import options
from handbill.infra import settings as settings_module


def serve(
    host: Annotated[str | None, typer.Option(show_default="127.0.0.1")] = None,
    port: Annotated[int | None, typer.Option(show_default="8000")] = None,
    data: options.Data = None,
    public_url: Annotated[str | None, typer.Option(show_default="http://localhost:PORT")] = None,
    database_url: options.DatabaseUrl = None,
    sandbox: Annotated[
        bool | None,
        typer.Option("--sandbox/--no-sandbox", help="The built-in acquirer that moves no money."),
    ] = None,
    trusted_proxies: Annotated[
        str | None, typer.Option(help="Networks of your proxies, comma-separated.")
    ] = None,
    setting: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="NAME=VALUE", help="Any other setting of the reference."),
    ] = None,
) -> None:
    """Serve API, pages, worker and sandbox acquirer. Settings also come from HANDBILL_NAME."""
    given: dict[str, object] = {
        "host": host,
        "port": port,
        "data": data,
        "public_url": public_url,
        "database_url": database_url,
        "sandbox": sandbox,
        "trusted_proxies": trusted_proxies,
    }
    for text in setting or []:
        name, _, value = text.partition("=")
        given[name.strip().replace("-", "_")] = value
    settings = settings_module.load(given, os.environ)
    options.migrate(settings)
    serving.run(settings)
