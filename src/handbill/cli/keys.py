"""`handbill keys`: made, listed, revoked. A key is shown once."""

from __future__ import annotations

from typing import Annotated

import msgspec
import typer

from handbill.bootstrap import premises
from handbill.cli import options
from handbill.infra.database import Tx
from handbill.kernel.clock import iso
from handbill.kernel.errors import Invalid
from handbill.merchants import keys, service, store
from handbill.merchants.model import DEFAULT_SCOPES, ApiKey, Scope

app = typer.Typer(no_args_is_help=True, help="API keys of a merchant.")

MerchantId = Annotated[int, typer.Argument(metavar="MERCHANT", help="Number of the merchant.")]


@app.command("create")
def create(
    merchant_id: MerchantId,
    live: Annotated[bool, typer.Option("--live", help="A key for real money.")] = False,
    scopes: Annotated[
        list[str] | None,
        typer.Option("--scope", help="What the key may do; repeat for several."),
    ] = None,
    data: options.Data = None,
    database_url: options.DatabaseUrl = None,
    as_json: options.AsJson = False,
) -> None:
    """Make a key. It is shown this once."""
    settings = options.load(data, database_url)
    wanted = _scopes(scopes)
    premises.require(settings)
    crypto = premises.existing_crypto(settings)

    def make(tx: Tx) -> tuple[ApiKey, str]:
        premises.check_key(tx, crypto)  # by another key than the server's, it would be unknown
        service.get(tx, merchant_id)
        return keys.create(tx, crypto, merchant_id, test=not live, scopes=wanted)

    key, text = options.write(settings, make, merchant=merchant_id)
    if as_json:
        typer.echo(msgspec.json.encode({**_shown(key), "key": text}).decode())
        return
    typer.echo(text)


@app.command("list")
def list_all(
    merchant_id: MerchantId,
    data: options.Data = None,
    database_url: options.DatabaseUrl = None,
    as_json: options.AsJson = False,
) -> None:
    """List the keys of a merchant by their last four characters."""
    settings = options.load(data, database_url)

    def find(tx: Tx) -> list[ApiKey]:
        service.get(tx, merchant_id)
        return store.list_keys(tx, merchant_id)

    found = options.read(settings, find)
    if as_json:
        typer.echo(msgspec.json.encode([_shown(key) for key in found]).decode())
        return
    for key in found:
        mode = "test" if key.test else "live"
        state = f"revoked {iso(key.revoked_at)}" if key.revoked_at is not None else "active"
        typer.echo(f"{key.id}  {mode}  ...{key.last_four}  {','.join(key.scopes)}  {state}")


@app.command("revoke")
def revoke(
    key_id: Annotated[str, typer.Argument(metavar="ID", help="Id of the key, as listed.")],
    data: options.Data = None,
    database_url: options.DatabaseUrl = None,
) -> None:
    """Revoke a key. A running server refuses it from at most a second later."""
    settings = options.load(data, database_url)
    options.write(settings, lambda tx: keys.revoke(tx, key_id))
    typer.echo(f"Key {key_id} is revoked.")


def _scopes(names: list[str] | None) -> tuple[Scope, ...]:
    if not names:
        return DEFAULT_SCOPES
    known = [scope.value for scope in Scope]
    if not set(names) <= set(known):
        raise Invalid({"--scope": ["must be one of: " + ", ".join(known)]})
    return tuple(Scope(name) for name in dict.fromkeys(names))


def _shown(key: ApiKey) -> dict[str, object]:
    return {
        "id": key.id,
        "mode": "test" if key.test else "live",
        "last_four": key.last_four,
        "scopes": key.scopes,
        "created": iso(key.created_at),
        "revoked": iso(key.revoked_at) if key.revoked_at is not None else None,
    }
