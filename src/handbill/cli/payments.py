"""`handbill payments`: what waits for a person, and the person's word. Works beside a server."""

from __future__ import annotations

from typing import Annotated

import msgspec
import typer

from handbill.cli import options
from handbill.infra.database import Tx
from handbill.kernel import ids
from handbill.kernel.clock import iso
from handbill.kernel.errors import Conflict, Invalid, NotFound
from handbill.kernel.money import Money
from handbill.merchants import service as merchants
from handbill.merchants.model import Tenant
from handbill.payments import awaited, confirming, store
from handbill.payments.awaited import Awaited
from handbill.payments.confirming import Credit
from handbill.payments.model import Payment

app = typer.Typer(no_args_is_help=True, help="Payments that wait for a person.")

BY_COMMAND = "command"
"""Who confirms here, as the event says it."""
LIST_MAX = 100


@app.command("list")
def list_waiting(
    merchant_id: Annotated[int, typer.Argument(metavar="MERCHANT", help="Number of the merchant.")],
    waiting: Annotated[str, typer.Option("--waiting", help="What for: transfer.")] = "transfer",
    test: Annotated[bool, typer.Option("--test", help="Of test money.")] = False,
    data: options.Data = None,
    database_url: options.DatabaseUrl = None,
    as_json: options.AsJson = False,
) -> None:
    """List what nobody has confirmed yet, the newest first: at most a hundred."""
    if waiting != "transfer":
        raise Invalid({"--waiting": ["must be transfer"]})

    def find(tx: Tx) -> list[Awaited]:
        merchants.get(tx, merchant_id)
        return awaited.latest(tx, Tenant(merchant_id, test), LIST_MAX)

    found = options.read(options.load(data, database_url), find)
    if as_json:
        typer.echo(msgspec.json.encode([_shown(one) for one in found]).decode())
        return
    for one in found:
        amount = Money(one.amount_minor, one.currency)
        words = f"{one.reference}  {amount.decimal():f} {amount.currency}  until {iso(one.until)}"
        typer.echo(f"{words}  {one.txid}")


@app.command("confirm")
def confirm(
    name: Annotated[
        str,
        typer.Argument(
            metavar="PAYMENT", help="Reference in the purpose, or txid or id of the payment."
        ),
    ],
    amount: Annotated[
        int | None, typer.Option("--amount", help="What came, in minor units, if not all of it.")
    ] = None,
    bank_entry: Annotated[
        str | None,
        typer.Option(
            "--bank-entry", help="What your bank calls this credit: another one is other money."
        ),
    ] = None,
    data: options.Data = None,
    database_url: options.DatabaseUrl = None,
    as_json: options.AsJson = False,
) -> None:
    """Say that a bank transfer has come: you have seen the money on the account."""
    settings = options.load(data, database_url)
    found = options.read(settings, lambda tx: _find(tx, name))

    def act(tx: Tx) -> Payment:
        credit = Credit(amount, _reference(tx, found, name), bank_entry)
        return confirming.confirm(tx, store.get(tx, found.id), credit, BY_COMMAND)

    payment = options.write(settings, act, found.merchant_id)
    if as_json:
        shown = {"id": payment.id, "txid": payment.txid, "status": payment.status}
        typer.echo(msgspec.json.encode(shown).decode())
        return
    typer.echo(f"{payment.txid}  {payment.status}")


def _find(tx: Tx, name: str) -> Payment:
    """Raises NotFound; Conflict where several merchants have one of that name."""
    known = ids.parse_id(name)
    found = awaited.named(tx, known, name, confirming.as_kept(name))
    if not found:
        raise NotFound("There is no such payment.")
    if len(found) > 1:
        raise Conflict("Several payments have this name: say the id of yours.")
    return found[0]


def _reference(tx: Tx, payment: Payment, name: str) -> str | None:
    """The name, where it is the reference of a transfer and no other name of the payment."""
    known = {one.reference for one in store.references_of(tx, payment.id)}
    typed = confirming.as_kept(name)
    return typed if typed in known else None


def _shown(one: Awaited) -> dict[str, object]:
    return {
        "id": one.id,
        "txid": one.txid,
        "reference": one.reference,
        "amount_with_fee": one.amount_minor,
        "currency": one.currency,
        "until": iso(one.until),
    }
