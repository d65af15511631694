"""Puts the commands together, and turns refusals into one line and an exit code."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from handbill import __version__
from handbill.cli import books, database, keys, listen, merchants, serve
from handbill.kernel.errors import HandbillError, Invalid

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
app.command("migrate")(database.migrate)
app.command("backup")(database.backup)
app.command("restore")(database.restore)
app.add_typer(books.app, name="books")
app.add_typer(merchants.app, name="merchants")
app.add_typer(keys.app, name="keys")


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
    try:
        app()
    except Invalid as error:
        for field, words in error.faults.items():
            typer.echo(f"handbill: {field} {'; '.join(words)}", err=True)
        sys.exit(2)
    except HandbillError as error:
        typer.echo(f"handbill: {error.detail or error.code}", err=True)
        sys.exit(1)
    except OSError as error:
        # Of the machine: no space, no permission, no such folder. Its words are for operators.
        told = ": ".join(str(part) for part in (error.filename, error.strerror) if part)
        typer.echo(f"handbill: {told or error}", err=True)
        sys.exit(1)
