"""`handbill dashboard`: opened in a browser by an address with its key."""

from __future__ import annotations

from typing import Annotated

import typer

from handbill.cli import options
from handbill.cli.doors import open_door, show
from handbill.kernel.addresses import Addresses
from handbill.merchants.model import Scope

app = typer.Typer(no_args_is_help=True, help="The dashboard of a merchant.")


@app.callback()
def dashboard() -> None:
    """The dashboard of a merchant: make links and print their codes."""


@app.command("open")
def open_dashboard(
    merchant_id: Annotated[int, typer.Argument(metavar="MERCHANT", help="Number of the merchant.")],
    live: Annotated[bool, typer.Option("--live", help="Links for real money.")] = False,
    public_url: Annotated[
        str | None, typer.Option(help="Public address of the server, if not in the settings.")
    ] = None,
    data: options.Data = None,
    database_url: options.DatabaseUrl = None,
    as_json: options.AsJson = False,
) -> None:
    """Make a key for links alone, and show the address and code that open the dashboard with it.
    Shown this once."""
    settings = options.load(data, database_url, public_url)
    address = Addresses(settings.public_url).door("dashboard")
    opened = open_door(settings, address, merchant_id, Scope.LINKS, test=not live)
    show(opened, "Open this in a browser, or scan it with a phone:", as_json=as_json)
