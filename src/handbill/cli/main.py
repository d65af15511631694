"""Puts the commands together."""

from __future__ import annotations

from typing import Annotated

import typer

from handbill import __version__
from handbill.cli import (
    books,
    dashboard,
    database,
    events,
    keys,
    links,
    listen,
    merchants,
    notices,
    payers,
    payments,
    placements,
    prints,
    providers,
    refunds,
    serve,
    till,
    trigger,
)
from handbill.cli.refusals import told

app = typer.Typer(
    name="handbill",
    help="Payment links and QR codes that you host yourself.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
app.command("serve")(serve.serve)
app.command("listen")(listen.listen)
app.command("trigger")(trigger.trigger)
app.command("print")(prints.print_codes)
app.command("migrate")(database.migrate)
app.command("backup")(database.backup)
app.command("restore")(database.restore)
app.add_typer(books.app, name="books")
app.add_typer(dashboard.app, name="dashboard")
app.add_typer(events.app, name="events")
app.add_typer(merchants.app, name="merchants")
app.add_typer(keys.app, name="keys")
app.add_typer(links.app, name="links")
app.add_typer(notices.app, name="notices")
app.add_typer(payers.app, name="payers")
app.add_typer(payments.app, name="payments")
app.add_typer(placements.app, name="placements")
app.add_typer(providers.app, name="providers")
app.add_typer(refunds.app, name="refunds")
app.add_typer(till.app, name="till")


def _version(asked: bool) -> None:
    if asked:
        typer.echo(f"handbill {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Payment links and QR codes that you host yourself."""


def main() -> None:
    with told():
        app()
