"""`handbill placements`: the places of a link and their codes, made beside a running server."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated, TypeVar

import msgspec
import typer

from handbill.cli import options
from handbill.infra.database import Tx
from handbill.infra.settings import Settings
from handbill.kernel import ids
from handbill.kernel.addresses import Addresses
from handbill.kernel.errors import Invalid, NotFound
from handbill.links import placement_names, placement_store, placement_tables, placements, store
from handbill.links.model import Link
from handbill.links.placement_names import Row
from handbill.links.placement_store import Placement
from handbill.links.placements import PLACEMENTS_MAX
from handbill.merchants.model import Tenant
from handbill.web.api.placements import show_placements

app = typer.Typer(no_args_is_help=True, help="The places of a link, each with a code of its own.")

T = TypeVar("T", Link, Placement)

LinkId = Annotated[str, typer.Argument(metavar="LINK", help="Id of the link.")]
Known = Annotated[
    str, typer.Argument(metavar="PLACEMENT", help="Its id, or its code as it is printed.")
]
PublicUrl = Annotated[
    str | None, typer.Option(help="Public address of the server, if not in the settings.")
]


@app.command("add")
def add(
    link_id: LinkId,
    names: Annotated[
        list[str] | None,
        typer.Argument(metavar="[NAME]...", help='Names, or ranges such as "Table 1..40".'),
    ] = None,
    csv: Annotated[
        Path | None,
        typer.Option("--csv", metavar="FILE", help="A name in each row; - is standard input."),
    ] = None,
    public_url: PublicUrl = None,
    data: options.Data = None,
    database_url: options.DatabaseUrl = None,
    as_json: options.AsJson = False,
) -> None:
    """Make placements of a link: all of them or, where anything stands against one, none."""
    settings = options.load(data, database_url, public_url)
    rows = _rows(names or [], csv)

    def make(tx: Tx, link: Link) -> list[Placement]:
        return placements.create(tx, _tenant(link), link.id, rows)

    _write(settings, lambda tx: _link(tx, link_id), make, as_json)


@app.command("list")
def list_all(
    link_id: LinkId,
    public_url: PublicUrl = None,
    data: options.Data = None,
    database_url: options.DatabaseUrl = None,
    as_json: options.AsJson = False,
) -> None:
    """List the placements of a link, with what came by each."""
    settings = options.load(data, database_url, public_url)

    def find(tx: Tx) -> list[str]:
        page = placement_store.list_page(tx, _link(tx, link_id).id, None, PLACEMENTS_MAX)
        return _lines(tx, page.items, settings, as_json)

    _print(options.read(settings, find))


@app.command("rename")
def rename(
    known: Known,
    name: Annotated[str, typer.Argument(metavar="NAME", help="The new name.")],
    public_url: PublicUrl = None,
    data: options.Data = None,
    database_url: options.DatabaseUrl = None,
    as_json: options.AsJson = False,
) -> None:
    """Give a placement another name."""
    _change(options.load(data, database_url, public_url), known, as_json, name=name)


@app.command("move")
def move(
    known: Known,
    link_id: Annotated[str, typer.Argument(metavar="LINK", help="Where its code is to lead.")],
    public_url: PublicUrl = None,
    data: options.Data = None,
    database_url: options.DatabaseUrl = None,
    as_json: options.AsJson = False,
) -> None:
    """Lead the code of a placement to another link of the same merchant."""
    _change(options.load(data, database_url, public_url), known, as_json, to_link_id=link_id)


@app.command("remove")
def remove(
    known: Known,
    data: options.Data = None,
    database_url: options.DatabaseUrl = None,
) -> None:
    """Remove a placement. Its code goes on leading to the link."""
    settings = options.load(data, database_url)
    one = options.read(settings, lambda tx: placements.get_of_anybody(tx, known))
    options.write(
        settings,
        lambda tx: placements.remove(tx, _tenant(one), one.link_id, one.id),
        merchant=one.merchant_id,
    )
    typer.echo(f"{one.name} is removed; {one.code} goes on leading to the link.")


def _rows(names: Sequence[str], csv: Path | None) -> list[Row]:
    if bool(names) == (csv is not None):
        raise Invalid({"NAME": ["or --csv: say one of them"]})
    if csv is None:
        return [msgspec.structs.replace(row, at="NAME") for row in placement_names.typed(names)]
    with sys.stdin.buffer if str(csv) == "-" else csv.open("rb") as file:
        content = file.read(placement_tables.FILE_MAX + 1)
    return placement_tables.opened(content, "--csv", "row {}")


def _change(settings: Settings, known: str, as_json: bool, **to: str) -> None:
    def change(tx: Tx, one: Placement) -> list[Placement]:
        return [placements.change(tx, _tenant(one), one.link_id, one.id, **to)]

    _write(settings, lambda tx: placements.get_of_anybody(tx, known), change, as_json)


def _write(
    settings: Settings,
    find: Callable[[Tx], T],
    act: Callable[[Tx, T], list[Placement]],
    as_json: bool,
) -> None:
    """Under the lock of the merchant whose thing `find` gives."""
    found = options.read(settings, find)
    _print(
        options.write(
            settings,
            lambda tx: _lines(tx, act(tx, found), settings, as_json),
            merchant=found.merchant_id,
        )
    )


def _link(tx: Tx, typed: str) -> Link:
    """Also one that was deleted."""
    known = ids.parse_id(typed)
    link = store.find_for_page(tx, known) if known is not None else None
    if link is None:
        raise NotFound("There is no such link.")
    return link


def _tenant(found: Link | Placement) -> Tenant:
    return Tenant(found.merchant_id, found.test)


def _lines(tx: Tx, found: Sequence[Placement], settings: Settings, as_json: bool) -> list[str]:
    shown = show_placements(tx, found, Addresses(settings.public_url))
    if as_json:
        return [msgspec.json.encode(shown).decode()]
    return [
        f"{one.code}  {one.name}  {one.opens} opens, {one.starts} starts, {one.paid} paid"
        for one in shown
    ]


def _print(lines: Sequence[str]) -> None:
    for line in lines:
        typer.echo(line)
