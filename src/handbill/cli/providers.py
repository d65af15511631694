"""`handbill providers`: where a merchant's money goes. Works beside a running server."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import msgspec
import typer

from handbill.bootstrap import premises
from handbill.cli import options
from handbill.infra.crypto import Crypto
from handbill.infra.database import Tx
from handbill.infra.settings import Settings
from handbill.kernel.errors import Invalid
from handbill.merchants import accounts, service, transfers
from handbill.merchants.model import Account, Tenant
from handbill.providers import transfer

app = typer.Typer(no_args_is_help=True, help="Where the money of payments goes.")

Merchant = Annotated[int, typer.Argument(metavar="MERCHANT", help="Number of the merchant.")]
AccountId = Annotated[str, typer.Argument(metavar="ACCOUNT", help="Id of the account, as listed.")]


class _New(msgspec.Struct):
    merchant: Merchant
    provider: Annotated[str, typer.Argument(metavar="PROVIDER", help="transfer: a bank account.")]
    currency: Annotated[str, typer.Option("--currency", help="RUB or EUR.")]
    name: Annotated[str, typer.Option("--name", help="Who holds the account.")]
    account: Annotated[str, typer.Option("--account", help="RUB: its number, 20 digits.")] = ""
    bank_name: Annotated[str, typer.Option("--bank-name", help="RUB: the bank.")] = ""
    bic: Annotated[str, typer.Option("--bic", help="The bank's BIC.")] = ""
    correspondent_account: Annotated[
        str, typer.Option("--correspondent-account", help="RUB: the bank's own, 20 digits.")
    ] = ""
    inn: Annotated[str, typer.Option("--inn", help="RUB: tax number of the holder.")] = ""
    kpp: Annotated[str, typer.Option("--kpp", help="RUB: tax registration code.")] = ""
    iban: Annotated[str, typer.Option("--iban", help="EUR: the account.")] = ""
    live: Annotated[bool, typer.Option("--live", help="For real money.")] = False
    data: options.Data = None
    database_url: options.DatabaseUrl = None
    as_json: options.AsJson = False


_REQUISITES = (
    *("name", "account", "bank_name", "bic", "correspondent_account", "inn", "kpp", "iban"),
)


@app.command("add")
@options.taking(_New)
def add(new: _New) -> None:
    """Add a bank account that payers send transfers to. Its check digits are checked."""
    if new.provider != transfer.NAME:
        raise Invalid({"PROVIDER": [f"must be {transfer.NAME}"]})
    settings = options.load(new.data, new.database_url)
    premises.require(settings)
    crypto = premises.existing_crypto(settings)
    fields = {name: text for name in _REQUISITES if (text := getattr(new, name))}

    def make(tx: Tx) -> Account:
        premises.check_key(tx, crypto)
        service.get(tx, new.merchant)
        tenant = Tenant(new.merchant, not new.live)
        return transfers.add(tx, crypto, tenant, new.currency, fields)

    try:
        made = options.write(settings, make, merchant=new.merchant)
    except Invalid as error:
        raise Invalid({_option(name): words for name, words in error.faults.items()}) from error
    _tell(crypto, [made], new.as_json)


@app.command("list")
def list_all(
    merchant_id: Merchant,
    data: options.Data = None,
    database_url: options.DatabaseUrl = None,
    as_json: options.AsJson = False,
) -> None:
    """List the accounts of a merchant, of both modes. Credentials at acquirers are not shown."""
    settings = options.load(data, database_url)
    premises.require(settings)

    def find(tx: Tx) -> list[Account]:
        service.get(tx, merchant_id)
        both = (Tenant(merchant_id, test) for test in (False, True))
        return [account for tenant in both for account in accounts.all_of(tx, tenant)]

    _tell(premises.existing_crypto(settings), options.read(settings, find), as_json)


@app.command("disable")
def disable(
    account_id: AccountId,
    data: options.Data = None,
    database_url: options.DatabaseUrl = None,
) -> None:
    """Send no more payers to a bank account. What was begun goes on."""
    settings = options.load(data, database_url)
    _switch(settings, account_id, on=False)
    typer.echo(f"Account {account_id} is disabled.")


@app.command("enable")
def enable(
    account_id: AccountId,
    data: options.Data = None,
    database_url: options.DatabaseUrl = None,
) -> None:
    """Send payers to a bank account again."""
    settings = options.load(data, database_url)
    _switch(settings, account_id, on=True)
    typer.echo(f"Account {account_id} is active.")


def _switch(settings: Settings, account_id: str, *, on: bool) -> None:
    owner = options.read(settings, lambda tx: accounts.find(tx, account_id)).merchant_id
    options.write(
        settings, lambda tx: transfers.switch(tx, accounts.find(tx, account_id), on=on), owner
    )


def _option(field: str) -> str:
    return "--" + field.removeprefix("requisites.").replace("_", "-")


def _tell(crypto: Crypto, found: Sequence[Account], as_json: bool) -> None:
    if as_json:
        typer.echo(msgspec.json.encode([_shown(crypto, one) for one in found]).decode())
        return
    for one in found:
        mode, currencies = "test" if one.test else "live", ",".join(one.currencies or ())
        to = transfers.requisites_of(crypto, one) or {}
        where = to.get("iban") or to.get("account") or ""
        words = (one.id, mode, one.provider, ",".join(one.methods), currencies, where, one.status)
        typer.echo("  ".join(word for word in words if word))


def _shown(crypto: Crypto, account: Account) -> dict[str, object]:
    return {
        "id": account.id,
        "mode": "test" if account.test else "live",
        "provider": account.provider,
        "methods": account.methods,
        "currencies": account.currencies,
        "requisites": transfers.requisites_of(crypto, account),
        "status": account.status,
    }
