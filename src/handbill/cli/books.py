"""`handbill books`: what the books say, whether they are as they were written, and their export."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from handbill.cli import options
from handbill.kernel.errors import Conflict, Invalid
from handbill.kernel.money import Money
from handbill.ledger import audit, book, journal
from handbill.ledger.audit import Finding
from handbill.ledger.book import Head
from handbill.ledger.model import Chain

app = typer.Typer(no_args_is_help=True, help="The double-entry books of this installation.")

_HEAD = re.compile(r"^; head: merchant (\d+) (test|live) (\d+) ([0-9a-f]{64})$", re.MULTILINE)


@app.command("balance")
def balance(
    merchant_id: Annotated[int, typer.Argument(metavar="MERCHANT", help="Number of the merchant.")],
    test: Annotated[bool, typer.Option("--test", help="The books of test money.")] = False,
    data: options.Data = None,
    database_url: options.DatabaseUrl = None,
    as_json: options.AsJson = False,
) -> None:
    """Show the balance of every account of a merchant: debits less credits."""
    settings = options.load(data, database_url)
    found = options.read(settings, lambda tx: book.balances(tx, Chain(merchant_id, test)))
    if as_json:
        typer.echo(msgspec.json.encode(found).decode())
        return
    for one in found:
        amount = Money(one.minor, one.currency).decimal()
        typer.echo(f"{amount:>20f} {one.currency}  {one.account}")


@app.command("verify")
def verify(
    against: Annotated[
        Path | None,
        typer.Option("--against", help="An earlier export: its heads must still be there."),
    ] = None,
    data: options.Data = None,
    database_url: options.DatabaseUrl = None,
) -> None:
    """Check every entry: whole, balanced, in its place, as it was posted. Exit code 1 if not."""
    settings = options.load(data, database_url)
    noted = _heads(against) if against is not None else {}
    findings = options.read(settings, lambda tx: audit.verify(tx, noted))
    for one in findings:
        typer.echo(_told(one))
    if findings:
        raise Conflict(f"The books are not as they were written: {len(findings)} findings.")
    typer.echo("The books are as they were written.")


@app.command("export")
def export(
    file: Annotated[
        Path | None,
        typer.Argument(metavar="[FILE]", help="File to write; standard output if none."),
    ] = None,
    data: options.Data = None,
    database_url: options.DatabaseUrl = None,
) -> None:
    """Write the books as an hledger journal, with balance assertions and heads of the chains."""
    settings = options.load(data, database_url)
    text = "\n".join(options.read(settings, lambda tx: list(journal.write(tx)))) + "\n"
    if file is None:
        sys.stdout.write(text)
        return
    if file.exists():
        raise Conflict(f"{file} exists already; choose another name.")
    file.write_text(text)
    typer.echo(f"{file}: written. Judge it with: hledger check --strict -f {file}")


def _told(one: Finding) -> str:
    if one.chain is None:
        return one.words
    mode = "test" if one.chain.test else "live"
    return f"merchant {one.chain.merchant_id} {mode}, entry {one.sequence}: {one.words}"


def _heads(export_file: Path) -> dict[Chain, Head]:
    try:
        text = export_file.read_text()
    except OSError as error:
        raise Invalid({"--against": ["cannot be read"]}) from error
    heads = {
        Chain(int(merchant), mode == "test"): Head(int(sequence), digest)
        for merchant, mode, sequence, digest in _HEAD.findall(text)
    }
    if not heads and "; Handbill: the books." not in text:
        raise Invalid({"--against": ["is not an export of handbill books"]})
    return heads
