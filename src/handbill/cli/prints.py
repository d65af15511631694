"""`handbill print`: codes on paper, made beside a running server."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from handbill.bootstrap import presses
from handbill.cli import options, print_orders
from handbill.infra.database import Database
from handbill.infra.settings import Settings
from handbill.kernel import languages
from handbill.kernel.errors import Conflict, Invalid
from handbill.links.model import Link
from handbill.merchants.model import Tenant
from handbill.qr.code import Level
from handbill.qr.papers import TEMPLATES
from handbill.web.api.print_shapes import show_template
from handbill.web.prints import Facts, Order


class Asked(msgspec.Struct, frozen=True):
    """The command's argument and options."""

    what: Annotated[str | None, typer.Argument(metavar="[ID]", help="Of a link or a product.")] = (
        None
    )
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="FILE", help="The PDF; must not exist."),
    ] = None
    template: Annotated[str, typer.Option(help="What to print; see --list.")] = "table"
    placements: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME", help="A card for this placement; repeat for several, or `all`."
        ),
    ] = None
    new: Annotated[
        list[str] | None,
        typer.Option(metavar="NAMES", help="Make placements first, such as `Table 1..40`."),
    ] = None
    copies: Annotated[int, typer.Option(metavar="N", help="Of each card.")] = 1
    lang: Annotated[str | None, typer.Option(help="Language, if not the link's own.")] = None
    price: Annotated[bool, typer.Option(help="Whether it stands on the paper.")] = True
    color: Annotated[
        str | None, typer.Option(metavar="#RRGGBB", help="Of code and paper; dark enough to read.")
    ] = None
    logo: Annotated[bool, typer.Option(help="Whether the merchant's is on the paper.")] = True
    logo_in_code: Annotated[
        bool, typer.Option("--logo-in-code", help="In the middle of the code, at level H.")
    ] = False
    level: Annotated[
        Level, typer.Option(help="Error correction: a higher one survives more dirt.")
    ] = "M"
    start_at: Annotated[
        int, typer.Option(metavar="N", help="Of a sheet of labels: the first that is free.")
    ] = 1
    force: Annotated[
        bool, typer.Option("--force", help="Also where phones cannot open the public address.")
    ] = False
    check: Annotated[
        bool, typer.Option("--check", help="Say what it would be; make and remember nothing.")
    ] = False
    list_all: Annotated[bool, typer.Option("--list", help="List the templates.")] = False
    public_url: Annotated[
        str | None, typer.Option(help="Public address of the server, if not in the settings.")
    ] = None
    data: options.Data = None
    database_url: options.DatabaseUrl = None
    as_json: options.AsJson = False


@options.taking(Asked)
def print_codes(asked: Asked) -> None:
    """Print codes of a link or a product as a PDF. Each is read from the page before it is
    written."""
    if asked.list_all:
        _list(as_json=asked.as_json)
        return
    _check(asked)
    settings = options.load(asked.data, asked.database_url, asked.public_url)
    try:
        facts = options.beside(settings, lambda db: _made(db, settings, asked))
    except Invalid as error:
        raise Invalid({_option(name): words for name, words in error.faults.items()}) from None
    _tell(facts, as_json=asked.as_json)


def _check(asked: Asked) -> None:
    """What can be judged before anything is opened."""
    if asked.what is None:
        raise Invalid({"ID": ["is missing: of a link or a product"]})
    if asked.check and asked.new:
        raise Invalid({"--new": ["makes placements, and --check makes nothing"]})
    if asked.output is None and not asked.check:
        raise Invalid({"--output": ["is missing: the file to write"]})
    if asked.output is not None and asked.output.exists():
        raise Conflict(f"{asked.output} exists already; choose another name.")


async def _made(db: Database, settings: Settings, asked: Asked) -> Facts:
    async with presses.open_printer(db, settings) as printer:
        link = await db.read(lambda tx: print_orders.find_link(tx, asked.what or ""))
        tenant, order = Tenant(link.merchant_id, link.test), _order(asked, link)
        if asked.new:
            await printer.judge(tenant, order)
            order = await db.write(
                lambda tx: print_orders.with_new(tx, tenant, order, asked.new or ()),
                merchant=tenant.merchant_id,
            )
        elif asked.placements:
            order = await db.read(
                lambda tx: print_orders.with_named(tx, order, asked.placements or ())
            )
        if asked.check or asked.output is None:
            return await printer.check(tenant, order)
        made = await printer.print(tenant, order)
    _write(asked.output, made.pdf)
    return made.facts


def _order(asked: Asked, link: Link) -> Order:
    lang = None if asked.lang is None else languages.known(asked.lang)
    if asked.lang is not None and lang is None:
        raise Invalid({"lang": ["must be one of: " + ", ".join(languages.NAMES)]})
    said = (
        *("template", "copies", "price", "color", "logo", "logo_in_code", "level"),
        *("start_at", "force"),
    )
    return Order(link_id=link.id, lang=lang, **{name: getattr(asked, name) for name in said})


def _option(name: str) -> str:
    """The API's name of a field as the command has it."""
    return "--" + name.partition(".")[0].replace("_", "-")


def _write(file: Path, pdf: bytes) -> None:
    """Whole or not at all, and in nobody's place."""
    unfinished = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        with unfinished.open("xb") as opened:
            opened.write(pdf)
        os.link(unfinished, file)
    except FileExistsError:
        raise Conflict(f"{file} exists already; choose another name.") from None
    finally:
        unfinished.unlink(missing_ok=True)


def _tell(facts: Facts, *, as_json: bool) -> None:
    if as_json:
        typer.echo(msgspec.json.encode(facts).decode())
        return
    for one in facts.warnings:
        names = f" ({', '.join(one.names)})" if one.names else ""
        typer.echo(f"{one.detail}{names}", err=True)
    typer.echo(
        f"{facts.template}, {facts.lang}: {facts.codes} codes of {facts.code_mm} mm on"
        f" {facts.pages} pages, made to be read from {facts.distance_mm / 1_000:.1f} m"
        " (by simulation)."
    )


def _list(*, as_json: bool) -> None:
    shown = [show_template(one) for one in TEMPLATES.values()]
    if as_json:
        typer.echo(msgspec.json.encode(shown).decode())
        return
    for one in shown:
        size = f"{one.width_mm:g} mm wide"
        if one.height_mm is not None:
            size = f"{one.width_mm:g} x {one.height_mm:g} mm"
        typer.echo(f"{one.name:<16}{size}, {one.per_page} on a page")
