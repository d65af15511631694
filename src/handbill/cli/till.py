"""`handbill till`: opened in a browser by an address with its key, and the PIN for its refunds."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from handbill.bootstrap import premises
from handbill.cli import options
from handbill.cli.doors import open_door, show
from handbill.infra.database import Tx
from handbill.kernel.addresses import Addresses
from handbill.merchants import service, tills
from handbill.merchants.model import Scope, Tenant

app = typer.Typer(no_args_is_help=True, help="The till of a merchant.")

MerchantId = Annotated[int, typer.Argument(metavar="MERCHANT", help="Number of the merchant.")]


@app.command("open")
def open_till(
    merchant_id: MerchantId,
    live: Annotated[bool, typer.Option("--live", help="A till for real money.")] = False,
    public_url: Annotated[
        str | None, typer.Option(help="Public address of the server, if not in the settings.")
    ] = None,
    data: options.Data = None,
    database_url: options.DatabaseUrl = None,
    as_json: options.AsJson = False,
) -> None:
    """Make a key for one till, and show the address and code that open it. Shown this once."""
    settings = options.load(data, database_url, public_url)
    address = Addresses(settings.public_url).door("till")
    opened = open_door(settings, address, merchant_id, Scope.TILL, test=not live)
    show(opened, "Open this on the till, or scan it with the till's camera:", as_json=as_json)


@app.command("pin")
def set_pin(
    merchant_id: MerchantId,
    live: Annotated[bool, typer.Option("--live", help="For tills with real money.")] = False,
    remove: Annotated[bool, typer.Option("--remove", help="No till refunds any more.")] = False,
    data: options.Data = None,
    database_url: options.DatabaseUrl = None,
) -> None:
    """Set the PIN that allows refunds at the merchant's tills: 4 to 8 digits, which are asked for
    or read from standard input, never from the command line, which others can see."""
    settings = options.load(data, database_url)
    premises.require(settings)
    crypto = premises.existing_crypto(settings)
    pin = None if remove else _ask()

    def change(tx: Tx) -> None:
        premises.check_key(tx, crypto)
        service.get(tx, merchant_id)
        tills.set_pin(tx, crypto, Tenant(merchant_id, not live), pin)

    options.write(settings, change, merchant=merchant_id)
    typer.echo("No till of this merchant refunds." if remove else "The PIN is set.")


def _ask() -> str:
    if not sys.stdin.isatty():
        return sys.stdin.readline().strip()
    return str(typer.prompt("PIN", hide_input=True, confirmation_prompt=True))
