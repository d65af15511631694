"""`handbill payers`: what is stored about a person, shown and erased. Works beside a server."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
import typer

from handbill.cli import options
from handbill.infra.database import Database
from handbill.kernel import ids
from handbill.kernel.clock import iso
from handbill.kernel.errors import Conflict, Faults, Invalid
from handbill.kernel.money import Money
from handbill.payments.model import Payment
from handbill.privacy import erasure
from handbill.privacy.erasure import Found, Wanted

app = typer.Typer(no_args_is_help=True, help="What is known of people who pay.")

WORD = "erase"

Id = Annotated[
    str | None, typer.Argument(metavar="[ID]", help="Id of a payer, or of one of their payments.")
]
Email = Annotated[str | None, typer.Option("--email", help="E-mail, in any case.")]
Phone = Annotated[str | None, typer.Option("--phone", help="Telephone, compared by digits.")]
Merchant = Annotated[int | None, typer.Option("--merchant", help="Only this merchant's payers.")]


@app.command("show")
def show(
    known: Id = None,
    email: Email = None,
    phone: Phone = None,
    merchant: Merchant = None,
    data: options.Data = None,
    database_url: options.DatabaseUrl = None,
    as_json: options.AsJson = False,
) -> None:
    """Show what is stored about a person, for somebody who asks what you know of them."""
    wanted = _wanted(known, email, phone, merchant)
    settings = options.load(data, database_url)
    found = options.beside(settings, lambda db: erasure.find(db, wanted))
    if as_json:
        typer.echo(msgspec.json.encode([_shown(one) for one in found]).decode())
        return
    _tell(found)


@app.command("erase")
def erase(
    known: Id = None,
    email: Email = None,
    phone: Phone = None,
    merchant: Merchant = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    data: options.Data = None,
    database_url: options.DatabaseUrl = None,
    as_json: options.AsJson = False,
) -> None:
    """Erase what is stored about a person. It cannot be undone."""
    wanted = _wanted(known, email, phone, merchant)
    if as_json and not yes:
        raise Invalid({"--yes": ["is required with --json: a script cannot be asked"]})
    settings = options.load(data, database_url)
    gone = options.beside(settings, lambda db: _erase(db, wanted, ask=not yes))
    if as_json:
        typer.echo(msgspec.json.encode(gone).decode())
        return
    typer.echo(f"Erased. Payers: {gone['payers']}; their payments: {gone['payments']}.")
    if not gone["scrubbed"]:
        typer.echo("Old copies may stay in the database's files: docs/explanation/personal-data.md")


async def _erase(db: Database, wanted: Wanted, *, ask: bool) -> dict[str, Any]:
    found = await erasure.find(db, wanted)
    if ask and found:
        _tell(found)
        if typer.prompt(f"Type {WORD} to go on", default="", show_default=False) != WORD:
            raise Conflict("Nothing was erased.")
    for one in found:
        await erasure.erase(db, one)
    return {
        "payers": sum(one.payer is not None for one in found),
        "payments": sum(len(one.payments) for one in found),
        "scrubbed": await db.scrub(),
    }


def _wanted(
    known: str | None, email: str | None, phone: str | None, merchant_id: int | None
) -> Wanted:
    """Raises Invalid where it is not one person that is named."""
    faults: Faults = {}
    if sum(given is not None for given in (known, email, phone)) != 1:
        faults["payer"] = ["is named by one of: ID, --email, --phone"]
    if known is not None and ids.parse_id(known) is None:
        faults["ID"] = ["must be an id such as 019cb2ad-2a0c-7b3c-9c54-3e3cc8e0f7a1"]
    if email is not None and not email.strip():
        faults["--email"] = ["must be an e-mail address"]
    if phone is not None and not any(c.isdecimal() for c in phone):
        faults["--phone"] = ["must be a telephone number"]
    if faults:
        raise Invalid(faults)
    return Wanted(ids.parse_id(known or ""), email, phone, merchant_id)


def _tell(found: list[Found]) -> None:
    if not found:
        typer.echo("Nobody is known by that.")
    for one in found:
        shown = _shown(one)
        typer.echo(f"payer {shown['id'] or 'without data'}, merchant {one.merchant_id}")
        for name in ("email", "phone", "name", "created", "erased"):
            if shown[name] is not None:
                typer.echo(f"  {name:8}{shown[name]}")
        for payment in one.payments:
            amount = Money(payment.amount_minor, payment.currency)
            words = f"{amount.decimal():f} {amount.currency}, {payment.status}"
            typer.echo(f"  payment {payment.id}, {iso(payment.created_at)}, {words}")


def _shown(found: Found) -> dict[str, Any]:
    known = msgspec.structs.asdict(found.payer) if found.payer is not None else {}
    times = {name: known.get(f"{name}_at") for name in ("created", "erased")}
    return {
        "merchant": found.merchant_id,
        "test": found.test,
        **{name: known.get(name) for name in ("id", "email", "phone", "name")},
        **{name: None if at is None else iso(at) for name, at in times.items()},
        "payments": [_shown_payment(payment) for payment in found.payments],
    }


def _shown_payment(payment: Payment) -> dict[str, Any]:
    return {
        "id": payment.id,
        "txid": payment.txid,
        "status": payment.status,
        "amount": payment.amount_minor,
        "currency": payment.currency,
        "method": payment.method,
        "lang": payment.lang,
        "created": iso(payment.created_at),
        "cookie_known": payment.payer is not None,
    }
