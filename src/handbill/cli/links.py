"""`handbill links`: what is given to payers of a link, made beside a running server."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from handbill.bootstrap import premises
from handbill.cli import options, snippets
from handbill.infra.crypto import Crypto
from handbill.infra.database import Tx
from handbill.infra.settings import Settings
from handbill.kernel.addresses import Addresses
from handbill.kernel.clock import SystemClock, iso
from handbill.kernel.errors import Invalid
from handbill.kernel.money import Money
from handbill.links import personal, service
from handbill.links.model import Link
from handbill.links.personal import Personal, Prefill

app = typer.Typer(no_args_is_help=True, help="What is given to payers of a link.")
app.command("snippet")(snippets.snippet)

LINE_MAX = 4_096


class Wanted(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A line of `--each`: the fields of the API."""

    amount: int | None = None
    reference: str | None = None
    email: str | None = None
    expires: int | str | None = None


class Asked(msgspec.Struct, frozen=True):
    """The command's argument and options."""

    link: Annotated[str, typer.Argument(metavar="LINK", help="Id of the link.")]
    amount: Annotated[int | None, typer.Option(metavar="N", help="In minor units.")] = None
    reference: Annotated[str | None, typer.Option(help="Your own name for it.")] = None
    email: Annotated[str | None, typer.Option(help="The payer's; encrypted.")] = None
    expires: Annotated[
        str | None, typer.Option(metavar="TIME", help="Unix seconds, or a time with its offset.")
    ] = None
    each: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="Make many: a JSON object a line, with these fields; - is stdin."
        ),
    ] = None
    public_url: Annotated[
        str | None, typer.Option(help="Public address of the server, if not in the settings.")
    ] = None
    data: options.Data = None
    database_url: options.DatabaseUrl = None
    as_json: options.AsJson = False


@app.command("personal")
@options.taking(Asked)
def personal_address(asked: Asked) -> None:
    """Make a personal address of a link. Nothing is stored."""
    settings = options.load(asked.data, asked.database_url, asked.public_url)
    link, crypto = _opened(settings, asked.link)
    addresses, clock = Addresses(settings.public_url), SystemClock()
    for line, wanted in _wanted(asked):
        try:
            made = personal.make(crypto, link, _prefill(wanted, link), clock.now())
        except Invalid as error:
            where = f"line {line}: " if line else "--"
            raise Invalid({where + name: w for name, w in error.faults.items()}) from None
        if asked.as_json or asked.each is not None:
            typer.echo(msgspec.json.encode(_shown(link, made, addresses)).decode())
        else:
            typer.echo(addresses.link_page(link.id, made.query))


def _opened(settings: Settings, link_id: str) -> tuple[Link, Crypto]:
    premises.require(settings)
    crypto = premises.existing_crypto(settings)

    def find(tx: Tx) -> Link:
        premises.check_key(tx, crypto)  # by another key than the server's, it would be refused
        return service.get_of_anybody(tx, link_id)

    return options.read(settings, find), crypto


def _wanted(asked: Asked) -> Iterator[tuple[int, Wanted]]:
    """With the number of the line, or 0 where the options say it."""
    if asked.each is None:
        yield 0, Wanted(asked.amount, asked.reference, asked.email, asked.expires)
        return
    with sys.stdin.buffer if str(asked.each) == "-" else asked.each.open("rb") as file:
        for number in range(1, sys.maxsize):
            line = file.readline(LINE_MAX)
            if not line:
                return
            try:
                yield number, msgspec.json.decode(line, type=Wanted)
            except msgspec.MsgspecError as error:
                raise Invalid({f"line {number}:": [str(error)]}) from None


def _prefill(wanted: Wanted, link: Link) -> Prefill:
    amount = None if wanted.amount is None else Money(wanted.amount, link.currency)
    if wanted.expires is None:
        return Prefill(amount, wanted.reference, wanted.email)
    try:
        expires_at = personal.read_expires(wanted.expires)
    except ValueError as error:
        raise Invalid({"expires": [str(error)]}) from None
    return Prefill(amount, wanted.reference, wanted.email, expires_at)


def _shown(link: Link, made: Personal, addresses: Addresses) -> dict[str, object]:
    prefill = made.prefill
    return {
        "url": addresses.link_page(link.id, made.query),
        "qr_url": addresses.link_qr(link.id, made.query),
        "link": link.id,
        "amount": prefill.amount.minor if prefill.amount is not None else None,
        "currency": link.currency,
        "reference": prefill.reference,
        "expires_at": iso(prefill.expires_at) if prefill.expires_at is not None else None,
        "test": link.test,
    }
