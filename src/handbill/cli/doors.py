"""Addresses that open a place for people: a new key behind the `#`, shown once with its QR code."""

from __future__ import annotations

import msgspec
import typer

from handbill.bootstrap import premises
from handbill.cli import options
from handbill.infra.database import Tx
from handbill.infra.settings import Settings
from handbill.merchants import keys, service
from handbill.merchants.model import ApiKey, Scope
from handbill.qr.code import make
from handbill.qr.formats import terminal


class Opened(msgspec.Struct, frozen=True):
    """`url` opens it for whoever has it, until the key `id` is revoked."""

    id: str
    key: str
    url: str


def open_door(
    settings: Settings, address: str, merchant_id: int, scope: Scope, *, test: bool
) -> Opened:
    """Makes a key that can do nothing but `scope`. Raises NotFound."""
    premises.require(settings)
    crypto = premises.existing_crypto(settings)

    def create(tx: Tx) -> tuple[ApiKey, str]:
        premises.check_key(tx, crypto)
        service.get(tx, merchant_id)
        return keys.create(tx, crypto, merchant_id, test=test, scopes=(scope,))

    key, text = options.write(settings, create, merchant=merchant_id)
    # Behind the hash: what stands there is sent to no server and written into no log.
    return Opened(key.id, text, f"{address}#{text}")


def show(opened: Opened, invitation: str, *, as_json: bool) -> None:
    if as_json:
        typer.echo(msgspec.json.encode(opened).decode())
        return
    typer.echo(f"{invitation}\n\n{opened.url}\n")
    typer.echo(terminal(make(opened.url)))
    typer.echo(f"\nIt opens any browser that has it. Ended by: handbill keys revoke {opened.id}")
