"""`handbill events`: what happened, and sending it again. Works beside a running server."""

from __future__ import annotations

from typing import Annotated

import msgspec
import typer

from handbill import events
from handbill.cli import options
from handbill.events import Event, Filter
from handbill.infra.database import Tx
from handbill.kernel.clock import iso
from handbill.kernel.errors import Invalid
from handbill.merchants import service as merchants
from handbill.merchants.model import Tenant
from handbill.webhooks import endpoints, replay

app = typer.Typer(no_args_is_help=True, help="What happened, and sending it again.")

LISTED_MAX = 1_000

Merchant = Annotated[int, typer.Argument(metavar="MERCHANT", help="Number of the merchant.")]
Test = Annotated[bool, typer.Option("--test", help="Of test money.")]


@app.command("list")
def list_some(
    merchant_id: Merchant,
    test: Test = False,
    after: Annotated[int, typer.Option(min=0, help="Go on after this number.")] = 0,
    kind: Annotated[str | None, typer.Option("--type", help="Only events of this type.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=LISTED_MAX, help="How many.")] = 100,
    data: options.Data = None,
    database_url: options.DatabaseUrl = None,
    as_json: options.AsJson = False,
) -> None:
    """List events of a merchant, the oldest first."""
    if kind is not None and kind not in events.TYPES:
        raise Invalid({"--type": ["must be one of: " + ", ".join(events.TYPES)]})
    settings, narrow = options.load(data, database_url), Filter(type=kind)

    def read(tx: Tx) -> list[Event]:
        merchants.get(tx, merchant_id)
        return list(events.list_stretch(tx, merchant_id, narrow, after, limit, test=test).items)

    found = options.read(settings, read)
    if as_json:
        typer.echo(msgspec.json.encode([_shown(event) for event in found]).decode())
        return
    for event in found:
        typer.echo(
            f"{event.sequence:8}  {iso(event.created_at)}  {event.type:20}  {event.object_id}"
        )


@app.command("replay")
def replay_some(
    merchant_id: Merchant,
    test: Test = False,
    endpoint: Annotated[
        str | None, typer.Option(help="Id of a webhook endpoint; else the notify_url.")
    ] = None,
    failed: Annotated[
        bool, typer.Option("--failed", help="All that was given up and never taken since.")
    ] = False,
    after: Annotated[int | None, typer.Option(min=0, help="The events beyond this number.")] = None,
    until: Annotated[
        int | None, typer.Option(min=1, help="Up to this number; else up to now.")
    ] = None,
    data: options.Data = None,
    database_url: options.DatabaseUrl = None,
) -> None:
    """Send webhooks again, however old. The server does it, from now on."""
    if failed == (after is not None) or (until is not None and after is None):
        raise Invalid({"--failed": ["say either --failed, or --after with or without --until"]})
    settings = options.load(data, database_url)

    def begin(tx: Tx) -> None:
        merchants.get(tx, merchant_id)
        if endpoint is not None:
            endpoints.require_enabled(endpoints.get(tx, Tenant(merchant_id, test), endpoint))
        order = replay.Order(
            merchant_id=merchant_id,
            test=test,
            endpoint_id=endpoint,
            failed=failed,
            after=after or 0,
            until=until or 0,
        )
        replay.begin(tx, order)

    options.write(settings, begin, merchant=merchant_id)
    typer.echo("Begun: the server sends them, up to 500 a second.")


def _shown(event: Event) -> dict[str, object]:
    return {
        "id": event.id,
        "type": event.type,
        "sequence": event.sequence,
        "object": event.object_id,
        "object_sequence": event.object_sequence,
        "created": iso(event.created_at),
        "data": event.facts,
        "test": event.test,
    }
