"""`handbill listen`: shows what reaches the built-in inbox, or sends it on to a server."""

from __future__ import annotations

import asyncio
import contextlib
from functools import partial
from typing import Annotated

import typer

from handbill.cli import options
from handbill.infra.database import Database, open_database
from handbill.infra.outbound import Outbound, OutboundError
from handbill.infra.settings import Settings
from handbill.kernel.clock import SystemClock, iso
from handbill.webhooks import received
from handbill.webhooks.received import ReceivedWebhook

LOOK_SECONDS = 5.0


def listen(
    forward_to: Annotated[
        str | None,
        typer.Option("--forward-to", help="Address that gets each webhook just as it came."),
    ] = None,
    since_start: Annotated[
        bool, typer.Option("--all", help="Begin with those that are kept already.")
    ] = False,
    data: options.Data = None,
    database_url: options.DatabaseUrl = None,
) -> None:
    """Print webhooks as they reach the inbox of the sample merchant. End with Ctrl-C."""
    settings = options.load(data, database_url)
    options.read(settings, lambda tx: None)  # says so where there is no installation
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_listen(settings, forward_to, since_start))


async def _listen(settings: Settings, forward_to: str | None, since_start: bool) -> None:
    db = open_database(settings.database_url, SystemClock())
    outbound = Outbound(guarded=False)
    try:
        await _follow(db, outbound, forward_to, since_start)
    finally:
        await outbound.close()
        db.close()


async def _follow(
    db: Database, outbound: Outbound, forward_to: str | None, since_start: bool
) -> None:
    newest = [] if since_start else await db.read(lambda tx: received.latest(tx, 1))
    seen = newest[0].id if newest else None
    # Said only now: whoever reads it may send at once, and what is sent then must not count as old.
    typer.echo("Waiting for webhooks; end with Ctrl-C.")
    with db.subscription(received.TOPIC) as news:
        while True:
            for webhook in await db.read(partial(received.after, received_id=seen)):
                seen = webhook.id
                _show(webhook)
                if forward_to is not None:
                    await _forward(outbound, forward_to, webhook)
            await news.wait(LOOK_SECONDS)


def _show(webhook: ReceivedWebhook) -> None:
    verdict = "signature verified" if webhook.verified else "SIGNATURE NOT VERIFIED"
    typer.echo(f"\n{iso(webhook.received_at)}  {verdict}")
    for name, value in webhook.headers.items():
        typer.echo(f"  {name}: {value}")
    typer.echo(f"  {webhook.body}")


async def _forward(outbound: Outbound, url: str, webhook: ReceivedWebhook) -> None:
    try:
        answer = await outbound.send(
            "POST", url, headers=webhook.headers, body=webhook.body.encode()
        )
    except OutboundError as error:
        typer.echo(f"  -> {url}: {error}")
    else:
        typer.echo(f"  -> {url}: {answer.status}")
