"""`handbill merchants`: made, listed, paused, resumed. Works beside a running server."""

from __future__ import annotations

from typing import Annotated

import msgspec
import typer

from handbill.bootstrap import premises
from handbill.bootstrap.first_start import open_merchant, runs_sandbox
from handbill.cli import options
from handbill.infra.crypto import Crypto
from handbill.infra.database import Tx
from handbill.infra.outbound import address_fault
from handbill.kernel.clock import iso
from handbill.kernel.errors import Invalid
from handbill.merchants import service, store
from handbill.merchants.model import Merchant
from handbill.merchants.service import NewMerchant

app = typer.Typer(no_args_is_help=True, help="Merchants of this installation.")

LISTED_MAX = 10_000


@app.command("create")
def create(
    name: Annotated[str, typer.Argument(help="Name that payers read.")],
    notify_url: Annotated[
        str | None, typer.Option("--notify-url", help="Where the merchant's webhooks go.")
    ] = None,
    data: options.Data = None,
    database_url: options.DatabaseUrl = None,
    as_json: options.AsJson = False,
) -> None:
    """Make a merchant. Its keys and webhook secret are shown this once."""
    settings = options.load(data, database_url)
    if notify_url is not None:
        words = address_fault(notify_url, test=True, networks=settings.webhook_networks)
        if words:
            raise Invalid({"notify_url": [words]})
    premises.require(settings)
    crypto = premises.existing_crypto(settings)
    made = options.write(
        settings,
        lambda tx: _make(tx, crypto, name, notify_url),
    )
    if as_json:
        typer.echo(msgspec.json.encode(made).decode())
        return
    typer.echo(f"Merchant {made.id}: {made.name}")
    for mode, key in made.api_keys.items():
        typer.echo(f"  {mode + ' key':16}{key}")
    typer.echo(f"  {'webhook secret':16}{made.webhook_secret}")
    typer.echo("Keep them now: they are not shown again.")


@app.command("list")
def list_all(
    data: options.Data = None,
    database_url: options.DatabaseUrl = None,
    as_json: options.AsJson = False,
) -> None:
    """List the merchants."""
    settings = options.load(data, database_url)
    found = options.read(settings, lambda tx: store.list_merchants(tx, LISTED_MAX))
    if as_json:
        typer.echo(msgspec.json.encode([_shown(m) for m in found]).decode())
        return
    for merchant in found:
        typer.echo(f"{merchant.id:6}  {merchant.status:8}  {merchant.name}")


@app.command("pause")
def pause(
    merchant_id: Annotated[int, typer.Argument(metavar="ID", help="Number of the merchant.")],
    data: options.Data = None,
    database_url: options.DatabaseUrl = None,
) -> None:
    """Refuse a merchant's keys and take no payments for it, until it is resumed."""
    _set_paused(merchant_id, data, database_url, paused=True)


@app.command("resume")
def resume(
    merchant_id: Annotated[int, typer.Argument(metavar="ID", help="Number of the merchant.")],
    data: options.Data = None,
    database_url: options.DatabaseUrl = None,
) -> None:
    """Let a paused merchant go on."""
    _set_paused(merchant_id, data, database_url, paused=False)


def _make(tx: Tx, crypto: Crypto, name: str, notify_url: str | None) -> NewMerchant:
    # What was sealed with another key than the server's, the server could not open.
    premises.check_key(tx, crypto)
    # As its server was started, whose options we do not know.
    return open_merchant(tx, crypto, name, notify_url, sandbox=runs_sandbox(tx))


def _set_paused(
    merchant_id: int, data: options.Data, database_url: options.DatabaseUrl, *, paused: bool
) -> None:
    settings = options.load(data, database_url)
    merchant = options.write(
        settings,
        lambda tx: service.set_paused(tx, merchant_id, paused=paused),
        merchant=merchant_id,
    )
    typer.echo(f"Merchant {merchant.id} ({merchant.name}) is {merchant.status}.")


def _shown(merchant: Merchant) -> dict[str, object]:
    return {
        "id": merchant.id,
        "name": merchant.name,
        "status": merchant.status,
        "created": iso(merchant.created_at),
    }
